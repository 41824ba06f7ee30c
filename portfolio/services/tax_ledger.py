"""Reads a person's ledger into the tax engine, with a fingerprint of all that went in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from portfolio.engine.export import ExportTransaction
from portfolio.engine.tax import VERSION, History
from portfolio.engine.tax.from_ledger import Translation, events
from portfolio.engine.tax.place import Place
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import TaxEvent
from portfolio.exports import canonical
from portfolio.exports.transfers import by_transfer
from portfolio.models import Connection
from portfolio.selectors import exports, tax_events
from portfolio.selectors.export_rows import Selection
from portfolio.services.tax_inputs import Inputs


@dataclass(frozen=True, slots=True)
class TaxLedger:
    """A history ready to be computed, where each event comes from, and what it was made of."""

    history: History
    made: Translation
    fingerprint: str
    inputs: Inputs


def selection(user: User, environment: str, before: datetime) -> Selection:
    """What of the ledger a year needs: all accounts of an environment up to a moment."""
    return Selection(before=before, connections=tax_events.accounts(user, environment))


def read(
    user: User,
    place: Place,
    settings: Settings,
    chosen: Selection,
    *,
    tell: Callable[[int], None] = lambda number: None,
    environment: str = Connection.Environment.LIVE,
    picks: Mapping[str, Any] | None = None,
) -> TaxLedger:
    """Reads what is chosen, oldest first; ``tell`` is told how many transactions were read.

    An empty choice of accounts reads nothing. ``environment`` is whose prices count where the
    place asks for the value of all coins at a sale. ``picks``, lots that were chosen, are of the
    fingerprint alone.
    """
    currency = settings.base_currency
    costs = tax_events.costs(user, currency)
    inputs = Inputs(costs)
    made, digest = Translation(), hashlib.sha256(_told(place, settings))
    if picks:
        digest.update(canonical.line(picks))
    digest.update(canonical.line({str(number): str(cost) for number, cost in costs.items()}))
    if not chosen.connections:
        return TaxLedger(History((), currency), made, digest.hexdigest(), inputs)
    with closing(exports.transactions(user, chosen, currency)) as transactions:  # type: ignore[type-var]
        watched = _watched(transactions, digest, inputs, tell)
        told = events(
            by_transfer(watched),
            currency,
            made,
            costs=costs,
            at_no_cost=place.at_no_cost,
            price=tax_events.prices(user, currency, environment) if place.needs_portfolio else None,
        )
        history = History(_valued(told, digest), currency)
    return TaxLedger(history, made, digest.hexdigest(), inputs)


def _watched(
    transactions: Iterable[ExportTransaction],
    digest: Any,
    inputs: Inputs,
    tell: Callable[[int], None],
) -> Iterator[ExportTransaction]:
    for number, transaction in enumerate(transactions, 1):
        digest.update(canonical.line(canonical.of_transaction(transaction)))
        inputs.add(transaction)
        tell(number)
        yield transaction


def _valued(events: Iterable[TaxEvent], digest: Any) -> Iterator[TaxEvent]:
    """The values of all coins at sales go in too."""
    for event in events:
        if event.portfolio_value is not None:
            digest.update(f"{event.portfolio_value:f};".encode())
        yield event


def settings_told(settings: Settings) -> dict[str, Any]:
    """Settings as JSON, all of them."""
    told = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
    return {name: _plain(value) for name, value in sorted(told.items())}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(more) for key, more in sorted(value.items())}
    if isinstance(value, tuple):
        return [_plain(more) for more in value]
    if isinstance(value, frozenset):  # it has another order in each process
        return sorted(str(more) for more in value)
    return value if value is None or isinstance(value, int | bool) else str(value)


def _told(place: Place, settings: Settings) -> bytes:
    told = {"engine": VERSION, "place": place.id, "settings": settings_told(settings)}
    return json.dumps(told, sort_keys=True).encode()
