"""Prices by hand: given, changed, withdrawn and put back; values from then on are computed anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.models import OwnPrice
from portfolio.services import ledger


class PriceProblem(Exception):
    """The price cannot be taken so; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Told:
    """What a user says one unit was worth; ``until`` is the first moment it no longer holds."""

    asset: str
    currency: str
    price: Decimal
    since: datetime
    until: datetime | None = None
    is_first: bool = False
    note: str = ""


@transaction.atomic
def give(*, user: User, told: Told) -> OwnPrice:
    """Keeps a new price. May raise PriceProblem."""
    _check(told)
    price = OwnPrice(owner=user, made_at=timezone.now())
    _fill(price, told)
    _note(price, gettext_noop("price given by hand"))
    _mark_stale(price)
    return price


@transaction.atomic
def change(*, user: User, price: OwnPrice, told: Told) -> OwnPrice:
    """Puts another price in the place of one; the log keeps the former. May raise PriceProblem."""
    _check(told)
    current = _locked(user, price)
    if current.is_withdrawn:
        raise PriceProblem(_("This price was withdrawn; put it back first."))
    former = _words(current)
    _mark_stale(current)
    _fill(current, told)
    _note(current, gettext_noop("price by hand changed"), formerly=former)
    _mark_stale(current)
    return current


@transaction.atomic
def withdraw(*, user: User, price: OwnPrice) -> OwnPrice:
    """Leaves a price out from now on. May raise PriceProblem."""
    current = _locked(user, price)
    if current.is_withdrawn:
        raise PriceProblem(_("This price is withdrawn already."))
    _set_withdrawn(current, timezone.now())
    _note(current, gettext_noop("price by hand withdrawn"))
    return current


@transaction.atomic
def put_back(*, user: User, price: OwnPrice) -> OwnPrice:
    """Takes a withdrawal back. May raise PriceProblem."""
    current = _locked(user, price)
    if not current.is_withdrawn:
        raise PriceProblem(_("This price is in use already."))
    _set_withdrawn(current, None)
    _note(current, gettext_noop("price by hand put back"))
    return current


def _locked(user: User, price: OwnPrice) -> OwnPrice:
    return OwnPrice.objects.of(user).select_for_update().get(pk=price.pk)


def _check(told: Told) -> None:
    if told.price < 0 or not money.fits(told.price):
        raise PriceProblem(_("A price is zero or more."))
    if told.asset == told.currency:
        raise PriceProblem(_("The price must be in another currency than the asset itself."))
    if told.until is not None and told.until <= told.since:
        raise PriceProblem(_("The last day lies before the first."))


def _fill(price: OwnPrice, told: Told) -> None:
    price.asset, price.currency, price.price = told.asset, told.currency, told.price
    price.since, price.until = told.since, told.until
    price.is_first, price.note = told.is_first, told.note
    price.save()


def _set_withdrawn(price: OwnPrice, at: datetime | None) -> None:
    price.withdrawn_at = at
    price.save(update_fields=["withdrawn_at"])
    _mark_stale(price)


def _mark_stale(price: OwnPrice) -> None:
    ledger.mark_stale(price.owner_id, price.since.astimezone(UTC).date())


def _words(price: OwnPrice) -> str:
    return f"{money.plain(price.price)} {price.currency}, {_when(price)}"


def _when(price: OwnPrice) -> str:
    since = price.since.isoformat(timespec="minutes")
    return since if price.last_moment is None else f"{since}/{price.last_moment:%Y-%m-%dT%H:%M%z}"


def _note(price: OwnPrice, action: str, **more: str) -> None:
    audit.note(
        user=price.owner,
        action=action,
        asset=price.asset,
        price=_words(price),
        note=price.note,
        **more,
    )
