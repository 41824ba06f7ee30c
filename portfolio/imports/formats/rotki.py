"""rotki: its generic trades and events. Times are milliseconds since 1970, fees beside the amounts.

A currency is a code or rotki's own identifier ("eip155:1/erc20:0x…"), of which the best known are
read as their codes. The event types are a closed list that alone says whether something came or
went: others are refused.
"""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import dates, legs, two_sided
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET, Layout

Kind = TransactionKind

# Tokens that are the only ones of their code that matter; others keep rotki's identifier.
_TOKENS = {
    "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7": "USDT",
    "eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48": "USDC",
    "eip155:1/erc20:0x6b175474e89094c44da98b954eedeac495271d0f": "DAI",
    "eip155:1/erc20:0x514910771af9ca656af840dff83e8264ecf986ca": "LINK",
    "eip155:1/erc20:0x1f9840a85d5af5bf1d1762f925bdaddc4201f984": "UNI",
    "eip155:1/erc20:0x95ad61b0a150d79219dcf64e1e6cc01f0b64c4ce": "SHIB",
    "eip155:1/erc20:0x6982508145454ce325ddbe47a25d4ec3d2311933": "PEPE",
    "eip155:1/erc20:0xb8c77482e45f1f44de1745f52c74426c631bdd52": "BNB",
    "eip155:42161/erc20:0x912ce59144191c1204e64559fe8253a0e49e6548": "ARB",
}

_COMES = {"Deposit": Kind.DEPOSIT, "Income": Kind.REWARD, "Staking": Kind.REWARD}
_GOES = {"Withdrawal": Kind.WITHDRAWAL, "Loss": Kind.LOST, "Spend": Kind.PAYMENT}


def _code(name: str) -> str:
    return _TOKENS.get(name.strip().lower(), two_sided.code(name))


def _when(text: str, reading: Reading) -> datetime:
    return dates.milliseconds(text)


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    word = cells.get("type")
    if word not in _COMES and word not in _GOES:
        raise NotUnderstood(f"“{word[:40]}” is not one of rotki's types")
    moved = []
    if side := two_sided.side(cells, ("amount", "currency"), reading):
        size = side.amount.copy_abs()
        moved.append(
            legs.leg(WALLET, _code(side.asset), size if word in _COMES else money.negate(size))
        )
    if fee := two_sided.side(cells, ("fee", "fee currency"), reading):
        moved.append(legs.fee(WALLET, _code(fee.asset), fee.amount))
    detail = {
        "type": word,
        "asset": cells.get("currency"),
        "description": cells.get("description"),
    }
    kind = _COMES.get(word) or _GOES[word]
    return two_sided.booked(dates.milliseconds(cells.get("timestamp")), kind, moved, detail)


FORMATS: tuple[ImportFormat, ...] = (
    two_sided.reader(
        Layout(
            date=("timestamp",),
            sent=("spend amount", "spend currency"),
            received=("receive amount", "receive currency"),
            fee=("fee", "fee currency"),
            account="location",
            detail={"description": "description"},
            when=_when,
            coded=_code,
        ),
        id="rotki-trades",
        title="rotki: generic trades",
        description="rotki's generic file of trades, by location.",
        headings=(
            (
                *("Location", "Spend Currency", "Receive Currency", "Receive Amount"),
                *("Spend Amount", "Fee", "Fee Currency", "Description", "Timestamp"),
            ),
        ),
        recognise=having("location", "spend currency", "receive currency", "timestamp"),
    ),
    ImportFormat(
        id="rotki-events",
        rank=two_sided.RANK,
        title="rotki: generic events",
        description="rotki's generic file of what came and went, by location.",
        headings=(
            (
                *("Type", "Location", "Currency", "Amount", "Fee", "Fee Currency"),
                *("Description", "Timestamp"),
            ),
        ),
        recognise=having("type", "location", "currency", "amount", "fee currency", "timestamp"),
        entries=two_sided.one_each("location"),
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
    ),
)
