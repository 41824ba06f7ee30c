"""Dates with the year last, and what ISO 8601 does not allow."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from portfolio.imports import values
from portfolio.imports.format import NotUnderstood, Reading

_YEAR_LAST = re.compile(
    r"^(\d{1,2})([./-])(\d{1,2})\2(\d{4})"
    r"(?:[,T]?\s*(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,6})?))?\s*([ap]m)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$",
    re.IGNORECASE | re.ASCII,
)
_SPACED_OFFSET = re.compile(r"\s+([+-]\d\d:?\d\d)$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str, reading: Reading, *, month_first: bool | None = None) -> datetime:
    """A time in UTC: ISO 8601, or with the year last, with a clock of 12 or 24 hours.

    Dates with dots or dashes and the year last start with the day. Those with slashes are as
    ``month_first`` fixes, and where it does not, as the reading says. May raise NotUnderstood.
    """
    plain = text.strip()
    if (found := _YEAR_LAST.match(plain)) is None:
        return values.moment(_SPACED_OFFSET.sub(r"\1", plain), reading)
    first, sign, second, year, hour, minute, seconds, half, zone = found.groups()
    is_month_first = (not reading.day_first if month_first is None else month_first) and sign == "/"
    month, day = (first, second) if is_month_first else (second, first)
    clock = f"{_hour(int(hour), half, text):02}:{minute}:{seconds or '00'}" if hour else "00:00:00"
    offset = "+00:00" if (zone or "").upper() in {"Z", "UTC", "GMT"} else zone or ""
    try:
        return values.moment(f"{year}-{int(month):02}-{int(day):02}T{clock}{offset}", reading)
    except NotUnderstood:
        raise NotUnderstood(f"“{text[:40]}” is not a time") from None


def _hour(hour: int, half: str | None, text: str) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise NotUnderstood(f"“{text[:40]}” is not a time")
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def milliseconds(text: str) -> datetime:
    """A time given as whole milliseconds since 1970. May raise NotUnderstood."""
    if not re.fullmatch(r"\d{12,14}", text.strip(), re.ASCII):
        raise NotUnderstood(f"“{text[:40]}” is not a time in milliseconds since 1970")
    found = _EPOCH + timedelta(milliseconds=int(text))
    return values.moment(found.isoformat(), Reading())
