"""Reading exact values out of parsed records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

_EXACT = (str, int, Decimal)  # by the very type: a bool is an int too
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def exact(value: Any) -> Decimal:
    """Return ``value`` as a finite Decimal. May raise ValueError; floats have lost digits."""
    if type(value) not in _EXACT:
        raise ValueError(f"not an exact number: a {type(value).__name__}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite():
        raise ValueError("not a finite number")
    return number


def at_ms(value: Any) -> datetime:
    """Return the moment of ``value`` milliseconds since 1970. May raise ValueError."""
    ms = value if type(value) is int else int(exact(value))
    return _EPOCH + timedelta(milliseconds=ms)


def at_seconds(value: Any) -> datetime:
    """Return the moment of ``value`` seconds (with fractions) since 1970, to the microsecond."""
    return _EPOCH + timedelta(microseconds=int(exact(value) * 1_000_000))


def at_utc_text(value: Any) -> datetime:
    """Return the moment of a text such as ``2019-10-12 11:12:02``, which is UTC."""
    moment = datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def detail(row: Mapping[str, Any], **names: str) -> dict[str, str]:
    """Return the worthwhile fields of ``row`` as plain strings: our name = the exchange's name."""
    found = {ours: row.get(theirs) for ours, theirs in names.items()}
    return {ours: str(value) for ours, value in found.items() if value not in (None, "")}
