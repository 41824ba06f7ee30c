"""Large movements of which only one side is known: no account of the user tells of the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.transfers import Leg
from portfolio.models import TransferLink
from portfolio.selectors import valuation
from portfolio.selectors.finder import Found, in_time
from portfolio.selectors.risk import Risk
from portfolio.selectors.transfer_legs import leg_id, open_legs, place

CAUSE = "one-sided"
TITLE = gettext_lazy("Only one side is known")
WORDS = gettext_lazy(
    "Coins arrived from outside, or left, and no connected account tells of the other side. If it "
    "is an account of yours, connect it or link the two; what came in has no cost until then."
)
FIX = gettext_lazy("Open the movement")
WEIGHT = Decimal("0.05")
# From this part of the worth on; less is not worth a person's time.
SIZE = Decimal("0.01")

Known = tuple[bool, Leg, Decimal | None]


def find(user: User) -> Iterable[Found]:
    """Deposits and withdrawals of size without a transfer; money of states left out.

    That comes from banks, which nobody connects.
    """
    legs = open_legs(user.pk)
    risk = Risk(user, {leg.asset for leg in (*legs.outgoing, *legs.incoming)})
    least = money.multiply(max(valuation.holdings_valued(user).total, money.ZERO), SIZE)
    waiting = _waiting(user)
    for is_out, leg, value in _valued(legs.outgoing, legs.incoming, risk):
        if leg.id not in waiting and (value is None or value >= least):
            yield _found(is_out, leg, value)


def _valued(outgoing: Iterable[Leg], incoming: Iterable[Leg], risk: Risk) -> Iterator[Known]:
    for is_out, legs in ((True, outgoing), (False, incoming)):
        for leg in legs:
            place = {"exchange": leg.exchange, "environment": leg.environment}
            is_told = leg.asset in risk.fiat or leg.is_transfer
            if not is_told and not risk.is_spam(leg.asset, **place):
                yield is_out, leg, risk.value(leg.asset, leg.amount, **place)


def _waiting(user: User) -> frozenset[str]:
    """The legs of proposals: these are told as transfers."""
    rows = TransferLink.objects.of(user).filter(
        Q(status=TransferLink.Status.PROPOSED) & ~Q(level=TransferLink.Level.WEAK)
    )
    pairs = rows.values_list("outgoing_id", "incoming_id", "asset")
    return frozenset(leg_id(side, asset) for out, into, asset in pairs for side in (out, into))


def _found(is_out: bool, leg: Leg, value: Decimal | None) -> Found:  # noqa: FBT001
    number, _asset = place(leg.id)
    return Found(
        subject=leg.id,
        url=reverse("portfolio:transaction-detail", args=[number]),
        asset=leg.asset,
        quantity=money.negate(leg.amount) if is_out else leg.amount,
        value=value,
        connection_id=UUID(leg.connection),
        data={"way": "out" if is_out else "in", "at": leg.occurred_at.isoformat()},
    )


def line(data: Mapping[str, str]) -> str:
    """Which way and when."""
    at = in_time(data["at"])
    if data["way"] == "out":
        return _("Left on {at}, to an unknown place.").format(at=at)
    return _("Arrived on {at}, from an unknown place.").format(at=at)
