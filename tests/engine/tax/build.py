"""Short ways to write down what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from portfolio.engine.tax import Leg, Outcome, Settings, TaxEvent, compute
from portfolio.engine.tax.settings import (
    CryptoFee,
    DisposalFee,
    LongTerm,
    Scope,
    TradeFee,
)
from portfolio.engine.tax.types import EventKind


def at(text: str) -> datetime:
    """A moment; noon where only a date is given."""
    moment = datetime.fromisoformat(text if "T" in text else f"{text}T12:00:00")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def leg(text: str | None) -> Leg | None:
    """A leg from "0.5 BTC 1000": amount, asset, value where it is known."""
    if text is None:
        return None
    amount, asset, *value = text.split()
    return Leg(asset, Decimal(amount), Decimal(value[0]) if value else None)


def event(kind: str, when: str, **more: Any) -> TaxEvent:
    """An event; legs as texts."""
    legs: dict[str, Any] = {name: leg(more.pop(name, None)) for name in ("into", "out", "fee")}
    return TaxEvent(at(when), EventKind(kind), more.pop("wallet", "A"), **legs, **more)


def buy(when: str, what: str, price: str, **more: Any) -> TaxEvent:
    """Bought for money: "1 BTC", "1000"."""
    return event("buy", when, into=f"{what} {price}", out=f"{price} EUR {price}", **more)


def sell(when: str, what: str, price: str, **more: Any) -> TaxEvent:
    """Sold for money."""
    return event("sell", when, out=f"{what} {price}", into=f"{price} EUR {price}", **more)


def settings(method: str = "fifo", **more: Any) -> Settings:
    """Settings in euros and UTC unless said otherwise."""
    return Settings(method, more.pop("base_currency", "EUR"), **more)


US: dict[str, Any] = {"long_term": LongTerm.CALENDAR_YEAR}
UK: dict[str, Any] = {
    "tax_timezone": "Europe/London",
    "tax_year_start": (4, 6),
    "disposal_fee": DisposalFee.ADD_TO_COST,
    "trade_fee": TradeFee.SPLIT,
}
PER_WALLET: dict[str, Any] = {"scope": Scope.PER_WALLET}
CONSUME: dict[str, Any] = {"crypto_fee": CryptoFee.CONSUME}


def rows(outcome: Outcome) -> list[tuple[str, ...]]:
    """What each part of a disposal says: amount, proceeds, cost, gain, match; in plain numbers."""
    return [
        (
            *(_plain(n) for n in (row.amount, row.proceeds, row.cost_basis, row.gain)),
            row.match.value,
        )
        for row in outcome.disposals
    ]


def left(outcome: Outcome) -> list[tuple[str, ...]]:
    """What is left: asset, amount, cost."""
    return [(r.asset, _plain(r.amount), _plain(r.cost_basis)) for r in outcome.remaining]


def run(events: Iterable[TaxEvent], method: str = "fifo", **more: Any) -> Outcome:
    """Computes."""
    return compute(settings(method, **more), tuple(events))


def _plain(number: Decimal | None) -> str:
    if number is None:
        return "unknown"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
