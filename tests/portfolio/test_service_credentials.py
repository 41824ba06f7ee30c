"""Sealed keys open only where they were sealed, and an error tells nothing of them."""

from __future__ import annotations

import traceback
import uuid

import pytest
from django.core.checks import run_checks
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from portfolio.services.credentials import CredentialsUnreadable, open_sealed, seal

VALUES = {"apiKey": "public-part-4711", "secret": "very-secret-part-0815"}
ROW = uuid.UUID("0d9f1d3a-3f7e-4d2e-9a53-1f5b4f0f7a11")


def refused(sealed: bytes, row: uuid.UUID = ROW) -> str:
    """The whole traceback of the refusal to open."""
    with pytest.raises(CredentialsUnreadable) as caught:
        open_sealed(sealed, row=row)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return "".join(traceback.format_exception(caught.value))


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=4), st.uuids())
def test_what_was_sealed_opens_again(values: dict[str, str], row: uuid.UUID) -> None:
    assert open_sealed(seal(values, row=row), row=row) == values


def test_nothing_of_the_key_is_in_the_sealed_bytes() -> None:
    sealed = seal(VALUES, row=ROW)
    assert not any(text.encode() in sealed for text in (*VALUES, *VALUES.values()))
    assert seal(VALUES, row=ROW) != sealed  # the same key twice does not look the same


def test_sealed_bytes_moved_to_another_row_do_not_open() -> None:
    told = refused(seal(VALUES, row=ROW), row=uuid.uuid4())
    assert not any(text in told for text in VALUES.values())


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    sealed = bytearray(seal(VALUES, row=ROW))
    sealed[place % len(sealed)] ^= change
    assert "tampered" in refused(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"x", b"\x80" * 64])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    refused(sealed)


def test_another_key_of_the_installation_opens_nothing(settings: Settings) -> None:
    sealed = seal(VALUES, row=ROW)
    settings.CREDENTIALS_KEY = "another long random value, of 40 letters"
    told = refused(sealed)
    assert "CREDENTIALS_KEY has changed" in told
    assert settings.CREDENTIALS_KEY not in told
    assert not any(text in told for text in VALUES.values())


@pytest.mark.parametrize("name", ["SECRET_KEY", "CREDENTIALS_KEY"])
@pytest.mark.parametrize("value", ["default", "short"])
def test_a_known_key_is_refused_outside_debug(name: str, value: str, settings: Settings) -> None:
    settings.DEBUG = False
    setattr(settings, name, settings.UNSAFE_KEY if value == "default" else "short")
    assert [e.id for e in run_checks(tags=["security"]) if name in e.msg]
    settings.DEBUG = True
    assert not [e.id for e in run_checks(tags=["security"]) if (e.id or "").startswith("coffer")]


def test_one_key_for_both_purposes_is_refused(settings: Settings) -> None:
    settings.DEBUG = False
    settings.CREDENTIALS_KEY = settings.SECRET_KEY
    assert "coffer.E003" in [error.id for error in run_checks(tags=["security"])]
