"""Runs several programs as one: their lines in one stream, restarts, and an end without orphans."""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO, cast

GRACE_SECONDS = 20  # for a worker to finish its slice of work
TICK_SECONDS = 0.2
STEADY_SECONDS = 60  # a program that lived this long starts again at once
LONGEST_PAUSE = 30
COLOURS = (36, 32, 33, 35, 34)


@dataclass
class Program:
    """One child process group and what is known of it."""

    name: str
    command: list[str]
    colour: int = 0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    rest: bytes = field(default=b"", repr=False)

    @property
    def is_running(self) -> bool:
        """Whether the group's first process lives."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps ``programs`` running until told to stop; ``tick`` is called a few times a second."""

    def __init__(
        self,
        programs: list[Program],
        *,
        tick: Callable[[], None],
        asked_to_end: Callable[[], bool],
    ) -> None:
        self.programs = programs
        self.tick = tick
        self.asked_to_end = asked_to_end  # before the signals came to us
        self.stopping = False
        self._signals = 0
        self._selector = selectors.DefaultSelector()
        self._width = max(len(program.name) for program in programs)
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        for number, program in enumerate(programs):
            program.colour = COLOURS[number % len(COLOURS)]

    def run(self) -> None:
        """Starts all, returns after a signal has stopped all. No process of ours is left then."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        if self.asked_to_end():
            return
        try:
            while not self._signals:
                self._start_due()
                self._pump(TICK_SECONDS)
                self._notice_ends()
                if not self._signals:
                    self.tick()
        finally:
            self.stopping = True
            self._stop()

    def say(self, text: str) -> None:
        """Prints a line of the supervisor itself."""
        self._print("coffer", text, 1)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _start_due(self) -> None:
        for program in self.programs:
            if program.process is None and time.monotonic() >= program.start_at:
                self._start(program)

    def _start(self, program: Program) -> None:
        program.started_at = time.monotonic()
        program.process = subprocess.Popen(  # noqa: S603
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C reaches only us, and we end the group in order
            preexec_fn=_end_with_parent,  # we have one thread
        )
        output = cast("IO[bytes]", program.process.stdout)
        os.set_blocking(output.fileno(), False)
        self._selector.register(output, selectors.EVENT_READ, program)

    def _pump(self, seconds: float) -> None:
        """Passes on what the programs print."""
        for key, _events in self._selector.select(seconds):
            data = os.read(key.fd, 65536)
            if not data:
                self._selector.unregister(key.fileobj)
            self._pass_on(key.data, data)

    def _pass_on(self, program: Program, data: bytes) -> None:
        *lines, program.rest = (program.rest + data).split(b"\n")
        for line in filter(None, lines):
            self._print(program.name, line.decode(errors="replace"), program.colour)

    def _notice_ends(self) -> None:
        """Plans a new start for each program that ended; says so."""
        for program in self.programs:
            if program.process is None or program.process.poll() is None:
                continue
            how = _how(program.process.returncode)
            self._forget(program)
            steady = time.monotonic() - program.started_at > STEADY_SECONDS
            program.failures = 1 if steady else program.failures + 1
            pause = min(2 ** (program.failures - 1), LONGEST_PAUSE)
            self.say(f"{program.name} {how}; starting it again in {pause} s.")
            program.start_at = time.monotonic() + pause

    def _forget(self, program: Program) -> None:
        """Ends what is left of a program's group and lets go of its output."""
        process = cast("subprocess.Popen[bytes]", program.process)
        _signal_group(process.pid, signal.SIGKILL)
        output = cast("IO[bytes]", process.stdout)
        if output in self._selector.get_map():
            self._selector.unregister(output)
            with suppress(BlockingIOError):  # somebody outside the group may keep the pipe open
                self._pass_on(program, os.read(output.fileno(), 1_000_000) + b"\n")
        output.close()
        program.process, program.rest = None, b""

    def _stop(self) -> None:
        """Asks all to end, waits for the work in hand, then ends every group."""
        asked = self._signals
        for program in self.programs:
            if program.is_running:
                cast("subprocess.Popen[bytes]", program.process).terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        told = time.monotonic() + 4
        while (running := [p.name for p in self.programs if p.is_running]) and (
            self._signals == asked and time.monotonic() < deadline
        ):
            self._pump(0.05)
            if time.monotonic() > told:
                self.say(f"waiting for {', '.join(running)}; Ctrl-C again ends it at once.")
                told = deadline
        self._pump(0)
        for program in self.programs:
            if program.process is not None:
                _signal_group(program.process.pid, signal.SIGKILL)
                program.process.wait()
                self._forget(program)

    def _print(self, name: str, text: str, colour: int) -> None:
        prefix = f"{name:<{max(self._width, 6)}} |"
        if self._colours:
            prefix = f"\033[{colour}m{prefix}\033[0m"
        try:
            sys.stdout.write(f"{prefix} {text}\n")
            sys.stdout.flush()
        except BrokenPipeError:  # nobody reads us any more: end as if told to
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
            self._signals += 1


def _end_with_parent() -> None:
    """On Linux a child gets SIGTERM even when the supervisor itself is killed with SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        return


def _how(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"
