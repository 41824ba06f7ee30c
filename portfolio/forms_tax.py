"""Where a person pays taxes, and what they choose."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CURRENCIES
from portfolio.engine.tax import method as methods
from portfolio.engine.tax.place import Place, all_places
from portfolio.forms_filters import offer
from portfolio.services.tax_settings import Told

BY_YEAR = "by_year"
# These are one choice a disposal, or one a year: not offered where nothing can be chosen.
_LATER = frozenset({"specific"})


class PlaceForm(forms.Form):
    """The place alone: it decides what else there is to choose."""

    place = forms.ChoiceField(label=_("Where you pay taxes"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "place", [(place.id, _(place.title)) for place in all_places()])


class TaxForm(forms.Form):
    """What the law of a place leaves to a person."""

    method = forms.ChoiceField(label=_("Which coins are sold first"))
    currency = forms.ChoiceField(label=_("Currency"), required=False, choices=CURRENCIES)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, data: Any = None, *, place: Place, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.place = place
        known = methods.methods()
        offered = [m for m in place.methods if m not in _LATER and m != BY_YEAR]
        offer(self, "method", [(name, _(known[name].title)) for name in offered])
        if place.currency:
            del self.fields["currency"]
        if place.time_zone:
            del self.fields["time_zone"]
        else:
            zones = sorted(zoneinfo.available_timezones())
            offer(self, "time_zone", [("", _("That of your account")), *((z, z) for z in zones)])

    def told(self) -> Told:
        """What was chosen."""
        given = self.cleaned_data
        return Told(
            place=self.place.id,
            method=given["method"],
            currency=given.get("currency") or "",
            time_zone=given.get("time_zone") or "",
        )
