"""Binance.US: one file of all transactions, each row with a primary, base, quote and fee asset."""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"
# Newer and older names of a column.
_ASSET = {part: (f"{part} Asset", f"{part}_Asset") for part in ("Primary", "Base", "Quote", "Fee")}
_AMOUNT = {
    "Primary": ("Realized Amount For Primary Asset", "Realized_Amount_For_Primary_Asset"),
    "Base": ("Realized Amount For Base Asset", "Realized_Amount_For_Base_Asset"),
    "Quote": ("Realized Amount for Quote Asset", "Realized_Amount_For_Quote_Asset"),
    "Fee": ("Realized Amount for Fee Asset", "Realized_Amount_For_Fee_Asset"),
}
_SWAPS = ("buy", "sell", "quick buy", "quick sell", "convert")
_ALONE = {
    "deposit": _Kind.DEPOSIT,
    "withdrawal": _Kind.WITHDRAWAL,
    "referral commission": _Kind.REWARD,
    "staking rewards": _Kind.REWARD,
    "others": _Kind.AIRDROP,
}


def _part(row: Row, reading: Reading, part: str) -> Movement | None:
    size = cells.optional(row, reading, *_AMOUNT[part])
    return None if not size else legs.leg(SPOT, cells.text(row, *_ASSET[part]).upper(), size)


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    category, word = cells.text(row, "Category").lower(), cells.text(row, "Operation").lower()
    kind, moved = _moved(row, reading, category, word)
    return legs.event(
        kind,
        cells.when(row, reading, "Time"),
        moved,
        type=f"{cells.text(row, 'Category')}: {cells.text(row, 'Operation')}".strip(": "),
        order=cells.text(row, "Order ID", "Order_Id"),
        reference=cells.text(row, "Transaction ID", "Transaction_Id"),
        note=cells.text(row, "Additional Note", "Additional_Note"),
    )


def _moved(
    row: Row, reading: Reading, category: str, word: str
) -> tuple[TransactionKind, tuple[Movement, ...]]:
    base, quote, primary = (_part(row, reading, part) for part in ("Base", "Quote", "Primary"))
    paid = _part(row, reading, "Fee")
    fees = () if paid is None else (legs.fee(SPOT, paid.asset, paid.amount),)
    if category == "spot trading" or category in _SWAPS:
        # Of a quick purchase the base is what was given; on the book, what was bought.
        side = word if category == "spot trading" else "sell"
        both = [part for part in (base, quote) if part is not None]
        if len(both) == 2 and side in ("buy", "sell"):
            told = [(part.asset, part.amount) for part in both]
            moved = (*legs.swap(SPOT, side, told[0], told[1]), *fees)
            kind = _Kind.TRADE if category == "spot trading" else _Kind.CONVERSION
            return legs.exchanged(kind, moved), moved
        return _Kind.UNCLASSIFIED, (*both, *fees)
    kind = _ALONE.get(category) or _ALONE.get(word, _Kind.UNCLASSIFIED)
    if primary is None:
        return kind, fees
    if kind is _Kind.WITHDRAWAL:
        out = money.negate(primary.amount.copy_abs())
        return kind, (legs.leg(SPOT, primary.asset, out), *fees)
    if primary.amount < 0 and kind in (_Kind.REWARD, _Kind.AIRDROP):
        kind = _Kind.ADJUSTMENT
    return kind, (primary, *fees)


_NEWER = (
    *("Time", "Category", "Operation", "Order ID", "Transaction ID", "Primary Asset"),
    *("Realized Amount For Primary Asset", "Realized Amount for Primary Asset in USD"),
    *("Base Asset", "Realized Amount For Base Asset", "Quote Asset"),
    *("Realized Amount for Quote Asset", "Fee Asset", "Realized Amount for Fee Asset"),
)
_OLDER = (
    *("Time", "Category", "Operation", "Order_Id", "Transaction_Id", "Primary_Asset"),
    *("Realized_Amount_For_Primary_Asset", "Base_Asset", "Realized_Amount_For_Base_Asset"),
    *("Quote_Asset", "Realized_Amount_For_Quote_Asset", "Fee_Asset"),
    "Realized_Amount_For_Fee_Asset",
)

FORMAT = ImportFormat(
    id="binanceus",
    title="Binance.US: transactions",
    description="All transactions; times are UTC.",
    headings=(_NEWER, _OLDER),
    entries=legs.one_each(),
    event=_event,
    exchange="binanceus",
    private=frozenset(("User ID", "User_Id", "Payment Method", "Payment_Method",
                       "Withdraw Method", "Withdrawal_Method")),
)  # fmt: skip
