"""One running ``manage.py up``, listened to and stopped as a person would."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from tests.house.programs import environment, start

UP = [sys.executable, "-u", "manage.py", "up"]
READY_SECONDS = 180  # what is waited for comes in a few, but on a busy machine


class Running:
    """One ``up`` and everything it has said so far."""

    def __init__(self, data_dir: Path, **more: str) -> None:
        self.data_dir, self.began = data_dir, time.monotonic()
        self.variables = environment(data_dir, **more)
        self.address = f"http://127.0.0.1:{self.variables['PORT']}"
        self.process = start(UP, self.variables)
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, text: str, *, within: float = READY_SECONDS) -> None:
        """Until it has said that."""
        end = time.monotonic() + within
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.05)

    def servers(self) -> dict[str, str]:
        """The environment of its processes: where the embedded servers are."""
        (beat,) = self.children("beat")
        return beat.environ()

    def children(self, *words: str) -> list[psutil.Process]:
        """Its own children whose command line has these words."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # ended meanwhile
                if set(words) <= set(child.cmdline()):
                    found.append(child)
        return found

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ends it as a person would; answers the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(120)
        self._reader.join(5)
        return status
