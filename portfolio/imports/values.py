"""Cells as values: amounts, times and codes as files write them, exact or refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portfolio.engine import money
from portfolio.imports.format import NotUnderstood, Reading

_ABSENT = {"", "-", "--", "null", "none", "n/a", "nan"}
_SIGNS = re.compile(r"[$€£¥₿\s\u00a0\u202f']")
_UTC = re.compile(r"\s*(?:UTC|GMT)$")
_OFFSET = re.compile(r"^(?:UTC|GMT)?\s*([+-])(\d{1,2}):?(\d{2})?$")
# Thousands in threes, or as in India; "0,5" is none, but a half in another country's writing.
_GROUPED = re.compile(r"^[+-]?[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}(?:\.\d*)?$", re.ASCII)
_PLAIN = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$", re.ASCII)


def zone(name: str) -> tzinfo:
    """A zone by its IANA name or offset. May raise NotUnderstood."""
    if name.upper() in {"UTC", "GMT", "Z", ""}:
        return UTC
    if found := _OFFSET.match(name):
        sign = -1 if found[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(found[2]), minutes=int(found[3] or 0)))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder; a name as long as no file's
        raise NotUnderstood(f"{name} is not a time zone") from None


def amount(text: str, reading: Reading) -> Decimal | None:
    """A signed amount; None for an empty cell, a dash or null. May raise NotUnderstood.

    Currency signs and spaces are left out, brackets mean minus; thousands separators are those that
    the reading's decimal sign leaves.
    """
    if text.strip().lower() in _ABSENT:
        return None
    plain = _SIGNS.sub("", text)
    is_negative = plain.startswith("(") and plain.endswith(")")
    plain = plain.strip("()") if is_negative else plain
    plain = _with_point(plain, reading)
    if not _PLAIN.match(plain):
        raise NotUnderstood(f"“{text[:40]}” is not an amount")
    try:
        value = money.parse(plain)
    except (ValueError, ArithmeticError):
        raise NotUnderstood(f"“{text[:40]}” is not an amount") from None
    if not money.fits(value):
        raise NotUnderstood(f"“{text[:40]}” has more digits than any coin has")
    return money.negate(value) if is_negative else value


def is_nothing(text: str) -> bool:
    """Whether a cell holds no amount at all, or zero."""
    plain = text.strip().lower()
    return plain in _ABSENT or not plain.strip("+-0.,")


def _with_point(text: str, reading: Reading) -> str:
    """May raise NotUnderstood where separators do not stand as they would in an amount."""
    point = text
    if reading.decimal_comma:
        point = text.translate(str.maketrans(".,", ",."))
    if "," in point and not _GROUPED.match(point):
        raise NotUnderstood(
            f"“{text[:40]}” is not an amount with "
            + ("a decimal comma" if reading.decimal_comma else "a decimal point")
        )
    return point.replace(",", "")


def moment(text: str, reading: Reading, *layouts: str) -> datetime:
    """A time in UTC by the first of ``layouts`` (strptime) that fits, ISO 8601 where none is given.

    A zone in the cell counts before the reading's. May raise NotUnderstood.
    """
    for layout in layouts:
        try:
            return _in_utc(datetime.strptime(text.strip(), layout), reading)  # noqa: DTZ007
        except ValueError:
            continue
    if not layouts:
        try:
            return _in_utc(datetime.fromisoformat(_UTC.sub("+00:00", text.strip())), reading)
        except ValueError:
            pass
    raise NotUnderstood(f"“{text[:40]}” is not a time")


def _in_utc(found: datetime, reading: Reading) -> datetime:
    """May raise NotUnderstood for years in which there was nothing to trade."""
    aware = found if found.tzinfo else found.replace(tzinfo=zone(reading.zone))
    if not 2009 <= aware.year <= 2199:
        raise NotUnderstood(f"{aware.year} is not a year of crypto assets")
    return aware.astimezone(UTC)
