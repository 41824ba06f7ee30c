"""What an answer to "what if I sold now" is made of, and what it is told as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portfolio.engine.moments import Found, Width
from portfolio.engine.money import plain
from portfolio.engine.tax import what_if
from portfolio.engine.tax.from_ledger import Assumed
from portfolio.engine.tax.place import Place, Worth
from portfolio.engine.tax.settings import Settings
from portfolio.models import WhatIfLine
from portfolio.selectors.prices_now import PricesNow
from portfolio.services.tax_ledger import TaxLedger

Prices = Callable[[Iterable[str]], PricesNow]


@dataclass(frozen=True, slots=True)
class Asked:
    """A sale that is asked for; ``amount`` None is all, ``account`` "" any, ``price`` of now."""

    asset: str
    amount: Decimal | None = None
    account: str = ""
    price: Decimal | None = None

    def as_json(self) -> dict[str, str]:
        return {
            "asset": self.asset,
            "amount": "" if self.amount is None else plain(self.amount),
            "account": self.account,
            "price": "" if self.price is None else plain(self.price),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, str]) -> Asked:
        amount, price = told["amount"], told["price"]
        return cls(
            told["asset"],
            Decimal(amount) if amount else None,
            told["account"],
            Decimal(price) if price else None,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """All that an answer is made of. ``labels`` are the names of accounts by their id."""

    place: Place
    settings: Settings
    ledger: TaxLedger
    at: datetime
    prices: Prices
    labels: Mapping[str, str]
    opening_values: Worth

    @property
    def today(self) -> date:
        """The local day of now."""
        return self.settings.local_date(self.at)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out, as JSON and as lines, and the prices that it was made with."""

    told: dict[str, Any]
    lines: Iterator[WhatIfLine]
    prices: dict[str, str] = field(default_factory=dict)


def wash(case: Case) -> Callable[[str], dict[str, str | None] | None]:
    """The place's rule on buying again, by asset."""
    bought = what_if.last_bought(case.settings, case.ledger.history)

    def told(asset: str) -> dict[str, str | None] | None:
        found = what_if.wash(case.place, case.settings, bought.get(asset), case.today)
        if found is None:
            return None
        last = found.bought
        return {
            "bought": None if last is None else last.isoformat(),
            "free_from": found.free_from.isoformat(),
        }

    return told


def price_told(found: Found | None) -> dict[str, str | None]:
    """A price with its source and time; what a person gave holds at no time of its own."""
    is_market = found is not None and found.width is not Width.OWN
    return {
        "price": plain(found.price) if found else None,
        "price_source": found.source if found else None,
        "price_at": found.at.isoformat() if found and is_market else None,
    }


def assumed(ledger: TaxLedger) -> dict[int, str]:
    """What was taken for granted of lots, by transaction; the first of it."""
    rows = reversed(ledger.made.assumptions)
    return {row.transaction: row.what.value for row in rows if row.what is not Assumed.UNPRICED}
