"""A person's tax profile: where they pay, and what they chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine.tax import choosing
from portfolio.engine.tax import place as places
from portfolio.engine.tax.choosing import Matched
from portfolio.engine.tax.methods.lots import ORDERS
from portfolio.engine.tax.place import Place, UnknownPlace
from portfolio.engine.tax.settings import Oversell, Picks, Placing, Settings
from portfolio.models import TaxProfile
from portfolio.services.tax_ledger import TaxLedger

BY_YEAR = "by_year"
SPECIFIC = "specific"


class TaxProblem(Exception):
    """It cannot be done so; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Told:
    """What a person chooses; empty where the place decides, or their own settings do."""

    place: str
    method: str
    currency: str = ""
    time_zone: str = ""
    method_by_year: Mapping[int, str] | None = None
    rest: str = ""  # the method of what is not chosen by hand
    # How lots of all accounts go to accounts: which lots first, and to which accounts, by id.
    placing: str = ""
    account_order: Sequence[str] = ()


def profile_of(user: User) -> TaxProfile:
    """The profile; one that is not stored where none was chosen."""
    found = TaxProfile.objects.filter(owner=user).first()
    return found or TaxProfile(owner=user, place="neutral", method="fifo")


@transaction.atomic
def choose(*, user: User, told: Told) -> TaxProfile:
    """Stores a choice; reports that are made keep theirs. May raise TaxProblem."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    profile = profile_of(user)
    profile.place, profile.method = told.place, told.method
    profile.currency, profile.time_zone = told.currency, told.time_zone
    profile.method_by_year = {str(y): m for y, m in (told.method_by_year or {}).items()}
    chosen = {
        "rest": told.rest,
        "placing": told.placing,
        "account_order": list(told.account_order),
    }
    profile.choices = {name: value for name, value in chosen.items() if value}
    settings_of(user, profile)
    profile.save()
    audit.note(user=user, action=gettext_noop("tax settings changed"), place=told.place)
    return profile


def settings_of(user: User, profile: TaxProfile, method: str = "") -> tuple[Place, Settings]:
    """The place and the engine's settings; lots that were chosen come later (``picks_of``).

    May raise TaxProblem.
    """
    try:
        place = places.by_id(profile.place)
    except UnknownPlace:
        raise TaxProblem(_("There is no such place.")) from None
    try:
        made = place.settings_for(
            method or profile.method,
            profile.currency or user.reporting_currency,
            profile.time_zone or user.time_zone,
        )
    except ValueError:
        raise TaxProblem(
            _("The law of %(place)s does not know this method.") % {"place": _(place.title)}
        ) from None
    by_year = {int(year): name for year, name in profile.method_by_year.items()}
    rest = profile.choices.get("rest") or "fifo"
    _check(place, made.method, rest, by_year)
    # What was never held is told in the report, with the money; it does not end it.
    return place, replace(
        made,
        method_by_year=by_year,
        rest=rest,
        oversell=Oversell.ZERO_COST,
        placing=_placing(profile),
        wallet_order=tuple(profile.choices.get("account_order", ())),
    )


def _placing(profile: TaxProfile) -> Placing:
    """May raise TaxProblem."""
    try:
        return Placing(profile.choices.get("placing") or Placing.OLDEST)
    except ValueError:
        raise TaxProblem(_("There is no such order of lots.")) from None


def told_of(profile: TaxProfile) -> dict[str, Any]:
    """All choices as JSON, to be kept with what is made by them."""
    return {name: getattr(profile, name) for name in _CHOSEN}


def as_told(user: User, told: Mapping[str, Any]) -> TaxProfile:
    """The choices that something was made by, whatever the user chose since."""
    return TaxProfile(owner=user, **told)


_CHOSEN = ("place", "currency", "time_zone", "method", "method_by_year", "picks", "choices")


def lets_choose(user: User) -> bool:
    """Whether the law of the person's place lets them choose lots."""
    return SPECIFIC in places.by_id(profile_of(user).place).methods


def orders_of(place: Place) -> tuple[str, ...]:
    """The methods of the place that take lots in an order; only they can follow each other."""
    return tuple(method for method in place.methods if method in ORDERS)


def _check(place: Place, method: str, rest: str, by_year: Mapping[int, str]) -> None:
    """May raise TaxProblem."""
    used = []
    if method == SPECIFIC:
        used = [] if rest == BY_YEAR and BY_YEAR in place.methods else [rest]
    if method == BY_YEAR or (method == SPECIFIC and rest == BY_YEAR):
        used += by_year.values()
        if not by_year:
            raise TaxProblem(_("Say from which year on which method is used."))
    if set(used) - set(orders_of(place)):
        raise TaxProblem(
            _("The law of %(place)s does not know this method.") % {"place": _(place.title)}
        )


def picks_of(profile: TaxProfile, ledger: TaxLedger) -> Picks:
    """The chosen lots by events, as far as the ledger has them."""
    return choosing.picks(chosen_of(profile, ledger))


def chosen_of(profile: TaxProfile, ledger: TaxLedger) -> list[Matched]:
    """The chosen lots with their events in a ledger."""
    return choosing.matched(choosing.read(profile.picks), ledger.made.sources, ledger.history)
