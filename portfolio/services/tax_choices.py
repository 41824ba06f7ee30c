"""Lots chosen by hand for a disposal: what a worker found to choose from, and what was chosen.

Choices are kept in the tax profile, by transactions, with the moment they were made; reports keep
the choices they were made by. They count under the method "specific".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.db import transaction as database
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.engine.money import plain
from portfolio.engine.tax import choosing
from portfolio.engine.tax.choosing import Choice, Offer
from portfolio.engine.tax.operations import BadEvent
from portfolio.models import LotOffer, TaxProfile, Transaction
from portfolio.selectors import tax_events
from portfolio.services import tax_ledger
from portfolio.services.exports import know_rates
from portfolio.services.tax_ledger import TaxLedger
from portfolio.services.tax_settings import (
    SPECIFIC,
    TaxProblem,
    chosen_of,
    profile_of,
    settings_of,
)

log = structlog.get_logger(__name__)

# More lots than a page, or a form, can hold: the oldest of them are offered.
MOST_LOTS = 400


# --- What there is to choose from -------------------------------------------------------------


@database.atomic
def ask(*, user: User, transaction_id: int) -> LotOffer:
    """Has the lots looked up anew. May raise Transaction.DoesNotExist, TaxProblem."""
    of = Transaction.objects.of(user).current().get(pk=transaction_id)
    _allowed(user)
    offer, _made = LotOffer.objects.update_or_create(
        transaction=of,
        defaults={
            "owner": user,
            "state": LotOffer.State.WAITING,
            "failure": "",
            "asked_at": timezone.now(),
        },
    )
    return offer


def _allowed(user: User) -> TaxProfile:
    """The profile, of a place whose law lets lots be chosen. May raise TaxProblem."""
    profile = profile_of(user)
    place, _settings = settings_of(user, profile)
    if SPECIFIC not in place.methods:
        raise TaxProblem(
            _("The law of %(place)s does not let you choose lots.") % {"place": _(place.title)}
        )
    return profile


def make(offer_id: int) -> bool:
    """Looks up the lots of an offer; False where nobody waits for it."""
    offer = LotOffer.objects.select_related("owner", "transaction").filter(pk=offer_id).first()
    if offer is None or offer.state != LotOffer.State.WAITING:
        return False
    failure, found, currency = "", list[dict[str, Any]](), ""
    try:
        found, currency = _found(offer)
    except TaxProblem as problem:
        failure = problem.message
    except Exception as error:
        failure = _("Coffer itself failed ({kind}); its log says why.").format(
            kind=type(error).__name__
        )
        log.error("lots not found", offer=offer.pk, kind=type(error).__name__)
        raise
    finally:
        LotOffer.objects.filter(pk=offer.pk, asked_at=offer.asked_at).update(
            state=LotOffer.State.FAILED if failure else LotOffer.State.DONE,
            failure=failure,
            found_at=timezone.now(),
            currency=currency,
            offers=found,
        )
    return True


def _found(offer: LotOffer) -> tuple[list[dict[str, Any]], str]:
    user, sold = offer.owner, offer.transaction
    profile = _allowed(user)
    place, settings = settings_of(user, profile, SPECIFIC)
    environment = tax_events.environment(user)
    chosen = tax_ledger.selection(user, environment, sold.occurred_at + timedelta(microseconds=1))
    know_rates(user, chosen, settings.base_currency)
    ledger = tax_ledger.read(user, place, settings, chosen, environment=environment)
    others = [row for row in chosen_of(profile, ledger) if row.choice.sold != sold.pk]
    settings = replace(settings, picks=choosing.picks(others))
    events = [n for n, source in enumerate(ledger.made.sources) if source == sold.pk]
    try:
        found = choosing.offers(place, settings, ledger.history, events)
    except BadEvent as error:
        raise TaxProblem(str(error)) from error
    return [_told(one, ledger) for one in found], settings.base_currency


def _told(offer: Offer, ledger: TaxLedger) -> dict[str, Any]:
    sources = ledger.made.sources
    lots = [
        {
            "lot": sources[lot.lot],
            "acquired": lot.acquired.isoformat(),
            "amount": plain(lot.amount),
            "cost": plain(lot.cost),
            "taken": plain(lot.taken),
        }
        for lot in offer.lots
    ]
    return {
        "asset": offer.asset,
        "account": offer.wallet,
        "amount": plain(offer.amount),
        "proceeds": None if offer.proceeds is None else plain(offer.proceeds),
        "lots": lots[:MOST_LOTS],
        "more": max(len(lots) - MOST_LOTS, 0),
    }


# --- Choosing ---------------------------------------------------------------------------------

Amounts = Mapping[int, Decimal]


@database.atomic
def choose(*, user: User, transaction_id: int, asset: str, amounts: Amounts) -> None:
    """Keeps how much of which lot (by its transaction) a disposal takes.

    What is not chosen falls to the method of the rest. Choosing nothing undoes a choice.
    May raise Transaction.DoesNotExist, TaxProblem.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    sold = Transaction.objects.of(user).current().get(pk=transaction_id)
    profile = _allowed(user)
    offered = _offered(sold, asset)
    _check(offered, amounts)
    now = timezone.now()
    made = [
        Choice(sold.pk, lot, amount, asset, sold.occurred_at, now)
        for lot, amount in amounts.items()
        if amount
    ]
    if not made:
        raise TaxProblem(_("Say how much of which lot; or undo the choice."))
    _keep(user, profile, sold.pk, asset, made)
    audit.note(user=user, action=gettext_noop("lots chosen"), transaction=str(sold.pk), asset=asset)


@database.atomic
def undo(*, user: User, transaction_id: int, asset: str) -> None:
    """Drops what was chosen for a disposal, whether it is still in the ledger or not.

    May raise Transaction.DoesNotExist, where it is not and nothing was chosen for it.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    profile = profile_of(user)
    if str(transaction_id) not in profile.picks:
        Transaction.objects.of(user).get(pk=transaction_id)
    _keep(user, profile, transaction_id, asset, [])
    action = gettext_noop("chosen lots undone")
    audit.note(user=user, action=action, transaction=str(transaction_id), asset=asset)


def _keep(user: User, profile: TaxProfile, sold: int, asset: str, made: Sequence[Choice]) -> None:
    kept = [
        choice
        for choice in choosing.read(profile.picks)
        if (choice.sold, choice.asset) != (sold, asset)
    ]
    profile.picks = choosing.told([*kept, *made])
    profile.owner = user
    profile.save()


def _offered(sold: Transaction, asset: str) -> dict[str, Any]:
    """What was found to choose from. May raise TaxProblem."""
    offer = LotOffer.objects.filter(transaction=sold, state=LotOffer.State.DONE).first()
    for one in offer.offers if offer else ():
        if one["asset"] == asset:
            found: dict[str, Any] = one
            return found
    raise TaxProblem(_("Have the lots looked up first."))


def _check(offered: Mapping[str, Any], amounts: Amounts) -> None:
    """May raise TaxProblem."""
    held = {row["lot"]: Decimal(row["amount"]) for row in offered["lots"]}
    for lot, amount in amounts.items():
        if lot not in held:
            raise TaxProblem(_("One of these lots was not held then."))
        if amount < 0:
            raise TaxProblem(_("An amount cannot be below zero."))
        if amount > held[lot]:
            raise TaxProblem(_("Of one lot there were only %(held)s.") % {"held": plain(held[lot])})
    whole = money.total(amounts.values())
    if whole > Decimal(offered["amount"]):
        told = {"chosen": plain(whole), "given": offered["amount"]}
        raise TaxProblem(_("You chose %(chosen)s; only %(given)s were given.") % told)
