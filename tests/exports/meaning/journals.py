"""Journals of double entry: what the accounts of wallets hold, without what is under way."""

from __future__ import annotations

import re
from decimal import Decimal

from tests.exports.meaning import Reader, Told

_DAY = re.compile(r"(\d{4}-\d\d-\d\d) \* ")
_POSTING = re.compile(
    r"^ +Assets:(?P<account>\S+(?: \S+)*)  (?P<amount>-?[\d.]+) \"?(?P<unit>[^\s\"]+)"
)


def _read(content: bytes) -> list[Told]:
    told, day = [], ""
    for line in content.decode().splitlines():
        if begun := _DAY.match(line):
            day = begun[1]
        posting = _POSTING.match(line)
        if posting and not re.fullmatch("under.way", posting["account"], re.IGNORECASE):
            told.append(Told(day, {posting["unit"]: Decimal(posting["amount"])}))
    return told


READERS = {
    "beancount": Reader(_read, symbols={"1INCH": "X1INCH"}),
    "hledger": Reader(_read),
    "ledger": Reader(_read),
}
