"""Bitpanda: the trade history with its fee in money or BEST. Times have their zone in the cell."""

from __future__ import annotations

from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT, STAKING = "spot", "staking"
_KINDS = legs.words(
    (_Kind.TRADE, ("buy", "sell")),
    (_Kind.DEPOSIT, ("deposit", "receive")),
    (_Kind.WITHDRAWAL, ("withdrawal", "send")),
    (_Kind.TRANSFER, ("transfer(stake)", "transfer(unstake)", "stake", "unstake")),
    (_Kind.REWARD, ("reward", "affiliate", "referral", "bonus", "reward(stake)",
                    "transfer(reward)", "reward,best")),
    (_Kind.INTEREST, ("interest",)),
    (_Kind.FEE, ("fee",)),
)  # fmt: skip
_BY_WAY = {"incoming": _Kind.DEPOSIT, "outgoing": _Kind.WITHDRAWAL}


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word = cells.needed(row, "Transaction Type", "Type").lower()
    way = cells.text(row, "In/Out").lower()
    kind = (
        _BY_WAY.get(way, _Kind.UNCLASSIFIED) if word == "transfer" else legs.kind_of(word, _KINDS)
    )
    moved = _moved(row, reading, kind, word, way)
    return legs.event(
        legs.exchanged(kind, moved) if kind is _Kind.TRADE else kind,
        cells.at(row, cells.needed(row, "Timestamp", "Created at"), "Timestamp", reading),
        moved,
        type=cells.text(row, "Transaction Type", "Type"),
        price=cells.text(row, "Asset market price"),
        trade=cells.text(row, "Transaction ID", "ID"),
    )


def _moved(
    row: Row, reading: Reading, kind: TransactionKind, word: str, way: str
) -> list[Movement]:
    fiat = cells.text(row, "Fiat").upper()
    asset = cells.text(row, "Asset").strip("-").upper() or fiat
    size = cells.optional(row, reading, "Amount Asset")
    worth = cells.optional(row, reading, "Amount Fiat")
    paid = cells.or_zero(row, reading, "Fee").copy_abs()
    paid_in = cells.text(row, "Fee asset").strip("-").upper() or (
        asset if kind in (_Kind.DEPOSIT, _Kind.WITHDRAWAL) else fiat
    )
    fees = [legs.fee(SPOT, paid_in, paid)]
    if kind is _Kind.TRADE:
        both = (asset, size or cells.amount(row, reading, "Amount Asset"))
        return [
            *legs.swap(
                SPOT, word, both, (fiat, worth or cells.amount(row, reading, "Amount Fiat"))
            ),
            *fees,
        ]
    # Of money itself older files have the amount in the column of money only.
    whole = size if size else cells.amount(row, reading, "Amount Fiat")
    code = asset if size else fiat
    out = kind is _Kind.WITHDRAWAL or way == "outgoing"
    moved = legs.leg(SPOT, code, whole.copy_abs().copy_negate() if out else whole.copy_abs())
    if kind is _Kind.TRANSFER:
        return [moved, legs.leg(STAKING, code, moved.amount.copy_negate())]
    return [moved, *fees]


FORMATS = (
    ImportFormat(
        id="bitpanda",
        title="Bitpanda: transactions",
        description="Trade history of the app.",
        headings=(
            ("Transaction ID", "Timestamp", "Transaction Type", "In/Out", "Amount Fiat", "Fiat",
             "Amount Asset", "Asset", "Fee", "Fee asset"),
        ),
        entries=legs.one_each(ident=lambda row: cells.text(row, "Transaction ID")),
        event=_event,
        exchange="bitpanda",
    ),
    ImportFormat(
        id="bitpanda-older",
        title="Bitpanda: transactions, older",
        description="Trade history until about 2021.",
        headings=(
            ("ID", "Type", "In/Out", "Amount Fiat", "Fee", "Fiat", "Amount Asset", "Asset",
             "Status", "Created at"),
        ),
        entries=legs.one_each(left_out=legs.undone("Status"),
                              ident=lambda row: cells.text(row, "ID")),
        event=_event,
        exchange="bitpanda",
        asks=("zone",),
    ),
)  # fmt: skip
