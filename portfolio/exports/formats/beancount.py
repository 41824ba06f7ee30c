"""Beancount: one file with accounts, commodities, transactions and balances.

A day is its finest time, so entries of a day stand in their order and tell the moment beside. Each
account is opened, each commodity declared, before its first use; at the end each balance is
asserted to the last digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Context, Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import Check, ExportFormat, Group, gettext_noop
from portfolio.exports.journal import (
    LACKS,
    Account,
    Entry,
    Journal,
    Line,
    Place,
    shortfalls,
)
from portfolio.exports.names import Names, one_line
from portfolio.exports.tables import text_pieces

# Beancount computes with 28 digits, as Python does by default.
_ITS_OWN = Context(prec=28)
_MORE_DIGITS = "digits"
_ROUNDING: Account = ("Equity", "Rounding")


def write(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[bytes]:
    """The file in pieces."""
    return text_pieces(_texts(transactions, context))


def _texts(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[str]:
    journal, writer = Journal(context), _Writer(context)
    yield writer.head()
    for entry in journal.entries(transactions):
        yield from writer.entry(entry)
    if journal.last is not None:
        # A balance is that of the morning.
        yield from writer.balances(journal.balances, journal.last + timedelta(days=1))


class _Writer:
    """The text of each thing, with what it needs declared before."""

    def __init__(self, context: ExportContext) -> None:
        self._context = context
        self._accounts = Names(_account, numbered="{}-{}")
        self._commodities = Names(_commodity, numbered="{}{}")
        self._its_own: dict[Place, Decimal] = {}

    def head(self) -> str:
        currency = self._commodities.of(self._context.currency, self._context.currency)
        return (
            'option "title" "Coffer"\n'
            f'option "operating_currency" "{currency}"\n'
            # What dividing a total by an amount rounds off in the 28th digit.
            'option "inferred_tolerance_default" "*:0.000000000001"\n'
        )

    def entry(self, entry: Entry) -> Iterator[str]:
        lines = (*entry.lines, *_rounded_off(entry.lines))
        for line in lines:
            yield from self._declared(line, entry.on)
            self._add(line)
        yield f"\n{entry.on} * {_quoted(entry.payee)} {_quoted(entry.about)}\n"
        yield from (f"  {name}: {_quoted(text)}\n" for name, text in entry.facts)
        yield from (self._line(line) for line in lines)

    def _declared(self, line: Line, on: date) -> Iterator[str]:
        if line.account not in self._accounts:
            yield f"\n{on} open {self._account(line.account)}\n"
        for asset in (line.asset, line.price.asset if line.price else line.asset):
            if asset not in self._commodities:
                code = self._commodity(asset)
                meta = "" if code == asset else f"  symbol: {_quoted(asset)}\n"
                yield f"\n{on} commodity {code}\n{meta}"

    def _add(self, line: Line) -> None:
        place = (line.account, line.asset)
        self._its_own[place] = _ITS_OWN.add(self._its_own.get(place, money.ZERO), line.amount)

    def _line(self, line: Line) -> str:
        price = ""
        if line.price is not None:
            price = f" @@ {money.plain(line.price.amount)} {self._commodity(line.price.asset)}"
        amount = f"{money.plain(line.amount)} {self._commodity(line.asset)}"
        return f"  {self._account(line.account)}  {amount}{price}\n"

    def balances(self, balances: dict[Place, Decimal], on: date) -> Iterator[str]:
        yield "\n"
        for place, held in balances.items():
            account, asset = place
            rounded_off = money.add(held, money.negate(self._its_own[place])).copy_abs()
            yield (
                f"{on} balance {self._account(account)}  {money.plain(held)}"
                f" ~ {money.plain(rounded_off)} {self._commodity(asset)}\n"
            )

    def _account(self, account: Account) -> str:
        return self._accounts.of(account, ":".join(_component(word) for word in account))

    def _commodity(self, asset: str) -> str:
        return self._commodities.of(asset, self._context.symbol(asset))


def _rounded_off(lines: Iterable[Line]) -> Iterator[Line]:
    """What beancount is off by where it divides a total by an amount, and would not tolerate.

    It tolerates what is less than the last digit of an amount in the currency of the prices.
    """
    sums: dict[str, Decimal] = {}
    tolerated: dict[str, bool] = {}
    for line in lines:
        asset = line.asset if line.price is None else line.price.asset
        sums[asset] = _ITS_OWN.add(sums.get(asset, money.ZERO), _weight(line))
        tolerated[asset] = tolerated.get(asset, True) and line.price is not None
    for asset, off in sums.items():
        if off and not tolerated[asset]:
            yield Line(_ROUNDING, money.negate(off), asset)


def _weight(line: Line) -> Decimal:
    """What beancount makes of a line: a total price becomes one of each."""
    if line.price is None:
        return line.amount
    of_each = _ITS_OWN.divide(line.price.amount, line.amount.copy_abs())
    return _ITS_OWN.multiply(of_each, line.amount)


def _account(text: str) -> str:
    return text  # its components are cleaned one by one


def _component(text: str) -> str:
    """Starts with a capital letter or a digit; goes on with letters, digits and dashes."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    return plain[:1].upper() + plain[1:] or "X"


def _commodity(text: str) -> str:
    """Capital letters, digits and a few signs; a letter first, and no sign last."""
    plain = re.sub(r"[^A-Z0-9'._-]+", "-", text.upper()).strip("-._'")
    return plain if plain[:1].isalpha() else f"X{plain}"


def _quoted(text: str) -> str:
    plain = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    yield from shortfalls(transaction, context)
    if any(len(leg.amount.as_tuple().digits) > _ITS_OWN.prec for leg in transaction.legs):
        yield _MORE_DIGITS


FORMAT = ExportFormat(
    id="beancount",
    title=gettext_noop("Beancount"),
    description=gettext_noop(
        "A ledger for beancount 3: every amount with its counterpart, prices as totals, own "
        "transfers by way of an account for what is under way, and at the end the balance of every "
        "wallet, asserted to the last digit. It holds no lots: cost and gains are for tax software."
    ),
    write=write,
    content_type="text/plain; charset=utf-8",
    extension="beancount",
    check=Check.RUN,
    checked_by="beancount 3.2.3",
    lacks={
        **LACKS,
        _MORE_DIGITS: gettext_noop(
            "Beancount computes with 28 digits, and these amounts have more: its balances are "
            "rounded there."
        ),
    },
    shortfalls=_shortfalls,
    group=Group.ACCOUNTING,
)
