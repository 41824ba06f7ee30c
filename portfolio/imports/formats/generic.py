"""Any table, by what a person says that its columns mean.

The reading's settings name a heading for each meaning that is there (MEANINGS), and under
``kind:word`` the kind of transaction that a word of the file stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import values
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row

MEANINGS = (
    *("date", "time", "kind", "in_amount", "in_code", "out_amount", "out_code", "amount", "code"),
    *("fee_amount", "fee_code", "account", "ident", "txid", "note"),
)
KIND = "kind:"
_WALLET = "main"
_CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p")
_DAYS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")
_OTHER_DAYS = ("%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y")


def _cell(row: Row, reading: Reading, meaning: str) -> str:
    """The cell with this meaning; "" where no column has it. May raise NotUnderstood."""
    name = reading.settings.get(meaning, "")
    if name and name not in row.cells:
        raise NotUnderstood(f"the file has no column {name}", line=row.line)
    return row.cells.get(name, "").strip()


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        amounts = [_cell(row, reading, name) for name in ("in_amount", "out_amount", "amount")]
        amounts.append(_cell(row, reading, "fee_amount"))
        if not any(amounts):
            yield LeftOut((row,), "no amount stands in the row")
        else:
            account, ident = (_cell(row, reading, name) for name in ("account", "ident"))
            yield Entry((row,), account=account, ident=ident)


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    try:
        movements = tuple(_movements(row, reading))
        word = _cell(row, reading, "kind")
        kind = _kind(word, reading, movements)
        detail = {name: _cell(row, reading, name) for name in ("txid",)}
        detail |= {"type": word, "description": _cell(row, reading, "note")}
        told = {name: text for name, text in detail.items() if text}
        return Event("", kind, _moment(row, reading), movements, told)
    except NotUnderstood as error:
        error.line = error.line or row.line
        raise


def _movements(row: Row, reading: Reading) -> Iterator[Movement]:
    signed = _amount(row, reading, "amount")
    came, left = _amount(row, reading, "in_amount"), _amount(row, reading, "out_amount")
    fee = _amount(row, reading, "fee_amount")
    if signed:
        yield Movement(_WALLET, _code(row, reading, "code"), signed)
    if came:
        yield Movement(_WALLET, _code(row, reading, "in_code", "code"), came.copy_abs())
    if left:
        asset = _code(row, reading, "out_code", "code")
        yield Movement(_WALLET, asset, money.negate(left.copy_abs()))
    if fee:
        asset = _code(row, reading, "fee_code", "code")
        paid = money.negate(fee.copy_abs())
        yield Movement(_WALLET, asset, paid, PostingRole.FEE)


def _amount(row: Row, reading: Reading, meaning: str) -> Decimal | None:
    return values.amount(_cell(row, reading, meaning), reading)


def _code(row: Row, reading: Reading, *meanings: str) -> str:
    """The asset of an amount. May raise NotUnderstood where none is named."""
    for meaning in meanings:
        if code := _cell(row, reading, meaning):
            return code.upper()
    raise NotUnderstood("an amount without its asset", line=row.line)


def _kind(word: str, reading: Reading, movements: Iterable[Movement]) -> TransactionKind:
    """By the word as its owner explained it; by the direction where there is no word."""
    if word:
        told = reading.settings.get(KIND + word.casefold(), "")
        try:
            return TransactionKind(told)
        except ValueError:
            return TransactionKind.UNCLASSIFIED
    principal = [m for m in movements if m.role is PostingRole.PRINCIPAL]
    if not principal:
        return TransactionKind.FEE
    signs = {m.amount > 0 for m in principal}
    if len(signs) == 2:
        return TransactionKind.TRADE
    return TransactionKind.DEPOSIT if True in signs else TransactionKind.WITHDRAWAL


def _moment(row: Row, reading: Reading) -> datetime:
    text = _cell(row, reading, "date")
    clock = _cell(row, reading, "time")
    if not text:
        raise NotUnderstood("the row has no date", line=row.line)
    return values.moment(f"{text} {clock}".strip(), reading, *_layouts(reading))


def _layouts(reading: Reading) -> Iterator[str]:
    first = 0 if reading.day_first else 1
    days = [_DAYS[first].format(sign) for sign in "/-"] + ["%d.%m.%Y", *_OTHER_DAYS]
    for day in ("%Y-%m-%d", *days):
        for clock in _CLOCKS:
            yield f"{day} {clock}"
            yield f"{day} {clock} %z"
        yield day
    for clock in ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M"):
        yield f"%Y-%m-%dT{clock}%z"
        yield f"%Y-%m-%dT{clock}"


FORMAT = ImportFormat(
    id="generic",
    title="Any table",
    description="A table whose columns you explain once: it is remembered by its heading.",
    headings=(),
    recognise=lambda heading: False,
    entries=_entries,
    event=_event,
    asks=("zone", "day_first", "decimal_comma"),
    rank=90,
)
