"""Small facts about processes, ports and files that both embedded servers need."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil

from config.servers.errors import ServerError

LOOPBACK = "127.0.0.1"
SYSTEM_USER = "coffer-postgres"
LOG_LIMIT = 10_000_000  # bytes; an older log is kept once beside it


def say(text: str) -> None:
    """Tells the operator something; standard output belongs to the command's own answer."""
    sys.stderr.write(f"coffer: {text}\n")
    sys.stderr.flush()


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def port_answers(port: int) -> bool:
    """Whether something on this machine takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port(preferred: int | None = None) -> int:
    """The preferred port when nobody listens on it, else any free one on loopback."""
    if preferred and port_is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> psutil.Process | None:
    """The running process of that number; a zombie counts as gone."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


def wait_gone(process: psutil.Process, seconds: float) -> bool:
    """Whether a process (not always our child) ended in time; one nobody buried counts as gone."""
    until = time.monotonic() + seconds
    while alive(process.pid) is not None and process.is_running():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def end(child: subprocess.Popen[bytes], within: float = 10) -> None:
    """Asks a child to end, and kills it when it does not."""
    child.terminate()
    try:
        child.wait(within)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def open_log(path: Path) -> IO[bytes]:
    """Opens a server's log for appending, putting a large one aside first."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def tail(path: Path, start: int) -> str:
    """What a server wrote to its log after ``start`` bytes."""
    with path.open("rb") as log:
        log.seek(start)
        return log.read().decode(errors="replace")


def write_private(path: Path, text: str) -> None:
    """Replaces a file whole; only its owner can read it, from its first byte on."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def server_account() -> pwd.struct_passwd | None:
    """The unprivileged account PostgreSQL runs as when we are root; None otherwise.

    PostgreSQL refuses to run as root. May raise ServerError.
    """
    if os.geteuid() != 0:
        return None
    for name in (SYSTEM_USER, "embedded_postgres"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    if tool := shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"):
        command = [tool, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        made = subprocess.run([*command, SYSTEM_USER], capture_output=True, text=True, check=False)  # noqa: S603
        if made.returncode == 0:
            return pwd.getpwnam(SYSTEM_USER)
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise ServerError(
            "PostgreSQL does not run as root and no account for it could be made; "
            "run this as a normal user."
        ) from None


def open_way(path: Path, account: pwd.struct_passwd) -> None:
    """Lets PostgreSQL's account pass (not list) the directories above ``path``.

    Only root comes here: a clone below /root (mode 0700) would be out of its reach otherwise.
    May raise ServerError.
    """
    for parent in reversed(path.resolve().parents):
        status = parent.stat()
        if status.st_mode & 0o001 or status.st_uid == account.pw_uid:
            continue
        try:
            parent.chmod(status.st_mode | 0o001)
        except OSError as error:
            raise ServerError(
                f"{parent} is closed to PostgreSQL's account {account.pw_name} "
                f"({error.strerror}); run this as a normal user or move DATA_DIR."
            ) from error
        say(f"{parent} may now be passed through by the account {account.pw_name}.")


def share_programs(program: Path, trees: list[Path]) -> None:
    """Lets others read and run what was installed for its owner alone (umask 077).

    Only root comes here, for PostgreSQL's account; nothing is done when the program is open.
    """
    if program.stat().st_mode & 0o005 == 0o005:
        return
    for tree in trees:
        for path in (tree, *tree.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | 0o004 | (0o001 if mode & 0o100 else 0))
