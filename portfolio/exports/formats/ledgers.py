"""hledger and ledger: journals of the same kind, each in its own spelling.

Accounts, payees and commodities are declared before their first use, so that both check the file
strictly; at the end each balance is asserted to the last digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import plain
from portfolio.exports.format import Check, ExportFormat, Group, gettext_noop
from portfolio.exports.journal import (
    LACKS,
    Account,
    Entry,
    Journal,
    Line,
    shortfalls,
)
from portfolio.exports.names import Names, one_line
from portfolio.exports.tables import text_pieces

_BALANCES = "Balances"
# ledger takes these for words of its own where they stand without quotes.
_RESERVED = frozenset({"and", "div", "else", "false", "if", "not", "or", "true"})


def write(
    transactions: Iterable[ExportTransaction], context: ExportContext, *, tags: bool
) -> Iterator[bytes]:
    """The file in pieces; ``tags``: they are declared too."""
    return text_pieces(_texts(transactions, context, tags=tags))


def _texts(
    transactions: Iterable[ExportTransaction], context: ExportContext, *, tags: bool
) -> Iterator[str]:
    journal, writer = Journal(context), _Writer(context, tags=tags)
    for entry in journal.entries(transactions):
        yield from writer.entry(entry)
    if journal.last is not None:
        yield f"\npayee {_BALANCES}\n\n{journal.last} * {_BALANCES}\n"
        for (account, asset), held in journal.balances.items():
            yield writer.balance(account, asset, plain(held))


class _Writer:
    """The text of each thing, with what it needs declared before."""

    def __init__(self, context: ExportContext, *, tags: bool) -> None:
        self._context = context
        self._tags: set[str] | None = set() if tags else None
        self._accounts = Names(lambda text: text)
        self._payees = Names(_plain)
        self._commodities = Names(_symbol)
        self._payees.of(_BALANCES, _BALANCES)

    def entry(self, entry: Entry) -> Iterator[str]:
        declared = "".join(self._declared(entry))
        yield f"\n{declared}" if declared else ""
        yield f"\n{entry.on} * {self._payee(entry.payee)}  ; {_comment(entry.about)}\n"
        yield from (f"    ; {name}: {_comment(text)}\n" for name, text in entry.facts)
        yield from (self._line(line) for line in entry.lines)

    def _declared(self, entry: Entry) -> Iterator[str]:
        if entry.payee not in self._payees:
            yield f"payee {self._payee(entry.payee)}\n"
        for line in entry.lines:
            if line.account not in self._accounts:
                yield f"account {self._account(line.account)}\n"
            for asset in (line.asset, line.price.asset if line.price else line.asset):
                if asset not in self._commodities:
                    yield f"commodity {self._commodity(asset)}\n"
        if self._tags is not None:
            new = {name for name, _ in entry.facts} - self._tags
            self._tags |= new
            yield from (f"tag {name}\n" for name in sorted(new))

    def _line(self, line: Line) -> str:
        price = ""
        if line.price is not None:
            price = f" @@ {plain(line.price.amount)} {self._commodity(line.price.asset)}"
        amount = f"{plain(line.amount)} {self._commodity(line.asset)}"
        return f"    {self._account(line.account)}  {amount}{price}\n"

    def balance(self, account: Account, asset: str, held: str) -> str:
        unit = self._commodity(asset)
        return f"    {self._account(account)}  0 {unit} = {held} {unit}\n"

    def _payee(self, payee: str) -> str:
        return self._payees.of(payee, payee)

    def _account(self, account: Account) -> str:
        return self._accounts.of(account, ":".join(_plain(word) for word in account))

    def _commodity(self, asset: str) -> str:
        name = self._commodities.of(asset, self._context.symbol(asset))
        is_bare = re.fullmatch("[A-Za-z]+", name) and name not in _RESERVED
        return name if is_bare else f'"{name}"'


def _plain(text: str) -> str:
    """Letters, digits and a few signs, with single spaces between: no sign of either syntax."""
    return re.sub(r"[^\w.-]+", " ", text).strip(" .-_") or "x"


def _symbol(text: str) -> str:
    """What may stand between quotes in both."""
    return re.sub(r"[^\w.$/+-]+", " ", text).strip() or "x"


def _comment(text: str) -> str:
    """What stands behind a semicolon; dates in brackets would be read."""
    return one_line(text).replace("[", "(").replace("]", ")")


def _format(ident: str, title: str, version: str, *, tags: bool) -> ExportFormat:
    return ExportFormat(
        id=ident,
        title=title,
        description=gettext_noop(
            "A journal of double entry: every amount with its counterpart, prices as totals, own "
            "transfers by way of an account for what is under way, and at the end the balance of "
            "every wallet, asserted to the last digit."
        ),
        write=partial(write, tags=tags),
        content_type="text/plain; charset=utf-8",
        extension="journal" if ident == "hledger" else "ledger",
        check=Check.RUN,
        checked_by=version,
        lacks=LACKS,
        shortfalls=shortfalls,
        group=Group.ACCOUNTING,
    )


FORMATS = (
    _format("hledger", gettext_noop("hledger"), "hledger 1.25", tags=False),
    _format("ledger", gettext_noop("ledger"), "ledger 3.3.0", tags=True),
)
