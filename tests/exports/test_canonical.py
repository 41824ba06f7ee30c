"""The canonical lines tell everything: what differs in any part has another fingerprint."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.export import (
    Counterpart,
    ExportContext,
    ExportLeg,
    ExportTransaction,
    Opening,
    TaxChoices,
    TransferPiece,
)
from portfolio.engine.tax.settings import Settings
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exports import canonical

AT = datetime(2024, 5, 2, 11, 30, tzinfo=UTC)
OTHER = Counterpart(7, "acc", "Two", "binance", "spot", "BTC", Decimal(1), "0xaa")
PIECE = TransferPiece(3, "BTC", Decimal(1), OTHER)
LEG = ExportLeg("spot", "BTC", Decimal(1), PostingRole.PRINCIPAL, Decimal(5))
ONE = ExportTransaction(
    1, AT, TransactionKind.TRADE, "acc", "One", "kraken", "T1", (LEG,), {"side": "buy"}, 3, OTHER,
    "words", ("tag",), (PIECE,),
)  # fmt: skip
OPENING = Opening("acc", "One", "kraken", "spot", "BTC", Decimal(2))
CONTEXT = ExportContext("EUR", {"BTC": "XBT"}, (OPENING,), AT, AT + timedelta(days=1))


def another(value: Any) -> Any:
    """Some other value of the same kind."""
    if isinstance(value, TransactionKind):
        return TransactionKind.REWARD
    if isinstance(value, PostingRole):
        return PostingRole.FEE
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, tuple):
        return ()
    if isinstance(value, frozenset):
        return value | {"more"}
    if isinstance(value, dict):
        return {**value, "more": "x"}
    if isinstance(value, str):
        return value + "x"
    if value is None:
        return TaxChoices(Settings("fifo", "USD"))
    return None if isinstance(value, Counterpart) else value + 1


def changed(one: Any) -> list[Any]:
    """The same with each of its fields changed in turn."""
    return [replace(one, **{f.name: another(getattr(one, f.name))}) for f in fields(one)]


VARIANTS = [
    *changed(ONE),
    *(replace(ONE, legs=(leg,)) for leg in changed(LEG)),
    *(replace(ONE, counterpart=other) for other in changed(OTHER)),
    *(replace(ONE, pieces=(piece,)) for piece in changed(PIECE) if piece.counterpart),
    replace(ONE, legs=(replace(LEG, value=None),)),
    replace(ONE, legs=(replace(LEG, value=Decimal(0)),)),
]


def test_whatever_differs_gives_another_line() -> None:
    lines = [canonical.line(canonical.of_transaction(t)) for t in (ONE, *VARIANTS)]
    assert len(set(lines)) == len(lines)


def test_whatever_an_export_has_in_common_is_told() -> None:
    contexts = [
        CONTEXT,
        *changed(CONTEXT),
        *(replace(CONTEXT, openings=(opening,)) for opening in changed(OPENING)),
    ]
    lines = [canonical.line(canonical.of_context(context)) for context in contexts]
    assert len(set(lines)) == len(lines)


def test_sets_are_told_in_order() -> None:
    words = frozenset("abcdefghij")
    tax = TaxChoices(Settings("fifo", "USD", exempt=words))
    told = canonical.of_context(replace(CONTEXT, tax=tax))
    assert told["tax"]["settings"]["exempt"] == str(sorted(words))


@pytest.mark.parametrize(
    ("amount", "told"), [("1E-18", "0.000000000000000001"), ("1.500", "1.5"), ("1E+3", "1000")]
)
def test_amounts_are_told_alike_however_they_are_spelled(amount: str, told: str) -> None:
    leg = replace(LEG, amount=Decimal(amount))
    line = canonical.line(canonical.of_transaction(replace(ONE, legs=(leg,))))
    assert json.loads(line)["legs"][0]["amount"] == told
    assert line.endswith(b"}\n")
