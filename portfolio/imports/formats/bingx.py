"""BingX: orders of spot and perpetuals, the fund account and two ledgers. Headings name the zone.

The layouts are those of a person's own exports of October 2026, as public code describes them. An
order's fee is below zero, in the coin received, and goes out beside its amount.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT, FUNDING, PERPETUAL = "spot", "funding", "perpetual"
# Until then there was one account for both; what was traded stayed in the one now called Fund.
_SPOT_SINCE = datetime(2025, 3, 9, tzinfo=UTC)


def _traded_in(at: datetime) -> str:
    return SPOT if at >= _SPOT_SINCE else FUNDING


def _order(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    at = cells.zoned(row, reading, "Time")
    wallet = _traded_in(at)
    base, quote = legs.pair(cells.needed(row, "Pair"))
    side = cells.needed(row, "Type")
    sides = (
        (base, cells.amount(row, reading, "Amount")),
        (quote, cells.amount(row, reading, "Order Value")),
    )
    paid_in = cells.text(row, "Fee Coin").upper() or quote
    charge = cells.or_zero(row, reading, "Fee")
    return legs.event(
        _Kind.TRADE,
        at,
        (*legs.swap(wallet, side, *sides), legs.fee(wallet, paid_in, charge.copy_abs())),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "Price"),
        order=cells.text(row, "Order No."),
    )


def _perpetual(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    settled = cells.text(row, "Quote Asset", "Fee Coin").upper()
    if not settled:
        settled = legs.pair(cells.needed(row, "Pair"))[1]
    profit = cells.or_zero(row, reading, "Realized PNL")
    paid = cells.or_zero(row, reading, "Fee").copy_abs()
    word = cells.text(row, "Type")
    opens, closes = "open" in word.lower(), "close" in word.lower()
    kind = _Kind.REALISED_PNL if closes else _Kind.FEE if opens else _Kind.UNCLASSIFIED
    return legs.event(
        kind,
        cells.zoned(row, reading, "Time"),
        (
            legs.leg(PERPETUAL, settled, profit),
            legs.fee(PERPETUAL, cells.text(row, "Fee Coin").upper() or settled, paid),
        ),
        type=word,
        symbol=cells.text(row, "Pair"),
        price=cells.text(row, "DealPrice"),
        quantity=cells.text(row, "Quantity"),
        order=cells.text(row, "Order No."),
    )


# What the words of the ledgers hold, the first that fits.
_WORDS = (
    ("->", _Kind.TRANSFER), ("transfer", _Kind.TRANSFER), ("funding fee", _Kind.FUNDING),
    ("trading fee", _Kind.FEE), ("commission", _Kind.REWARD), ("rebate", _Kind.REWARD),
    ("realized", _Kind.REALISED_PNL), ("liquidat", _Kind.LIQUIDATION), ("fee", _Kind.FEE),
    ("airdrop", _Kind.AIRDROP), ("bonus", _Kind.REWARD), ("reward", _Kind.REWARD),
    ("interest", _Kind.INTEREST), ("withdraw", _Kind.WITHDRAWAL), ("deposit", _Kind.DEPOSIT),
    ("p2p sell", _Kind.WITHDRAWAL), ("p2p buy", _Kind.DEPOSIT), ("convert", _Kind.CONVERSION),
    ("buy", _Kind.TRADE), ("sell", _Kind.TRADE),
)  # fmt: skip


def _kind(row: Row) -> TransactionKind:
    word = cells.text(row, "type").lower()
    return next((kind for part, kind in _WORDS if part in word), _Kind.UNCLASSIFIED)


def _swapped(row: Row) -> tuple[str, ...] | None:
    kind = _kind(row)
    if kind not in (_Kind.TRADE, _Kind.CONVERSION):
        return None
    time = next((cell for name, cell in row.cells.items() if name.startswith("Time")), "")
    return (kind.value, time)


def _ledger(wallet: str, entry: Entry, reading: Reading) -> Event:
    first = entry.rows[0]
    cells.needed(first, "type")
    kind = _kind(first)
    at = min(cells.zoned(row, reading, "Time") for row in entry.rows)
    place = wallet or _traded_in(at)
    moved = [
        (legs.fee(place, code, money.negate(size)) if kind is _Kind.FEE
         else legs.leg(place, code, size))
        for row in entry.rows
        for code in (cells.needed(row, "Assets", "asset_name").upper(),)
        for size in (cells.amount(row, reading, "Amount", "amount"),)
    ]  # fmt: skip
    if kind in (_Kind.TRADE, _Kind.CONVERSION):
        kind = legs.exchanged(kind, moved)
    return legs.event(
        kind,
        at,
        legs.summed(moved),
        type=cells.text(first, "type"),
        symbol=cells.text(first, "Futures"),
    )


def _fund(entry: Entry, reading: Reading) -> Event:
    return _ledger(FUNDING, entry, reading)


def _spot_ledger(entry: Entry, reading: Reading) -> Event:
    return _ledger("", entry, reading)


def _futures_ledger(entry: Entry, reading: Reading) -> Event:
    return _ledger(PERPETUAL, entry, reading)


_ORDERS = ("Order No.", "Time", "Pair", "Type", "Price", "Amount", "Order Value", "Fee",
           "Fee Coin", "Order Type")  # fmt: skip
_PERPETUALS = ("Time", "Pair", "Type", "Leverage", "DealPrice", "Quantity", "Fee", "Realized PNL")
_FUND = ("type", "amount", "new_available_amount", "asset_name", "Time", "remark")
_SPOT = ("Time", "type", "Amount", "newAvailableAmount", "Assets")
_FUTURES = (*_SPOT, "Details", "Futures")


def _is_spot_ledger(heading: tuple[str, ...]) -> bool:
    return cells.headed(_SPOT)(heading) and "futures" not in {name.lower() for name in heading}


def _made(
    ident: str, title: str, about: str, heading: tuple[str, ...], **given: Any
) -> ImportFormat:
    usual: dict[str, Any] = {
        "recognise": cells.headed(heading),
        "private": frozenset(("UID", "remark")),
    }
    return ImportFormat(
        id=ident,
        title=f"BingX: {title}",
        description=about,
        headings=(heading,),
        exchange="bingx",
        **{**usual, **given},
    )


_BY_NUMBER = legs.one_each(ident=lambda row: cells.text(row, "Order No."))

FORMATS = (
    _made("bingx-orders", "spot orders", "Spot order history.", _ORDERS,
          entries=_BY_NUMBER, event=_order),
    _made("bingx-perpetual-orders", "perpetual orders", "Order history of perpetual contracts.",
          _PERPETUALS, entries=_BY_NUMBER, event=_perpetual),
    _made("bingx-fund", "fund account", "Changes of the fund account.", _FUND,
          entries=legs.grouped(_swapped), event=_fund, rank=60),
    _made("bingx-spot-ledger", "spot ledger", "Changes of the spot account. Prefer the orders.",
          _SPOT, recognise=_is_spot_ledger, entries=legs.grouped(_swapped),
          event=_spot_ledger, rank=70),
    _made("bingx-futures-ledger", "futures ledger",
          "Changes of the perpetual account, with funding. Prefer it to the orders.", _FUTURES,
          entries=legs.one_each(), event=_futures_ledger),
)  # fmt: skip
