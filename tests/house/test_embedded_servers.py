"""The embedded servers: found, started, shared, recovered, stopped, and clear when they cannot."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import boot
from config.servers import Lease, ServerError
from config.servers.errors import disk_errors, explain
from config.servers.postgres import Postgres
from config.servers.valkey import Valkey
from tests.house.programs import environment, finish, gone, hold, left_over, start

WRITE = (
    "import psycopg, redis; c = psycopg.connect(os.environ['DATABASE_URL'], autocommit=True); "
    "c.execute('CREATE TABLE IF NOT EXISTS kept (n int)'); "
    "c.execute('INSERT INTO kept VALUES (1)'); "
    "redis.Redis.from_url(os.environ['REDIS_URL']).incr('kept')"
)
READ = (
    "import psycopg, redis; print('kept', psycopg.connect(os.environ['DATABASE_URL'])"
    ".execute('SELECT count(*) FROM kept').fetchone()[0], "
    "int(redis.Redis.from_url(os.environ['REDIS_URL']).get('kept')))"
)
WAIT = "print('up', flush=True); time.sleep(300)"


def _servers(data_dir: Path) -> tuple[Postgres, Valkey]:
    kept = boot.machine_secrets(data_dir)
    return Postgres(data_dir, kept["POSTGRES_PASSWORD"]), Valkey(data_dir, kept["VALKEY_PASSWORD"])


def _line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    said = []
    while text not in (line := process.stdout.readline()):
        said.append(line)
        assert line, f"ended before it said {text!r}: {said}"


def test_data_outlives_the_command_and_nothing_keeps_running(data_dir: Path) -> None:
    assert finish(hold(data_dir, WRITE))[0] == 0
    assert gone(data_dir)
    status, output = finish(hold(data_dir, READ))
    assert (status, "kept 1 1" in output) == (0, True), output
    assert gone(data_dir)


def test_secrets_are_the_owners_alone_and_never_printed(data_dir: Path) -> None:
    _status, output = finish(hold(data_dir, "pass"))
    secrets = data_dir / "secrets.env"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE((data_dir / "valkey" / "valkey.conf").stat().st_mode) == 0o600
    assert stat.S_IMODE(data_dir.stat().st_mode) & 0o066 == 0
    kept = boot.machine_secrets(data_dir)
    assert len(set(kept.values())) == 4
    assert not any(value in output for value in kept.values())


def test_the_servers_listen_on_loopback_and_ask_for_the_password(data_dir: Path) -> None:
    postgres, valkey = _servers(data_dir)
    with Lease(data_dir, postgres=postgres, valkey=valkey) as lease:
        wrong = lease.addresses["DATABASE_URL"].replace(postgres.password, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)
        port = valkey.running()
        assert port is not None
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(host="127.0.0.1", port=port, retry=Retry(NoBackoff(), 0)).ping()
        running = postgres.running()
        assert running is not None
        listens = {c.laddr.ip for c in running[0].net_connections() if c.status == "LISTEN"}
        assert listens == {"127.0.0.1"}


def test_two_commands_share_the_servers_and_the_last_one_stops_them(data_dir: Path) -> None:
    both = [hold(data_dir, WAIT), hold(data_dir, WAIT)]
    for process in both:
        _line(process, "up")
    assert len([line for line in left_over(data_dir) if "/postgres -D" in line]) == 1
    both[0].send_signal(signal.SIGTERM)
    assert finish(both[0])[0] == 128 + signal.SIGTERM
    assert finish(hold(data_dir, WRITE))[0] == 0, "the other one still uses them"
    assert not gone(data_dir, within=0)
    both[1].send_signal(signal.SIGTERM)
    finish(both[1])
    assert gone(data_dir)


def test_a_killed_run_is_recovered_without_losing_what_was_written(data_dir: Path) -> None:
    assert finish(hold(data_dir, WRITE))[0] == 0
    holder = hold(data_dir, WAIT)
    _line(holder, "up")
    postgres, valkey = _servers(data_dir)
    found, port = postgres.running(), valkey.running()
    assert found is not None
    assert port is not None
    pid = int(redis.Redis(port=port, password=valkey.password).info("server")["process_id"])
    for number in (holder.pid, found[0].pid, pid):
        os.kill(number, signal.SIGKILL)
    finish(holder)
    # The number in the lock file now belongs to somebody else: this test.
    lines = postgres.pid_file.read_text().split("\n")
    postgres.pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    status, output = finish(hold(data_dir, READ))
    assert (status, "kept 1 1" in output) == (0, True), output
    assert "did not end cleanly" in output


def test_servers_that_outlived_a_killed_command_are_found_again(data_dir: Path) -> None:
    holder = hold(data_dir, WAIT)
    _line(holder, "up")
    holder.kill()
    finish(holder)
    postgres, _valkey = _servers(data_dir)
    before = postgres.running()
    assert before is not None
    status, output = finish(hold(data_dir, "print(os.environ['DATABASE_URL'])"))
    assert (status, f":{before[1]}/" in output) == (0, True), output
    assert gone(data_dir)


def _interrupt(process: subprocess.Popen[str]) -> None:
    """As a person does: once more where nothing comes of it.

    Python loses an interrupt that falls into a finaliser ("Exception ignored in").
    """
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
            return


def test_an_interrupted_start_leaves_nothing(data_dir: Path) -> None:
    for delay in (0.3, 0.6, 0.9, 1.2):
        process = hold(data_dir, WAIT)
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            _interrupt(process)
        finish(process)
        assert gone(data_dir), delay
    assert finish(hold(data_dir, WRITE))[0] == 0


def test_a_database_without_its_key_is_refused(data_dir: Path) -> None:
    assert finish(hold(data_dir, "pass"))[0] == 0
    (data_dir / "secrets.env").unlink()
    status, output = finish(hold(data_dir, "pass"))
    assert status == 1
    assert output.startswith("coffer: ")
    assert "restore the file from your backup" in output
    assert output.count("\n") == 1


def test_a_place_that_cannot_be_written_is_one_clear_line(data_dir: Path) -> None:
    data_dir.parent.joinpath("file").write_text("")
    status, output = finish(hold(data_dir.parent / "file" / "data", "pass"))
    assert status == 1
    assert "cannot write to" in output
    assert "DATA_DIR=" in output
    assert output.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_disk_errors_say_what_to_do(number: int, words: str) -> None:
    with pytest.raises(ServerError, match=words), disk_errors(Path("/data")):
        raise OSError(number, "x", "/data/file")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("postgres: error while loading shared libraries: libz.so.1: no such file", "libz.so.1"),
        ("x\nFATAL:  could not write: No space left on device\n", "disk is full"),
        ("FATAL:  database files are incompatible with server", "incompatible"),
        ("", "without a word"),
    ],
)
def test_a_servers_reason_is_found_in_its_output(output: str, words: str) -> None:
    assert words in str(explain("PostgreSQL", output, Path("/data/log/postgres.log")))


def test_servers_of_ones_own_are_left_alone(data_dir: Path) -> None:
    more = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c", "REDIS_URL": "redis://127.0.0.1:1/0"}
    status, output = finish(hold(data_dir, "print(os.environ['DATABASE_URL'])", **more))
    assert (status, output) == (0, "postgres://a:b@127.0.0.1:1/c\n")
    assert not data_dir.exists()


def test_commands_that_read_no_data_start_nothing(data_dir: Path) -> None:
    command = [sys.executable, "manage.py", "version"]
    assert finish(start(command, environment(data_dir)))[0] == 0
    assert not data_dir.exists()
