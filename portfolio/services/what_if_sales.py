"""Works out what a sale now would give, by every method of the place. Reads, stores nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portfolio.engine import money
from portfolio.engine.money import plain
from portfolio.engine.tax.from_ledger import OUTSIDE
from portfolio.engine.tax.place import Figure
from portfolio.engine.tax.selling import Held, Sale, SaleResult, held, sell_now, worth_of_all
from portfolio.engine.tax.types import Disposal
from portfolio.models import WhatIfLine
from portfolio.selectors import tax_unpriced
from portfolio.selectors.prices_now import PricesNow
from portfolio.services.tax_settings import TaxProblem
from portfolio.services.what_if_case import Answer, Asked, Case, assumed, price_told, wash


def of_sale(case: Case, asked: Asked) -> Answer:
    """One sale by all methods of the place. May raise TaxProblem, BadEvent."""
    place, settings, history = case.place, case.settings, case.ledger.history
    there = held(place, settings, history, case.at)
    parts = _parts(case, asked, there.get(asked.asset, {}))
    prices = case.prices([asked.asset, *(there if place.needs_portfolio else ())])
    found = prices.found(asked.asset) if asked.price is None else None
    price = found.price if found else asked.price
    if price is None:
        raise TaxProblem(
            _("No price of %(asset)s is known in %(currency)s: type one.")
            % {"asset": asked.asset, "currency": settings.base_currency}
        )
    sales = [
        Sale(asked.asset, amount, money.multiply(amount, price), wallet, case.at)
        for wallet, amount in parts.items()
    ]
    if place.needs_portfolio:
        (sale,) = sales
        sales = [sale._replace(portfolio_value=worth_of_all(there, prices.price, sale))]
    results = list(
        sell_now(
            *(place, settings, history, case.ledger.made.contracts, sales),
            opening_values=case.opening_values,
        )
    )
    used = _used(prices, there) if place.needs_portfolio else {}
    told = {
        "asset": asked.asset,
        "amount": plain(money.total(parts.values())),
        **price_told(found),
        "price": plain(price),
        "proceeds": plain(money.total(sale.proceeds for sale in sales)),
        "accounts": [[wallet, plain(amount)] for wallet, amount in parts.items() if wallet],
        "outside": _outside(there.get(asked.asset, {}), parts),
        "methods": [_method(case, row) for row in results],
        "unpriced": sorted(asset for asset in used if not used[asset]),
        "wash": wash(case)(asked.asset),
    }
    return Answer(told, _sold(case, results), {**used, asked.asset: plain(price)})


def _used(prices: PricesNow, there: Held) -> dict[str, str]:
    """What all coins were priced at; "" where no price is known."""
    found = {asset: prices.price(asset) for asset in there}
    return {asset: "" if price is None else plain(price) for asset, price in found.items()}


def _parts(case: Case, asked: Asked, there: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """How much is sold in which wallet. May raise TaxProblem."""
    if case.place.has_lots_by_account:
        there = {wallet: amount for wallet, amount in there.items() if wallet != OUTSIDE}
        if asked.account:
            there = {wallet: there[wallet] for wallet in there if wallet == asked.account}
    there = {wallet: amount for wallet, amount in there.items() if amount > 0}
    whole = money.total(there.values())
    if not whole or (asked.amount is not None and asked.amount > whole):
        raise TaxProblem(_too_much(case, asked, whole))
    if asked.amount is None or asked.amount == whole:
        return there
    if len(there) == 1:
        return dict.fromkeys(there, asked.amount)
    raise TaxProblem(
        _(
            "%(asset)s lies in several accounts (%(accounts)s), and lots count by account: choose"
            " one."
        )
        % {
            "asset": asked.asset,
            "accounts": ", ".join(
                sorted(
                    f"{case.labels.get(pk, pk)}: {plain(amount)}" for pk, amount in there.items()
                )
            ),
        }
    )


def _too_much(case: Case, asked: Asked, whole: Decimal) -> str:
    told = {
        "asset": asked.asset,
        "held": plain(whole),
        "asked": "" if asked.amount is None else plain(asked.amount),
        "account": case.labels.get(asked.account, ""),
    }
    if not whole:
        if asked.account and case.place.has_lots_by_account:
            return _("By the ledger there is no %(asset)s to sell in %(account)s.") % told
        return _("By the ledger there is no %(asset)s to sell.") % told
    if asked.account and case.place.has_lots_by_account:
        return (
            _(
                "By the ledger there are %(held)s %(asset)s in %(account)s, less than the"
                " %(asked)s asked for."
            )
            % told
        )
    return (
        _("By the ledger there are %(held)s %(asset)s, less than the %(asked)s asked for.") % told
    )


def _outside(there: Mapping[str, Decimal], parts: Mapping[str, Decimal]) -> str | None:
    """What left for places that are not known, and is not among what is sold."""
    amount = there.get(OUTSIDE)
    return None if not amount or OUTSIDE in parts else plain(amount)


def _method(case: Case, row: SaleResult) -> dict[str, Any]:
    rows = row.rows
    is_own = row.method == case.settings.method
    return {
        "method": row.method,
        "is_own": is_own,
        "amount": plain(money.total(part.amount for part in rows)),
        "proceeds": _plain(row.proceeds),
        "cost": plain(money.total(part.cost_basis for part in rows)),
        "denied": plain(money.total(part.denied for part in rows)),
        "gain": _plain(row.gain),
        "gain_long": _plain(row.gain_long) if case.place.has_long_term else None,
        "lots": len(rows),
        "left": len(row.left),
        "left_amount": None if case.place.needs_portfolio else _left(row),
        "left_cost": plain(money.total(part.cost_basis for part in row.left)),
        "figures": _figures(row),
    }


def _left(row: SaleResult) -> str:
    return plain(money.total(part.amount for part in row.left))


def _figures(row: SaleResult) -> list[list[Any]]:
    """Each figure of the year without the sale and with it."""
    before = {(figure.code, figure.title): _amount(figure) for figure in row.before}
    return [
        [
            *(figure.code, figure.title, figure.is_main, figure.is_count),
            *(before.get((figure.code, figure.title)), _amount(figure)),
            tax_unpriced.told(figure.without),
        ]
        for figure in row.after
    ]


def _amount(figure: Figure) -> str | None:
    return _plain(figure.amount)


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _sold(case: Case, results: Iterable[SaleResult]) -> Iterator[WhatIfLine]:
    assumptions = assumed(case.ledger)
    for result in results:
        for position, row in enumerate(result.rows):
            yield _disposal(case, row, result.method, position, assumptions)


def _disposal(
    case: Case, row: Disposal, method: str, position: int, assumptions: Mapping[int, str]
) -> WhatIfLine:
    acquired = row.acquired
    is_moment = isinstance(acquired, datetime)
    source = None if row.lot is None else case.ledger.made.sources[row.lot]
    return WhatIfLine(
        part=method,
        position=position,
        asset=row.asset,
        account=row.wallet,
        amount=row.amount,
        value=row.proceeds,
        cost=row.cost_basis,
        denied=row.denied or None,  # type: ignore[misc]  # the field may be null
        acquired_at=acquired if is_moment else None,
        acquired_on=None if is_moment else acquired,
        term=row.term.value if row.term else "",
        match=row.match.value,
        assumed="" if source is None else assumptions.get(source, ""),
        lot_transaction=source,
    )
