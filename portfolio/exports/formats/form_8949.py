"""The United States' Form 8949 as a table, for TurboTax Online, and as TXF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import plain
from portfolio.engine.tax.places.us import BY_WALLET
from portfolio.engine.version import VERSION
from portfolio.exports.form_8949 import LACKS, FormLine, lines, shortfalls
from portfolio.exports.format import ExportFormat, free_text, gettext_noop
from portfolio.exports.tables import csv_table, text_pieces

HEADER = (
    "Description",
    "Date Acquired",
    "Date Sold",
    "Sales Proceeds",
    "Cost or Other Basis",
    "Adjustment Code",
    "Adjustment Amount",
    "Gain or Loss",
    "Reporting Category",
    "Long/Short",
    "Account",
)
TURBOTAX = ("Currency Name", "Purchase Date", "Cost Basis", "Date Sold", "Proceeds")
# Reference numbers of TXF 42 by whether the basis was reported; None: nothing was. Short and long.
_NUMBERS = {True: ("321", "323"), False: ("711", "713"), None: ("712", "714")}
NOT_KNOWN = "VARIOUS"  # as the form has it where a date cannot be told


def _rows(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[list[str]]:
    for line in lines(transactions, context):
        yield [
            _description(line, context),
            _acquired(line),
            _day(line.sold),
            _money(line.proceeds),
            _money(line.cost),
            "",
            "",
            _money(line.gain),
            line.box,
            "Long" if line.is_long else "Short",
            free_text(line.account),
        ]


def _gains(
    transactions: Iterable[ExportTransaction], context: ExportContext
) -> Iterator[list[str]]:
    for line in _priced(transactions, context):
        yield [
            context.symbol(line.asset),
            _acquired(line),
            _money(line.cost),
            _day(line.sold),
            _money(line.proceeds),
        ]


def _priced(
    transactions: Iterable[ExportTransaction], context: ExportContext
) -> Iterator[FormLine]:
    """Programs take an empty amount for zero, and so for a loss: what has no price is left out."""
    return (line for line in lines(transactions, context) if line.proceeds is not None)


def txf(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[bytes]:
    """Records of TXF 42, each with the basis before the proceeds."""
    return text_pieces(_records(transactions, context))


def _records(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[str]:
    found = list(_priced(transactions, context))
    # The date of the file: the same request must give the same bytes.
    last = max((line.sold for line in found), default=date(BY_WALLET, 1, 1))
    yield _record("V042", f"ACoffer {VERSION}", f"D{_day(last.replace(month=12, day=31))}")
    for line in found:
        yield _record(
            "TD",
            f"N{_NUMBERS[line.is_basis_reported][line.is_long]}",
            "C1",
            "L1",
            f"P{_description(line, context)}",
            f"D{_acquired(line)}",
            f"D{_day(line.sold)}",
            f"${_money(line.cost)}",
            f"${_money(line.proceeds)}",
            "$",
        )


def _record(*fields: str) -> str:
    # A field is a line, and "^" ends a record.
    told = (field.replace("^", " ").replace("\r", " ").replace("\n", " ") for field in fields)
    return "\r\n".join([*told, "^", ""])


def _description(line: FormLine, context: ExportContext) -> str:
    return f"{plain(line.amount)} {context.symbol(line.asset)}"


def _acquired(line: FormLine) -> str:
    return NOT_KNOWN if line.acquired is None else _day(line.acquired)


def _day(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _money(amount: Decimal | None) -> str:
    """An amount; what nobody knows is empty."""
    return "" if amount is None else f"{amount:.2f}"


def _short_of(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    for code in shortfalls(transaction, context):
        yield code
        if code == "reported" and transaction.occurred_at.year >= BY_WALLET:
            yield "boxes"


_BOXES = gettext_noop(
    "TXF has no numbers for the boxes G to L that digital assets have since 2025: programs put "
    "these into boxes A to F. Move them there, or enter the form by hand."
)

_LEFT_OUT = gettext_noop(
    "Nobody knows what these were sold for, and this file cannot say so: they are left out. Give a "
    "price by hand, or enter them yourself before you file."
)
_OF_KNOWN = {**LACKS, "unpriced": _LEFT_OUT}

FORMATS = (
    ExportFormat(
        id="form-8949",
        title=gettext_noop("Form 8949, United States (CSV)"),
        description=gettext_noop(
            "One line per lot sold, of all accounts, in dollars, by your tax settings or first in "
            "first out. TaxAct takes it: map the columns by their names."
        ),
        write=csv_table(HEADER, _rows),
        lacks=LACKS,
        version=2,
        shortfalls=shortfalls,
        needs_history=True,
    ),
    ExportFormat(
        id="turbotax-gains",
        title=gettext_noop("TurboTax Online, gains (CSV)"),
        description=gettext_noop(
            "The gains that Coffer worked out, of all accounts, in dollars: five columns. TurboTax "
            "offers to import them in some years and not in others."
        ),
        write=csv_table(TURBOTAX, _gains),
        lacks=_OF_KNOWN,
        version=2,
        shortfalls=shortfalls,
        needs_history=True,
    ),
    ExportFormat(
        id="txf",
        title=gettext_noop("TXF, United States"),
        description=gettext_noop(
            "For TurboTax and H&R Block on a desktop, in dollars. Warning: TXF is of 2011 and has "
            "no place for digital assets of 2025 and later; programs file them under the wrong "
            "box. Prefer Form 8949 as CSV."
        ),
        write=txf,
        content_type="text/plain; charset=us-ascii",
        extension="txf",
        lacks={**_OF_KNOWN, "boxes": _BOXES},
        version=2,
        shortfalls=_short_of,
        needs_history=True,
    ),
)
