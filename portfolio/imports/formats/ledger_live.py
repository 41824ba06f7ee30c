"""Ledger Live: the operations of all accounts. Times are UTC.

What went out has the fee inside; what came in is as it arrived, and its fee was the sender's. An
operation that failed still cost its fee. Extended public keys are never kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, LeftOut, Reading, Row
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET

Kind = TransactionKind

# As Ledger Live itself counts: what is told of any other operation moved nothing but its fee.
_COMES: kinds.Own = {
    "in": kinds.MOVE,
    **dict.fromkeys(("reward", "reward_payout"), Kind.REWARD),
    **dict.fromkeys(("supply", "withdraw"), Kind.OTHER),
}
_GOES: kinds.Own = {
    "out": kinds.MOVE,
    **dict.fromkeys(("slash", "burn"), Kind.LOST),
    **dict.fromkeys(("fees", "reveal", "create", "approve", "opt_in", "opt_out"), Kind.FEE),
    **dict.fromkeys(("delegate", "undelegate", "redelegate", "revoke", "vote"), Kind.FEE),
    **dict.fromkeys(("activate", "lock", "unlock", "set_controller"), Kind.FEE),
    **dict.fromkeys(("bond", "unbond", "withdraw_unbonded", "nominate", "chill"), Kind.FEE),
}


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        cells = Cells(row)
        if reason := _left_out(cells):
            yield LeftOut((row,), reason)
        else:
            yield Entry((row,), cells.get("account name"))


def _left_out(cells: Cells) -> str:
    word = kinds.spelled(cells.get("operation type"))
    if word in {"nft_in", "nft_out"}:
        return "a collectible, of which no amount is kept"
    if not values.is_nothing(cells.get("operation fees")):
        return ""
    if cells.get("status").casefold() == "failed":
        return "failed"
    if values.is_nothing(cells.get("operation amount")):
        return "no amount other than zero"
    is_known = word in _COMES or word in _GOES
    return "" if is_known else f"Ledger Live counts no amount of the operation {word}"


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    word = cells.get("operation type")
    moved = _moved(cells, kinds.spelled(word), reading)
    detail = {
        "type": word,
        "status": cells.get("status"),
        "txid": cells.get("operation hash"),
        "value_currency": cells.get("countervalue ticker"),
        "value": cells.get("countervalue at operation date"),
    }
    if not detail["value"]:
        detail["value_currency"] = ""
    kind = kinds.kind(word, moved, {**_COMES, **_GOES})
    at = dates.moment(cells.get("operation date"), reading)
    return two_sided.booked(at, kind, moved, detail)


def _moved(cells: Cells, word: str, reading: Reading) -> list[Movement]:
    """What an operation moves. May raise NotUnderstood."""
    asset = two_sided.code(cells.get("currency ticker"))
    amount = (values.amount(cells.get("operation amount"), reading) or money.ZERO).copy_abs()
    paid = (values.amount(cells.get("operation fees"), reading) or money.ZERO).copy_abs()
    if cells.get("status").casefold() == "failed":
        return [legs.fee(WALLET, asset, paid)]
    if word in _COMES:
        return [legs.leg(WALLET, asset, amount)]
    if word not in _GOES:
        return [legs.fee(WALLET, asset, paid)]
    rest = max(money.add(amount, money.negate(paid)), money.ZERO)
    return [legs.leg(WALLET, asset, money.negate(rest)), legs.fee(WALLET, asset, paid)]


_START = (
    *("Operation Date", "Status", "Currency Ticker", "Operation Type", "Operation Amount"),
    *("Operation Fees", "Operation Hash", "Account Name"),
)
_END = ("Countervalue Ticker", "Countervalue at Operation Date", "Countervalue at CSV Export")
_WITHOUT_STATUS = (_START[0], *_START[2:])
FORMAT = ImportFormat(
    id="ledger-live",
    title="Ledger Live",
    description="The operations of all accounts of Ledger Live.",
    headings=(
        (*_START, "Account xpub", *_END),
        (*_WITHOUT_STATUS, "Account xpub", *_END),
        (*_WITHOUT_STATUS, "Account xpub"),
        (*_WITHOUT_STATUS, "Account id"),
    ),
    recognise=having("operation date", "currency ticker", "operation type", "operation amount"),
    entries=_entries,
    event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
    private=frozenset(("Account xpub", "Account id")),
)
