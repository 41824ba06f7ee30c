"""Ledger Live: the operations of all accounts. Times are UTC.

What went out has the fee inside; what came in is as it arrived, and its fee was the sender's. An
operation that failed still cost its fee. Extended public keys are never kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET

Kind = TransactionKind

_COMES = {"in": None, "reward": Kind.REWARD, "reward_payout": Kind.REWARD, "supply": Kind.OTHER}
_GOES = {
    "out": None,
    **dict.fromkeys(("fees", "reveal", "approve", "opt_in", "opt_out", "vote"), Kind.FEE),
    **dict.fromkeys(("delegate", "undelegate", "redelegate", "create"), Kind.FEE),
    **dict.fromkeys(("bond", "unbond", "withdraw_unbonded", "nominate", "chill"), Kind.FEE),
    **dict.fromkeys(("freeze", "unfreeze", "set_controller"), Kind.FEE),
}


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        cells = Cells(row)
        is_failed = cells.get("status").casefold() == "failed"
        if kinds.spelled(cells.get("operation type")) in {"nft_in", "nft_out"}:
            yield LeftOut((row,), "a collectible, of which no amount is kept")
        elif values.is_nothing(cells.get("operation fees")) and (
            is_failed or values.is_nothing(cells.get("operation amount"))
        ):
            yield LeftOut((row,), "failed" if is_failed else "no amount other than zero")
        else:
            yield Entry((row,), cells.get("account name"))


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
    """What an operation moves. May raise NotUnderstood for one that tells no direction."""
    asset = two_sided.code(cells.get("currency ticker"))
    amount = (values.amount(cells.get("operation amount"), reading) or money.ZERO).copy_abs()
    paid = (values.amount(cells.get("operation fees"), reading) or money.ZERO).copy_abs()
    if cells.get("status").casefold() == "failed":
        return [legs.fee(WALLET, asset, paid)]
    if word in _COMES:
        return [legs.leg(WALLET, asset, amount)]
    if word not in _GOES:
        raise NotUnderstood(f"“{word[:40]}” does not say whether it came or went")
    rest = max(money.add(amount, money.negate(paid)), money.ZERO)
    return [legs.leg(WALLET, asset, money.negate(rest)), legs.fee(WALLET, asset, paid)]


_START = (
    *("Operation Date", "Status", "Currency Ticker", "Operation Type", "Operation Amount"),
    *("Operation Fees", "Operation Hash", "Account Name"),
)
_END = ("Countervalue Ticker", "Countervalue at Operation Date", "Countervalue at CSV Export")
_WITHOUT_STATUS = (_START[0], *_START[2:])
FORMAT = ImportFormat(
    id="ledger_live",
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
