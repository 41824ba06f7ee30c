"""Nexo's transactions: what goes in and what comes out of each, the older files in one amount.

Money has a twin inside Nexo (EURX for EUR) that is worth the same: both are the currency. Loans
are neither won nor lost.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading, Row

_Kind = TransactionKind
SAVINGS, TERM, CREDIT = "savings", "term", "credit line"
_ASSETS = {
    **{"NEXONEXO": "NEXO", "NEXOBNB": "NEXO", "NEXOBEP2": "NEXO", "BNBN": "BNB"},
    **{"USDTERC": "USDT", "EURX": "EUR", "GBPX": "GBP", "USDX": "USD"},
}
_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposit", "exchangedepositedon", "topupcrypto")),
    (_Kind.WITHDRAWAL, ("withdrawal", "withdrawexchanged")),
    (_Kind.TRADE, ("exchange", "exchangecollateral")),
    (_Kind.INTEREST, ("interest", "fixedterminterest", "interestadditional")),
    (_Kind.REWARD, ("dividend", "referralbonus", "cashback", "exchangecashback", "bonus")),
    (_Kind.TRANSFER, ("lockingtermdeposit", "unlockingtermdeposit", "transferin", "transferout")),
    (_Kind.LIQUIDATION, ("liquidation", "manualsellorder")),
    (_Kind.ADJUSTMENT, ("administrator", "assimilation")),
    (_Kind.FEE, ("fiatdepositfee",)),
    # Steps of a deposit or withdrawal that another row books, and loans.
    (_Kind.OTHER, ("deposittoexchange", "exchangetowithdraw", "withdrawalcredit",
                   "loanwithdrawal", "repayment", "manualrepayment", "creditcardstatus",
                   "nexocardpurchase", "creditcardfiatxexchangetowithdraw")),
)  # fmt: skip
_PLACES = {  # what goes out of the first comes into the second
    "lockingtermdeposit": (SAVINGS, TERM),
    "unlockingtermdeposit": (TERM, SAVINGS),
    "transferout": (SAVINGS, CREDIT),
    "transferin": (CREDIT, SAVINGS),
}
_BOTH = re.compile(r"^-?([\d.,]+)\s*/\s*\+?([\d.,]+)$")


def _asset(code: str) -> str:
    plain = code.strip().upper()
    return _ASSETS.get(plain, plain)


def _word(row: Row) -> str:
    return re.sub(r"[\s_]", "", cells.text(row, "Type")).lower()


def _at(row: Row, reading: Reading) -> datetime:
    return cells.zoned(row, reading, "Date / Time")


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word = _word(row)
    kind = legs.kind_of(word, _KINDS)
    note = cells.text(row, "Details")
    if kind is _Kind.DEPOSIT and "airdrop" in note.lower():
        kind = _Kind.AIRDROP
    moved = _moved(row, reading, word, kind)
    amount = cells.text(row, "Input Amount", "Amount") if kind is _Kind.OTHER else ""
    return legs.event(
        legs.exchanged(kind, moved) if kind is _Kind.TRADE else kind,
        _at(row, reading),
        moved,
        type=cells.needed(row, "Type"),
        note=note,
        amount=f"{amount} {cells.text(row, 'Input Currency', 'Currency')}".strip()
        if amount
        else "",
        reference=cells.text(row, "Transaction"),
    )


def _moved(row: Row, reading: Reading, word: str, kind: TransactionKind) -> list[Movement]:
    (gave_in, gave), (got_in, got) = _sides(row, reading)
    paid, paid_in = cells.or_zero(row, reading, "Fee"), _asset(cells.text(row, "Fee Currency"))
    charge = [legs.fee(SAVINGS, paid_in, paid)] if paid and paid_in else []
    if kind is _Kind.OTHER:
        return []
    if word in _PLACES:
        source, target = _PLACES[word]
        size = gave.copy_abs()
        return [legs.leg(source, gave_in, money.negate(size)), legs.leg(target, gave_in, size)]
    if kind is _Kind.TRADE:
        # What was given has the fee within; what was received is without it.
        out = money.add(gave.copy_abs(), money.negate(paid) if paid_in == gave_in else money.ZERO)
        came = money.add(got.copy_abs(), paid if paid_in == got_in else money.ZERO)
        return [*legs.swap(SAVINGS, "buy", (got_in, came), (gave_in, out)), *charge]
    if kind in (_Kind.WITHDRAWAL, _Kind.LIQUIDATION):
        out = gave.copy_abs()
        sent = money.add(out, money.negate(paid)) if paid_in == gave_in else out
        return [legs.leg(SAVINGS, gave_in, money.negate(sent)), *charge]
    if kind is _Kind.FEE:
        return [legs.fee(SAVINGS, gave_in, gave.copy_abs())]
    return [legs.leg(SAVINGS, got_in, got) if got and got_in else legs.leg(SAVINGS, gave_in, gave)]


_Side = tuple[str, Decimal]


def _sides(row: Row, reading: Reading) -> tuple[_Side, _Side]:
    """What went in and what came out; both are the one amount of older files."""
    if "Input Currency" in row.cells:
        gave_in = _asset(cells.needed(row, "Input Currency"))
        gave = cells.amount(row, reading, "Input Amount")
        got = cells.or_zero(row, reading, "Output Amount")
        return (gave_in, gave), (_asset(cells.text(row, "Output Currency")), got)
    told = cells.needed(row, "Currency")
    if both := _BOTH.match(cells.text(row, "Amount")):
        first, _, second = told.partition("/")
        sizes = (
            cells.amount(Row(row.line, {"Amount": told}), reading, "Amount")
            for told in both.groups()
        )
        return (_asset(first), next(sizes)), (_asset(second), next(sizes))
    if "/" in told:
        raise NotUnderstood("Amount has not both sides of an exchange", line=row.line)
    side = (_asset(told), cells.amount(row, reading, "Amount"))
    return side, side


def _rejected(row: Row) -> str:
    state = cells.text(row, "Details").partition("/")[0].strip().lower()
    return f"its state is “{state}”" if state in ("rejected", "pending", "cancelled") else ""


_BEFORE = ("Transaction", "Type")
_TWO = ("Input Currency", "Input Amount", "Output Currency", "Output Amount", "USD Equivalent",
        "Details")  # fmt: skip
_ONE = ("Currency", "Amount", "Details")

FORMATS = (
    ImportFormat(
        id="nexo",
        title="Nexo: transactions",
        description="Transactions; times are UTC.",
        headings=(
            (*_BEFORE, *_TWO, "Date / Time (UTC)"),
            (*_BEFORE, *_ONE, "Date / Time (UTC)"),
        ),
        entries=legs.one_each(left_out=_rejected),
        event=_event,
        exchange="nexo",
    ),
    ImportFormat(
        id="nexo-older",
        title="Nexo: transactions, older",
        description="Transactions of files that do not say their zone.",
        headings=((*_BEFORE, *_TWO, "Date / Time"), (*_BEFORE, *_ONE, "Date / Time")),
        entries=legs.one_each(left_out=_rejected),
        event=_event,
        exchange="nexo",
        asks=("zone",),
    ),
)
