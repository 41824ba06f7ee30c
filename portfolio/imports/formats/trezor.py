"""Trezor Suite: its export of today, and the first one, which has a semicolon and a 12-hour clock.

Fees are beside what was sent; of what was received they were the sender's. The first export names
neither its zone nor its coin: the zone is asked for, the coin follows from the addresses.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET

_COMES, _GOES = {"recv", "received"}, {"sent", "contract"}
_ONLY_FEE = {"self", "failed"}
# By how addresses of a coin begin; of those that several coins share the one Trezor shows first.
_COINS = (
    (re.compile(r"^(bc1|[13])"), "BTC"),
    (re.compile(r"^(ltc1|[LM])"), "LTC"),
    (re.compile(r"^(bitcoincash:|[qp][a-z0-9]{41}$)"), "BCH"),
    (re.compile(r"^0x[0-9a-fA-F]{40}"), "ETH"),
    (re.compile(r"^D[1-9A-Za-z]{33}"), "DOGE"),
    (re.compile(r"^X[1-9A-Za-z]{33}"), "DASH"),
    (re.compile(r"^t1[1-9A-Za-z]{33}"), "ZEC"),
    (re.compile(r"^addr1"), "ADA"),
    (re.compile(r"^r[1-9A-Za-z]{24,34}$"), "XRP"),
)


def _coin(address: str) -> str:
    """The coin of an address. May raise NotUnderstood."""
    for begins, coin in _COINS:
        if begins.match(address):
            return coin
    raise NotUnderstood(f"of which coin the address “{address[:40]}” is cannot be told")


def _moved(word: str, amount: two_sided.Side | None, fee: two_sided.Side | None) -> list[Movement]:
    """What a transaction moves. May raise NotUnderstood for one that tells no direction."""
    if word not in _COMES | _GOES | _ONLY_FEE:
        raise NotUnderstood(f"“{word[:40]}” does not say whether it came or went")
    found = []
    if amount and word not in _ONLY_FEE:
        size = amount.amount.copy_abs()
        size = size if word in _COMES else money.negate(size)
        found.append(legs.leg(WALLET, amount.asset, size))
    if fee and word not in _COMES:
        found.append(legs.fee(WALLET, fee.asset, fee.amount))
    return found


def _first(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    coin = _coin(cells.get("addresses"))
    total = values.amount(cells.get("total"), reading)
    paid = values.amount(cells.get("fee"), reading)
    word = cells.get("type").casefold()
    moved = _moved(
        word,
        two_sided.Side(total, coin) if total else None,
        two_sided.Side(paid, coin) if paid else None,
    )
    at = dates.moment(cells.get("date & time"), reading, month_first=True)
    return _event(cells, at, moved, cells.get("addresses"))


def _today(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    amount = two_sided.side(cells, ("amount", "amount unit"), reading)
    fee = two_sided.side(cells, ("fee", "fee unit"), reading)
    moved = _moved(cells.get("type").casefold(), amount, fee)
    return _event(cells, _seconds(cells.get("timestamp")), moved, cells.get("address"))


def _event(cells: Cells, at: datetime, moved: list[Movement], address: str) -> Event:
    word = cells.get("type")
    detail = {
        "type": word,
        "txid": cells.get("transaction id"),
        "address": address,
        "description": cells.get("label"),
    }
    kind = kinds.kind("", moved, {}) if moved else TransactionKind.OTHER
    return two_sided.booked(at, kind, moved, detail)


def _seconds(text: str) -> datetime:
    if not re.fullmatch(r"\d{9,10}", text, re.ASCII):
        raise NotUnderstood(f"“{text[:40]}” is not a time in seconds since 1970")
    found = datetime.fromtimestamp(int(text), UTC)
    return values.moment(found.isoformat(), Reading())


FORMATS = (
    ImportFormat(
        id="trezor",
        title="Trezor Suite",
        description="The export of one account of Trezor Suite.",
        headings=(
            (
                *("Timestamp", "Date", "Time", "Type", "Transaction ID", "Fee", "Fee unit"),
                *("Address", "Label", "Amount", "Amount unit", "Fiat (EUR)", "Other"),
            ),
        ),
        recognise=having("timestamp", "type", "transaction id", "fee unit", "amount unit"),
        entries=legs.one_each(),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _today(entry, reading)),
    ),
    ImportFormat(
        id="trezor-first",
        title="Trezor Suite: first export",
        description="The first export of Trezor Suite, one file for each account.",
        headings=(("Date & Time", "Type", "Transaction ID", "Addresses", "Fee", "Total"),),
        recognise=having("date & time", "type", "transaction id", "addresses", "total"),
        entries=legs.one_each(),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _first(entry, reading)),
        asks=("zone",),
    ),
)
