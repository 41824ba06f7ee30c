"""Where a person pays taxes, and what they choose."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CURRENCIES
from portfolio.engine.tax import method as methods
from portfolio.engine.tax.place import Place, all_places
from portfolio.services.tax_settings import BY_YEAR, SPECIFIC, Told, orders_of

# Lines for years and methods beyond those that are chosen already.
MORE_YEARS = 3


def _offer(form: forms.Form, name: str, options: list[tuple[str, Any]]) -> None:
    cast(forms.ChoiceField, form.fields[name]).choices = options


class PlaceForm(forms.Form):
    """The place alone: it decides what else there is to choose."""

    place = forms.ChoiceField(label=_("Where you pay taxes"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "place", [(place.id, _(place.title)) for place in all_places()])


class TaxForm(forms.Form):
    """What the law of a place leaves to a person."""

    method = forms.ChoiceField(label=_("Which coins are sold first"))
    rest = forms.ChoiceField(
        label=_("What you do not choose by hand"),
        required=False,
        help_text=_("Under specific identification: which lots meet what you named none for."),
    )
    currency = forms.ChoiceField(label=_("Currency"), required=False, choices=CURRENCIES)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(
        self, data: Any = None, *, place: Place, by_year: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.place = place
        known = methods.methods()
        _offer(self, "method", [(name, _(known[name].title)) for name in place.methods])
        orders = [(name, _(known[name].title)) for name in orders_of(place)]
        by_turns = [(BY_YEAR, _(known[BY_YEAR].title))] if BY_YEAR in place.methods else []
        if SPECIFIC in place.methods:
            _offer(self, "rest", [*orders, *by_turns])
        else:
            del self.fields["rest"]
        self._add_years(by_year if by_turns else None, orders)
        if place.currency:
            del self.fields["currency"]
        if place.time_zone:
            del self.fields["time_zone"]
        else:
            zones = sorted(zoneinfo.available_timezones())
            _offer(self, "time_zone", [("", _("That of your account")), *((z, z) for z in zones)])

    def _add_years(self, by_year: Mapping[str, str] | None, orders: list[tuple[str, Any]]) -> None:
        """Lines for the first year of a method, and the method; none where it is not allowed."""
        rows = [] if by_year is None else [*sorted(by_year.items()), *[("", "")] * MORE_YEARS]
        self._rows = range(1, len(rows) + 1)
        for number, (year, name) in zip(self._rows, rows, strict=True):
            self.fields[f"year_{number}"] = forms.IntegerField(
                label=_("From the tax year"),
                required=False,
                min_value=2009,
                max_value=2199,
                initial=year or None,
            )
            self.fields[f"method_{number}"] = forms.ChoiceField(
                label=_("Method"), required=False, initial=name, choices=[("", "—"), *orders]
            )

    def years(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The lines of years, for the page."""
        return [(self[f"year_{number}"], self[f"method_{number}"]) for number in self._rows]

    def others(self) -> list[forms.BoundField]:
        """All other fields."""
        of_years = {field.name for pair in self.years() for field in pair}
        return [field for field in self if field.name not in of_years]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        found: dict[int, str] = {}
        for number in self._rows:
            year, name = given.get(f"year_{number}"), given.get(f"method_{number}")
            if bool(year) != bool(name):
                self.add_error(f"year_{number}", _("A year and its method belong together."))
            elif year in found:
                self.add_error(f"year_{number}", _("There is a method for this year already."))
            elif year:
                found[year] = name or ""
        self._by_year = found
        return given

    def told(self) -> Told:
        """What was chosen."""
        given = self.cleaned_data
        return Told(
            place=self.place.id,
            method=given["method"],
            currency=given.get("currency") or "",
            time_zone=given.get("time_zone") or "",
            method_by_year=self._by_year,
            rest=given.get("rest") or "",
        )
