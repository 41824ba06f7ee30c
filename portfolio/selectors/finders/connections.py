"""Connections of which something is missing: the key, a permission, a stream, the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from portfolio.models import Connection
from portfolio.selectors import connections
from portfolio.selectors.connections import Card
from portfolio.selectors.finder import Found

CAUSE = "connection"
TITLE = gettext_lazy("Something could not be fetched")
WORDS = gettext_lazy(
    "A key does not work or may not read everything, records could not be fetched, or the history "
    "is not in yet. How much money that concerns nobody knows."
)
FIX = gettext_lazy("Open the connection")
WEIGHT = Decimal(1)

Status = Connection.Status


def find(user: User) -> Iterable[Found]:
    """At most one finding of each kind per connection."""
    return [found for card in connections.cards(user) for found in _of_card(card)]


def _of_card(card: Card) -> Iterable[Found]:
    connection, audit = card.connection, card.audit
    if connection.status == Status.BROKEN:
        yield _found(connection, "broken", reason=connection.status_reason)
    if connection.status not in (Status.ACTIVE, Status.PAUSED, Status.BROKEN):
        return
    if connection.backfilled_at is None:
        yield _found(connection, "unfinished", records=str(card.progress.records))
    if card.progress.failed:
        yield _found(connection, "streams", "#streams", number=str(card.progress.failed))
    if audit is not None and audit.missing:
        yield _found(connection, "missing", rights=", ".join(map(str, audit.missing)))


def _found(connection: Connection, what: str, anchor: str = "", **data: str) -> Found:
    url = reverse("portfolio:connection-detail", args=[connection.pk])
    return Found(
        subject=f"{what}:{connection.pk}",
        url=f"{url}{anchor}",
        connection_id=connection.pk,
        data={"what": what, **data},
    )


def line(data: Mapping[str, str]) -> str:
    """What is wrong with the connection."""
    if data["what"] == "broken":
        return f"{_('The key does not work.')} {data['reason']}".strip()
    if data["what"] == "unfinished":
        return _("The history is not in yet: all figures are provisional.")
    if data["what"] == "missing":
        return _("The key lacks a permission to read: {rights}.").format(rights=data["rights"])
    number = int(data["number"])
    return ngettext(
        "{number} kind of record could not be fetched; it is tried again by itself.",
        "{number} kinds of record could not be fetched; they are tried again by themselves.",
        number,
    ).format(number=number)
