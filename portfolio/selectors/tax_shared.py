"""What a reader of shared tax years may see: everything here is asked through their scope.

Nothing of an owner is opened but what these functions open; a page elsewhere is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from portfolio.models import Posting, TaxLine, TaxReport, TaxShare, Transaction
from portfolio.selectors import ledger, tax_boxes, tax_origins, tax_pages, tax_sums
from portfolio.selectors.ledger import Evidence
from portfolio.selectors.tax_boxes import Box
from portfolio.selectors.tax_boxes import Opened as OpenedBox
from portfolio.selectors.tax_origins import Opened
from portfolio.selectors.tax_pages import Explanation, LinePage, Report
from portfolio.selectors.tax_sums import AssetSum, AssumedSum

Part = TaxLine.Part
TABLES = ("coverage", "balances")  # of the evidence that is kept with a report


@dataclass(frozen=True, slots=True)
class Scope:
    """What one share opens."""

    share: TaxShare
    years: frozenset[tuple[str, int]]
    accounts: frozenset[UUID] | None  # None: all, and whole reports with them

    @classmethod
    def of(cls, share: TaxShare) -> Scope:
        """Two queries."""
        years = frozenset(share.years.values_list("place", "year"))
        if share.all_connections:
            return cls(share, years, None)
        return cls(share, years, frozenset(share.connections.values_list("pk", flat=True)))

    @property
    def owner(self) -> User:
        return self.share.owner

    @property
    def is_partial(self) -> bool:
        """Whether lines are left out, so that no figure of a form can be told."""
        return self.accounts is not None

    @property
    def shows_amounts(self) -> bool:
        return self.share.shows_amounts

    @property
    def has_documents(self) -> bool:
        """Tables of lines; without amounts they would be empty."""
        return self.shows_amounts

    @property
    def has_whole_reports(self) -> bool:
        """Figures, other methods, and the report as one document."""
        return self.shows_amounts and not self.is_partial

    def holds(self, connection_id: UUID) -> bool:
        """Whether what is of a connection may be opened."""
        return self.accounts is None or connection_id in self.accounts


def admitted(
    share_id: UUID, *, key_sha256: str, user: User | AnonymousUser, now: datetime
) -> TaxShare | None:
    """The share that a browser may read; None where it may not, or there is none.

    It may be over: whoever was let in is told so, and shown nothing.
    """
    rows = TaxShare.objects.filter(pk=share_id, owner__is_active=True).select_related("owner")
    by_link = rows.filter(
        way=TaxShare.Way.LINK, visits__key_sha256=key_sha256, visits__ends_at__gt=now
    )
    return by_link.first() or _addressed(rows, user).first()


def shared_with(user: User) -> list[TaxShare]:
    """What others share with this person's account, the newest first; two queries."""
    rows = TaxShare.objects.filter(owner__is_active=True).prefetch_related("years")
    return list(_addressed(rows, user))


def _addressed(rows: QuerySet[TaxShare], user: User | AnonymousUser) -> QuerySet[TaxShare]:
    """Those for an address that the user has proved to be theirs."""
    if not user.is_authenticated:
        return rows.none()
    proved = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    addresses = [address.lower() for address in proved]
    return rows.filter(way=TaxShare.Way.ACCOUNT, email__in=addresses).exclude(owner=user)


# --- Reports ----------------------------------------------------------------------------------


def reports(scope: Scope) -> list[Report]:
    """All that are made of the years, the newest year first, its newest report first."""
    rows = _reports(scope).order_by("-year", "place", "-asked_at", "-pk")
    return [Report(row) for row in rows]


def report(scope: Scope, report_id: int) -> Report:
    """One of them. May raise TaxReport.DoesNotExist."""
    return Report(_reports(scope).get(pk=report_id))


def _reports(scope: Scope) -> QuerySet[TaxReport]:
    chosen = [Q(place=place, year=year) for place, year in sorted(scope.years)]
    made = TaxReport.objects.of(scope.owner).filter(state=TaxReport.State.DONE)
    return made.filter(reduce(or_, chosen)) if chosen else made.none()


def evidence(scope: Scope, report: TaxReport) -> list[dict[str, Any]]:
    """How complete the shared accounts were when a report was made."""
    told = report.evidence.get("connections", [])
    return [one for one in told if scope.holds(UUID(one["id"]))]


def stood_on(scope: Scope, report: TaxReport, what: str) -> list[dict[str, Any]]:
    """The rows of one of TABLES that may be read. May raise OutOfScope: it was not kept."""
    told = report.evidence.get(what)
    if what not in TABLES or told is None:
        raise OutOfScope
    if scope.accounts is None:
        return list(told)
    ours = {str(pk) for pk in scope.accounts}
    return [row for row in told if row["account"] in ours]


# --- Lines ------------------------------------------------------------------------------------


def rows(scope: Scope, report: TaxReport, part: str) -> QuerySet[TaxLine]:
    """The lines of a part that may be read."""
    return _readable(scope, report).filter(part=part)


def _readable(scope: Scope, report: TaxReport) -> QuerySet[TaxLine]:
    """The lines of the shared accounts.

    A pool over several accounts is no account's, and left out where some are not shared.
    """
    found = TaxLine.objects.filter(report=report)
    if scope.accounts is None:
        return found
    here = Transaction.objects.of(scope.owner).filter(connection__in=scope.accounts)
    of_none = Q(account="", transaction__in=here.values("pk"))
    return found.filter(Q(account__in=[str(pk) for pk in scope.accounts]) | of_none)


def counts(scope: Scope, report: TaxReport) -> list[tuple[str, Any, int]]:
    """Each part with its title and how many lines of it may be read; at most one query."""
    if scope.accounts is None:
        return Report(report).parts
    by_part = _readable(scope, report).order_by().values_list("part").annotate(Count("pk"))
    numbers: dict[str, int] = dict(by_part)
    told = [(part.value, part.label, numbers.get(part.value, 0)) for part in Part]
    return [row for row in told if row[0] != Part.GIVEN or row[2]]


def lines(scope: Scope, report: TaxReport, part: str, *, start: int = 0) -> LinePage:
    """The lines of a part from a place in their order on."""
    if scope.accounts is None:
        return tax_pages.lines(report, part, start=start)
    found = rows(scope, report, part).order_by("position")
    total, end = found.count(), start + tax_pages.PAGE_SIZE
    return LinePage(
        lines=list(found[start:end]),
        total=total,
        first=start,
        after=end if end < total else None,
        before=max(start - tax_pages.PAGE_SIZE, 0) if start else None,
    )


def by_asset(scope: Scope, report: TaxReport) -> list[AssetSum]:
    """Disposals by asset, of the lines that may be read."""
    lines = rows(scope, report, Part.DISPOSAL) if scope.is_partial else None
    return tax_sums.by_asset(report, lines)


def assumed(scope: Scope, report: TaxReport) -> list[AssumedSum]:
    """What was taken for granted, of the lines that may be read."""
    return tax_sums.assumed(report, rows(scope, report, Part.ASSUMED) if scope.is_partial else None)


def figure(scope: Scope, report: Report, number: int, *, letter: str, start: int) -> Opened:
    """How a figure comes about. May raise OutOfScope: there is none, or lines are left out."""
    if not scope.has_whole_reports or number >= len(report.row.figures):
        raise OutOfScope
    return tax_origins.opened(report, number, letter=letter, start=start)


def boxes(scope: Scope, report: TaxReport) -> list[Box]:
    """The boxes of Form 8949, where the report is whole and has them."""
    if not scope.has_whole_reports or not tax_boxes.has_boxes(report):
        return []
    return tax_boxes.boxes(scope.owner, report)


def box(scope: Scope, report: TaxReport, letter: str, *, start: int) -> OpenedBox:
    """One of them with its lines. May raise OutOfScope: there is none, or lines are left out."""
    if not scope.has_whole_reports or not tax_boxes.has_boxes(report):
        raise OutOfScope
    try:
        return tax_boxes.opened(scope.owner, report, letter, start=start)
    except KeyError:
        raise OutOfScope from None


def line(scope: Scope, report: TaxReport, part: str, position: int) -> TaxLine:
    """One line. May raise TaxLine.DoesNotExist."""
    return rows(scope, report, part).get(position=position)


def explanation(scope: Scope, report: TaxReport, position: int) -> Explanation:
    """How a disposal was worked out. May raise TaxLine.DoesNotExist."""
    line(scope, report, Part.DISPOSAL, position)
    return tax_pages.explanation(scope.owner, report, position)


# --- Transactions -----------------------------------------------------------------------------


# Without amounts: what tells none, and leads to none (a transaction's hash leads to a block).
_STRUCTURE = frozenset(
    {"symbol", "side", "network", "status", "order_type", "direction", "type", "subtype"}
)


class OutOfScope(Exception):
    """It is not shared."""


@dataclass(frozen=True, slots=True)
class Event:
    """A transaction behind a line, with its postings and records in the shared accounts."""

    transaction: Transaction
    postings: Sequence[Posting]
    evidence: Sequence[Evidence]
    detail: dict[str, str]
    is_edited: bool
    is_by_hand: bool

    @property
    def net(self) -> list[tuple[str, Decimal]]:
        """By asset, fees included."""
        return ledger.net(self.postings)


def event(scope: Scope, source: int | None) -> Event:
    """The transaction that a line of the scope names; opened by way of its line alone.

    May raise OutOfScope: it is gone since, or its account is not shared.
    """
    try:
        found = ledger.transaction(scope.owner, source or 0)
    except Transaction.DoesNotExist:
        raise OutOfScope from None
    if not scope.holds(found.transaction.connection_id):
        raise OutOfScope
    detail = found.transaction.detail
    if not scope.shows_amounts:
        detail = {name: value for name, value in detail.items() if name in _STRUCTURE}
    return Event(
        detail=detail,
        transaction=found.transaction,
        postings=[row for row in found.postings if scope.holds(row.connection_id)],
        evidence=[row for row in found.evidence if scope.holds(row.record.connection_id)],
        is_edited=found.transaction.edit_id is not None,
        is_by_hand=found.entry is not None,
    )
