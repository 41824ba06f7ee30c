"""Likely transfers between own accounts that wait for a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.models import TransferLink
from portfolio.selectors.finder import Found
from portfolio.selectors.risk import Risk

CAUSE = "transfer"
TITLE = gettext_lazy("Likely transfers between your accounts")
WORDS = gettext_lazy(
    "What left one account and reached another is one movement. Until you say so it counts as a "
    "withdrawal and a deposit, which may look like a sale and like income."
)
FIX = gettext_lazy("Accept or refuse")
WEIGHT = Decimal("0.2")


def find(user: User) -> Iterable[Found]:
    """Every proposal to review, the unlikely ones left out."""
    rows = TransferLink.objects.of(user).waiting()
    links = list(rows.select_related("outgoing__connection", "incoming__connection"))
    risk = Risk(user, {link.asset for link in links})
    return [_found(link, risk) for link in links]


def _found(link: TransferLink, risk: Risk) -> Found:
    source, target = link.outgoing.connection, link.incoming.connection
    # Of a split each part is one; the pair has one row for good.
    return Found(
        subject=f"{link.outgoing_id}:{link.incoming_id}:{link.asset}",
        url=f"{reverse('portfolio:transfer-list')}?{urlencode({'asset': link.asset})}",
        asset=link.asset,
        quantity=link.sent,
        value=risk.value(
            link.asset, link.sent, exchange=source.exchange, environment=source.environment
        ),
        connection_id=source.pk,
        data={"from": str(source), "to": str(target), "level": link.level},
    )


def line(data: Mapping[str, str]) -> str:
    """From where to where."""
    return _("From {source} to {target}.").format(source=data["from"], target=data["to"])
