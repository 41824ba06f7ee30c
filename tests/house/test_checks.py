"""A bad deployment says so at start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from config.servers.process import share_programs
from tests.house.programs import environment, finish, start

LONG, OTHER = "a" * 20 + "b" * 20, "c" * 20 + "d" * 20


@pytest.mark.parametrize(
    ("secret_key", "credentials_key", "debug", "found"),
    [
        (LONG, OTHER, False, set()),
        ("unsafe-default-key-for-debug-only", OTHER, False, {"coffer.E001"}),
        (LONG, "unsafe-default-key-for-debug-only", False, {"coffer.E002"}),
        (LONG, "short", False, {"coffer.E002"}),
        (LONG, LONG, False, {"coffer.E003"}),
        ("unsafe-default-key-for-debug-only", "short", True, set()),
    ],
)
def test_keys_are_checked(
    settings: Settings,
    secret_key: str,
    credentials_key: str,
    debug: bool,
    found: set[str],
) -> None:
    settings.SECRET_KEY, settings.CREDENTIALS_KEY = secret_key, credentials_key
    settings.DEBUG = debug
    messages = {message.id for message in run_checks()}
    assert {id for id in messages if str(id).startswith("coffer.E00")} == found


def test_a_deployment_with_tls_has_nothing_to_complain_of(data_dir: Path) -> None:
    variables = environment(
        data_dir, SECURE="1", DEBUG="0", SECRET_KEY=LONG + "0123456789xyz", CREDENTIALS_KEY=OTHER
    )
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    status, output = finish(start(command, variables))
    assert status == 0, output


def test_nothing_starts_with_the_built_in_key(data_dir: Path) -> None:
    """Servers of one's own are named, but no keys: these are never made up then."""
    more = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c", "REDIS_URL": "redis://127.0.0.1:1/0"}
    status, output = finish(
        start([sys.executable, "manage.py", "up"], environment(data_dir, **more))
    )
    assert status == 1
    assert "SECRET_KEY is not set" in output
    assert "CREDENTIALS_KEY is not set" in output


def test_programs_installed_for_root_alone_are_opened_to_the_servers_account(
    tmp_path: Path,
) -> None:
    program, text = tmp_path / "bin" / "postgres", tmp_path / "share" / "sample"
    for path, mode in ((program, 0o700), (text, 0o600)):
        path.parent.mkdir(mode=0o700)
        path.touch()
        path.chmod(mode)
    share_programs(program, [tmp_path])
    assert program.stat().st_mode & 0o777 == 0o705
    assert text.stat().st_mode & 0o777 == 0o604
    assert program.parent.stat().st_mode & 0o777 == 0o705
