"""What formats that the tax engine works out need beside transactions."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from portfolio.engine.export import TaxChoices
from portfolio.models import TaxProfile
from portfolio.selectors import broker_forms, tax_events
from portfolio.selectors.export_rows import Selection
from portfolio.services.tax_settings import profile_of, settings_of

PLACE = "us"


def history(user: User, before: datetime | None) -> Selection:
    """Everything up to a moment, of all accounts that are taxed together."""
    environment = tax_events.environment(user)
    return Selection(before=before, connections=tax_events.accounts(user, environment))


def choices(user: User) -> TaxChoices:
    """The person's own where they are taxed there, else first in first out."""
    profile = profile_of(user)
    if profile.place != PLACE:
        profile = TaxProfile(owner=user, place=PLACE, method="fifo")
    _place, settings = settings_of(user, profile)
    costs = tax_events.costs(user, settings.base_currency)
    reported = broker_forms.reported(user)
    return TaxChoices(settings, picks=profile.picks, costs=costs, reported=reported)
