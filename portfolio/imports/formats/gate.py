"""Gate: the account book. An order takes what it offers when placed and gives back what is left."""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"
_FEES = ("trading fees", "trading fee", "order fee")
_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposits", "deposit")),
    (_Kind.WITHDRAWAL, ("withdrawals", "withdrawal")),
    (_Kind.TRADE, ("order placed", "order filled", "order cancelled", "order canceled", *_FEES)),
    (_Kind.CONVERSION, ("dust swap-small balances deducted", "dust swap-gt added",
                        "quick buy", "quick sell", "flash swap")),
    (_Kind.REWARD, ("referral superior rebate", "rebate", "bonus")),
    (_Kind.AIRDROP, ("airdrop",)),
    (_Kind.INTEREST, ("hodl interest", "interest", "lend & earn interest")),
    (_Kind.TRANSFER, ("transfer in", "transfer out", "sub-account transfer", "margin transfer",
                      "futures transfer")),
)  # fmt: skip


def _word(row: Row) -> str:
    return cells.text(row, "action_desc").lower()


def _group(row: Row) -> tuple[str, ...] | None:
    kind, number = legs.kind_of(_word(row), _KINDS), cells.text(row, "action_data")
    joined = kind in (_Kind.TRADE, _Kind.CONVERSION) and number
    return (kind.value, number) if joined else None


def _event(entry: Entry, reading: Reading) -> Event:
    sums: dict[tuple[str, PostingRole], Decimal] = {}
    for row in entry.rows:
        role = PostingRole.FEE if _word(row) in _FEES else PostingRole.PRINCIPAL
        place = (codes.asset("gate", cells.needed(row, "type")), role)
        change = cells.amount(row, reading, "change_amount")
        sums[place] = money.add(sums.get(place, money.ZERO), change)
    moved = [Movement(SPOT, asset, total, role) for (asset, role), total in sorted(sums.items())]
    first = entry.rows[0]
    cells.needed(first, "action_desc")
    kind = legs.kind_of(_word(first), _KINDS)
    if kind in (_Kind.TRADE, _Kind.CONVERSION):
        kind = legs.exchanged(kind, moved, many=kind is _Kind.CONVERSION)
    if kind in (_Kind.AIRDROP, _Kind.REWARD) and all(m.amount < 0 for m in moved):
        kind = _Kind.ADJUSTMENT
    return legs.event(
        kind if any(m.amount for m in moved) else _Kind.OTHER,
        min(cells.when(row, reading, "time") for row in entry.rows),
        moved,
        type=", ".join(sorted({cells.text(row, "action_desc") for row in entry.rows})),
        order=cells.text(first, "action_data"),
    )


FORMAT = ImportFormat(
    id="gate",
    title="Gate: account book",
    description="Account book of spot. The clock is not named.",
    headings=(
        ("no", "time", "action_desc", "action_data", "type", "change_amount", "amount", "total"),
    ),
    entries=legs.grouped(_group),
    event=_event,
    exchange="gate",
    asks=("zone",),
)
