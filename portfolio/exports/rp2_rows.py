"""Transactions as rows of RP2's three tables, which dali-rp2 reads too: IN, OUT and INTRA.

Both halves of an own transfer are one row of INTRA. RP2 rounds: see ``rp2_meter``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import own_word
from portfolio.exports.names import Accounts, Names, one_line
from portfolio.exports.rp2_drafts import BACK, ELSEWHERE, IN, INTRA, OUT, OWN, Draft, drafts
from portfolio.exports.rp2_meter import FINEST, Meter, as_read

HOLDER = "me"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``amount`` is what came, went or was moved, above zero.

    ``value`` is what it was worth; ``fiat_fee`` what the fees were worth. ``place`` and
    ``target`` are wallets, which RP2 calls exchanges; ``target`` of what was moved only. Names are
    as they may stand in its configuration.
    """

    table: str
    kind: str
    at: datetime
    asset: str
    place: str
    target: str
    amount: Decimal
    value: Decimal | None
    fiat_fee: Decimal | None
    ident: str
    note: str

    @property
    def spot(self) -> Decimal | None:
        """What one was worth, never nothing; None where that is not known."""
        if self.value is None:
            return None
        return max(
            money.divide(self.value, self.amount).quantize(_PRICE, context=money.EXACT), FINEST
        )

    @property
    def fiat(self) -> Decimal | None:
        """What all was worth; None where RP2 would take it for nothing, which it refuses.

        Of a sale it is what is left of that after the fee: RP2 takes no fee off what a sale brings.
        """
        value = self.value
        if value is not None and self.table == OUT and self.fiat_fee is not None:
            value = money.add(value, money.negate(self.fiat_fee))
        return value if value is not None and as_read(value) > 0 else None


_PRICE = Decimal("1e-20")


Lacking = frozenset[tuple[str, str]]  # a table and a type


def rows(
    transactions: Iterable[ExportTransaction],
    context: ExportContext,
    lacking: Lacking = frozenset(),
) -> Iterator[Row]:
    """All rows, oldest first; ``lacking`` are types that the target does not know: left out."""
    writer = _Writer(context, lacking)
    for transaction in transactions:
        yield from writer.rows(transaction)


class _Writer:
    def __init__(self, context: ExportContext, lacking: Lacking) -> None:
        self._context = context
        self._lacking = lacking
        self._accounts = Accounts()
        self._assets = Names(_listed)
        self._places = Names(_listed)
        self._meter = Meter()
        self._told: set[int] = set()  # transfers of which one half has come

    def rows(self, transaction: ExportTransaction) -> Iterator[Row]:
        name = self._accounts.of(
            transaction.account, transaction.exchange, transaction.account_label
        )
        about = _about(transaction)
        number = 0
        for draft in self._drafts(transaction, name):
            if (draft.table, draft.kind) in self._lacking:
                continue
            if amount := self._metered(draft):
                number += 1
                yield Row(
                    draft.table,
                    draft.kind,
                    transaction.occurred_at,
                    self._assets.of(draft.asset, self._context.symbol(draft.asset)),
                    self._place(draft.wallet),
                    self._place(draft.target),
                    amount,
                    draft.value,
                    draft.fiat_fee,
                    f"{transaction.id}-{number}",
                    about,
                )

    def _place(self, wallet: str) -> str:
        return self._places.of(wallet, wallet) if wallet else ""

    def _metered(self, draft: Draft) -> Decimal:
        if draft.table == IN:
            return self._meter.came(draft.asset, draft.wallet, draft.amount)
        target = draft.target if draft.table == INTRA else None
        return self._meter.went(draft.asset, draft.wallet, draft.amount, target)

    def _drafts(self, transaction: ExportTransaction, name: str) -> Iterator[Draft]:
        if transaction.transfer is not None and transaction.counterpart is not None:
            yield from self._half(transaction, name)
            return
        for told in drafts(transaction, self._context):
            if isinstance(told, Draft):
                yield self._placed(told, name)

    def _placed(self, draft: Draft, name: str) -> Draft:
        """With wallets by their full names; what comes back from elsewhere is moved."""
        placed = replace(draft, wallet=f"{name} {draft.wallet}")
        if draft.table == INTRA:
            return replace(placed, target=f"{name} {draft.target}")
        elsewhere = f"{name} {ELSEWHERE}"
        if draft.kind == BACK:
            if self._meter.held(draft.asset, elsewhere) >= draft.amount:
                return replace(placed, table=INTRA, kind="", wallet=elsewhere, target=placed.wallet)
            return replace(placed, kind="BUY")
        return placed

    def _half(self, transaction: ExportTransaction, name: str) -> Iterator[Draft]:
        """One row for both halves of an own transfer, at the time of the first."""
        other = transaction.counterpart
        assert other is not None  # noqa: S101  # nosec B101  # its caller knows
        assert transaction.transfer is not None  # noqa: S101  # nosec B101
        is_second = transaction.transfer in self._told
        there = self._accounts.of(other.account, other.exchange, other.account_label)
        for told in drafts(transaction, self._context):
            if not isinstance(told, Draft):
                continue
            if told.kind != OWN:
                yield self._placed(told, name)
            elif not is_second:
                here, away = f"{name} {told.wallet}", f"{there} {other.wallet}"
                source, target = (here, away) if told.table == OUT else (away, here)
                yield replace(told, table=INTRA, kind="", wallet=source, target=target)
        if is_second:
            self._told.discard(transaction.transfer)
        else:
            self._told.add(transaction.transfer)


def _listed(text: str) -> str:
    """Names stand in a list with commas, in a configuration file."""
    return " ".join(re.sub(r"[^\w.$/ -]+", " ", text).split()) or "x"


def _about(transaction: ExportTransaction) -> str:
    words = (
        transaction.kind.value,
        own_word(transaction),
        transaction.detail.get("symbol", ""),
        transaction.key,
        transaction.note,
    )
    return one_line(" ".join(words))
