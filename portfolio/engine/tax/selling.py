"""A sale that is not made: what it would give now, by every method that the place allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import left_out, whole
from portfolio.engine.tax.from_ledger import ContractLine
from portfolio.engine.tax.history import History
from portfolio.engine.tax.operations import ACQUIRE, MOVE, Operations
from portfolio.engine.tax.place import Figure, Place, Worth, Year
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Disposal, EventKind, Leg, Remaining, TaxEvent, Term
from portfolio.engine.tax.what_if import Price, methods_of
from portfolio.engine.tax.yearly import year_of

# How much of each asset there is, by wallet; by "" where wallets do not matter.
Held = Mapping[str, Mapping[str, Decimal]]


class Sale(NamedTuple):
    """A sale in one wallet. ``portfolio_value``: of all coins, where the place asks for it."""

    asset: str
    amount: Decimal
    proceeds: Decimal  # in the base currency
    wallet: str
    at: datetime
    portfolio_value: Decimal | None = None


class SaleResult(NamedTuple):
    """What sales would give by one method.

    ``rows`` are the lots they use. ``before`` and ``after`` are the figures of the year without
    them and with them, ``left`` what then is left of the asset, or of all where it is one pool.
    ``missing`` is what is sold and not held.
    """

    method: str
    rows: Sequence[Disposal]
    missing: Decimal
    before: Sequence[Figure]
    after: Sequence[Figure]
    left: Sequence[Remaining]

    @property
    def gain(self) -> Decimal | None:
        """The gain of all of it; None where the day has a disposal of a price that nobody knows."""
        return None if self._is_unknown else sums.net(self.rows)

    @property
    def gain_long(self) -> Decimal | None:
        """The part of it on what was long held."""
        long = (row for row in self.rows if row.term is Term.LONG)
        return None if self._is_unknown else sums.net(long)

    @property
    def proceeds(self) -> Decimal | None:
        """What it brings."""
        return None if self._is_unknown else sums.proceeds(self.rows)

    @property
    def _is_unknown(self) -> bool:
        return any(row.proceeds is None for row in self.rows)


def lots_now(
    place: Place, settings: Settings, history: History, at: datetime
) -> Sequence[Remaining]:
    """The lots as a sale at ``at`` would find them. May raise what ``compute`` may."""
    # Where the law counts lots anew from a day on, it does so with the first event after it.
    money_in = Leg(settings.base_currency, money.ZERO, money.ZERO)
    nothing = TaxEvent(at, EventKind.DEPOSIT, into=money_in)
    return place.compute(settings, history.plus(nothing)).remaining


def held(place: Place, settings: Settings, history: History, at: datetime) -> Held:
    """What there is to sell, by the place's own method. May raise what ``compute`` may."""
    if place.needs_portfolio:
        return {asset: {"": amount} for asset, amount in _units(settings, history).items()}
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in lots_now(place, settings, history, at):
        of_asset = found[row.asset]
        of_asset[row.wallet] = money.add(of_asset.get(row.wallet, money.ZERO), row.amount)
    return found


def _units(settings: Settings, history: History) -> dict[str, Decimal]:
    """Units over all wallets; what goes and was not there is nothing, as methods take it."""
    operations = Operations(settings, history)
    found = [0] * len(history.assets)
    for kind, coin, units in zip(operations.kinds, operations.coins, operations.units, strict=True):
        if kind != MOVE:
            found[coin] = max(found[coin] + (units if kind == ACQUIRE else -units), 0)
    return {
        history.assets[coin]: whole.amount_of(units, history.digits)
        for coin, units in enumerate(found)
        if units
    }


def worth_of_all(there: Held, price: Price, sale: Sale) -> Decimal:
    """What all coins are worth with a sale at its own price; those of no known price are left out.

    Never less than what is sold brings.
    """
    worths = [sale.proceeds]
    for asset, wallets in there.items():
        rest = money.total(wallets.values())
        if asset == sale.asset:
            rest = max(money.add(rest, money.negate(sale.amount)), money.ZERO)
        unit = price(asset)
        if unit is not None:
            worths.append(money.multiply(rest, unit))
    return money.total(worths) or Decimal(1)  # of nothing, any number gives the same


def sell_now(
    place: Place,
    settings: Settings,
    history: History,
    contracts: Sequence[ContractLine],
    sales: Sequence[Sale],
    *,
    opening_values: Worth | None = None,
) -> Iterator[SaleResult]:
    """Sales of one asset at one moment, by all methods of the place.

    ``opening_values`` is what amounts were worth when the tax year began. May raise what
    ``compute`` may.
    """
    number, more = len(history.at), history
    for sale in sales:
        more = more.plus(_event(settings, sale))
    year = settings.year_of(settings.local_date(sales[0].at))

    def told(chosen: Settings, of: History) -> Year:
        found = year_of(place, chosen, of, contracts, year)
        return replace(found, opening_values=opening_values) if opening_values else found

    for method in methods_of(place, settings):
        chosen = replace(settings, method=method)
        before, after = told(chosen, history), told(chosen, more)
        yield SaleResult(
            method,
            tuple(row for row in after.disposals if row.event >= number),
            money.total(row.missing for row in after.shortfalls if row.event >= number),
            left_out.figures(place, before),
            left_out.figures(place, after),
            tuple(
                row for row in after.closing if place.needs_portfolio or row.asset == sales[0].asset
            ),
        )


def _event(settings: Settings, sale: Sale) -> TaxEvent:
    return TaxEvent(
        sale.at,
        EventKind.SELL,
        sale.wallet,
        into=Leg(settings.base_currency, sale.proceeds, sale.proceeds),
        out=Leg(sale.asset, sale.amount, sale.proceeds),
        portfolio_value=sale.portfolio_value,
    )
