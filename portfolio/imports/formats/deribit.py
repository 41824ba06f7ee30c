"""Deribit: the transaction log of one currency. Which it is, the file tells by its contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row

_Kind = TransactionKind
WALLET = "account"
_COIN = "Currency"
_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposit",)),
    (_Kind.WITHDRAWAL, ("withdrawal",)),
    (_Kind.REALISED_PNL, ("settlement", "delivery")),
    (_Kind.TRANSFER, ("transfer",)),
    (_Kind.CONVERSION, ("swap",)),
    (_Kind.ADJUSTMENT, ("correction", "socialized fund")),
    (_Kind.LIQUIDATION, ("liquidation", "transfer from insurance")),
    (_Kind.OTHER, ("position move",)),
)
_REWARDS = ("reward", "airdrop", "bonus", "rebate", "interest")
_TIMES = ("%Y-%m-%d %H:%M:%S", "%d %b %Y %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f",
          "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ")  # fmt: skip


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    """Each row with the file's currency, which is known once all its contracts are.

    May raise NotUnderstood.
    """
    held = list(rows)
    told = {coin for row in held if (coin := _settled_in(row))}
    if len(told) != 1 and not all(cells.text(row, _COIN) for row in held):
        message = "its contracts do not tell one currency: is it the log of more than one?"
        raise NotUnderstood(message, line=held[0].line if held else None)
    for row in held:
        coin = cells.text(row, _COIN) or next(iter(told))
        entry = Row(row.line, {**row.cells, _COIN: coin.upper()})
        yield Entry((entry,), ident=f"{coin.upper()}:{cells.text(row, 'ID')}")


def _settled_in(row: Row) -> str:
    """The coin that a contract pays in: of BTC-PERPETUAL BTC, of BTC_USDC-PERPETUAL USDC.

    A pair's trades are in the logs of both its coins, and tell neither.
    """
    instrument = cells.text(row, "Instrument").upper()
    head, dash, _ = instrument.partition("-")
    if not dash or not head:
        return ""
    base, _, quote = head.partition("_")
    return quote or base


def _is_spot(instrument: str) -> bool:
    return "_" in instrument and "-" not in instrument


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word, instrument = cells.needed(row, "Type"), cells.text(row, "Instrument").upper()
    coin, change = cells.needed(row, _COIN), cells.amount(row, reading, "Change")
    principal, paid = _parts(row, reading, change)
    moved: tuple[Movement, ...] = (
        legs.leg(WALLET, coin, principal),
        legs.fee(WALLET, coin, paid),
    )
    trade, number = cells.text(row, "Trade ID"), cells.text(row, "ID")
    own = f"log:{coin}:{number}" if number else ""
    return legs.event(
        _kind(word.lower(), instrument, principal),
        cells.when(row, reading, "Date", *_TIMES),
        moved,
        key=f"trade:{instrument}:{trade}" if _is_spot(instrument) and trade else own,
        type=word,
        symbol=instrument,
        side=cells.text(row, "Side").strip("-"),
        price=cells.text(row, "Price"),
        quantity=cells.text(row, "Amount", "Base Amount", "Size"),
        trade=trade,
        order=cells.text(row, "Order ID"),
        entry=number,
        note=cells.text(row, "Info", "Note"),
    )


def _parts(row: Row, reading: Reading, change: Decimal) -> tuple[Decimal, Decimal]:
    """The change without the fee, and the fee within it: none where another balance paid it."""
    paid = cells.or_zero(row, reading, "Fee Charged", "Fee Paid")
    flow = cells.optional(row, reading, "Cash Flow")
    if flow is not None and flow == change:
        return change, money.ZERO
    return money.add(change, paid), paid


def _kind(word: str, instrument: str, principal: Decimal) -> TransactionKind:
    if word == "trade":
        if _is_spot(instrument):
            return _Kind.UNCLASSIFIED  # the other coin's log has the other leg
        is_option = instrument.count("-") >= 3
        if is_option:
            return _Kind.TRADE
        return _Kind.REALISED_PNL if principal else _Kind.FEE
    if any(part in word for part in _REWARDS):
        return _Kind.REWARD
    return legs.kind_of(word, _KINDS)


_REST = ("Position", "Price", "Mark Price", "Cash Flow", "Funding", "Fee Rate")
_LAST = ("Fee Balance", "Change", "Balance", "Equity", "Trade ID", "Order ID", "Info")

FORMAT = ImportFormat(
    id="deribit",
    title="Deribit: transaction log",
    description="Transaction log of one currency; times are UTC.",
    headings=(
        ("ID", "UserSeq", "Date", "Instrument", "Type", "Side", *_REST, "Fee Charged", *_LAST),
        ("ID", "UserSeq", "Date", "Instrument", "Type", "Side", *_REST, "Fee Paid", *_LAST),
    ),
    entries=_entries,
    event=_event,
    exchange="deribit",
)
