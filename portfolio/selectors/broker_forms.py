"""What brokers told of sales, held against the lines of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.models import User
from portfolio.engine.money import ZERO
from portfolio.engine.tax import broker
from portfolio.engine.tax.broker import Compared, Own, Told
from portfolio.models import BrokerForm, Connection, TaxLine, TaxReport, Transaction


def sales(form: BrokerForm) -> Iterator[Told]:
    """The sales of a form, as they were given."""
    for asset, on, proceeds, basis, box in form.sales:
        known = Decimal(basis) if basis else None
        yield Told(asset, date.fromisoformat(on), Decimal(proceeds), known, box)


def reported(user: User) -> dict[tuple[str, str, date], bool]:
    """Whether the basis was reported, by account, asset and day; one query."""
    told: dict[str, list[Told]] = defaultdict(list)
    for form in BrokerForm.objects.filter(owner=user):
        told[str(form.connection_id)] += sales(form)
    return {
        (account, *key): is_reported
        for account, rows in told.items()
        for key, is_reported in broker.boxes(rows).items()
    }


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a year: its forms, and how they compare with the report."""

    connection: Connection
    forms: Sequence[BrokerForm]
    rows: Sequence[Compared]
    total: Compared


def accounts(user: User, report: TaxReport) -> list[Account]:
    """The accounts of which a form was given for the report's year; four queries."""
    forms: dict[Connection, list[BrokerForm]] = defaultdict(list)
    rows = BrokerForm.objects.filter(owner=user, year=report.year).select_related("connection")
    for form in rows:
        forms[form.connection].append(form)
    own = _own(user, report, [str(connection.pk) for connection in forms])
    found = []
    for connection, given in forms.items():
        told = [sale for form in given for sale in sales(form)]
        compared = broker.compare(told, own[str(connection.pk)])
        found.append(Account(connection, given, compared, broker.total(compared)))
    return sorted(found, key=lambda account: str(account.connection))


def _own(user: User, report: TaxReport, wanted: Sequence[str]) -> dict[str, list[Own]]:
    """The report's disposals by account; each knows whether its lot came from another."""
    lines = list(
        TaxLine.objects.filter(
            report=report, part=TaxLine.Part.DISPOSAL, account__in=wanted
        ).values_list("account", "asset", "on", "proceeds", "cost", "lot_transaction")
    )
    lots = {line[5] for line in lines if line[5] is not None}
    places = dict(
        Transaction.objects.of(user).filter(pk__in=lots).values_list("pk", "connection_id")
    )
    found: dict[str, list[Own]] = defaultdict(list)
    for account, asset, on, proceeds, cost, lot in lines:
        if on is not None:
            elsewhere = lot in places and str(places[lot]) != account
            found[account].append(Own(asset, on, proceeds, cost or ZERO, elsewhere))
    return found


def accounts_of(user: User, report: TaxReport) -> list[Connection]:
    """The accounts that a form can be given of."""
    rows = Connection.objects.of(user).filter(environment=report.environment)
    return list(rows.order_by("created_at"))
