"""Where a person pays taxes, and what they choose."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CURRENCIES
from portfolio.engine.tax import method as methods
from portfolio.engine.tax.place import Place, all_places
from portfolio.engine.tax.settings import Placing
from portfolio.models import Connection
from portfolio.services.tax_settings import BY_YEAR, SPECIFIC, Told, orders_of

# Lines for years and methods beyond those that are chosen already.
MORE_YEARS = 3
MOST_BYTES = 2_000_000  # of a broker's form
PLACINGS = [
    (Placing.OLDEST, _("The oldest")),
    (Placing.YOUNGEST, _("The youngest")),
    (Placing.DEAREST, _("Those of the highest cost of a unit")),
    (Placing.CHEAPEST, _("Those of the lowest cost of a unit")),
]


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
    placing = forms.ChoiceField(label=_("Which lots go first"), required=False, choices=PLACINGS)
    currency = forms.ChoiceField(label=_("Currency"), required=False, choices=CURRENCIES)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        place: Place,
        by_year: Mapping[str, str],
        accounts: Mapping[str, str],
        order: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        """``accounts`` are titles by id, in the order of first use; ``order`` is one chosen."""
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
        self._add_accounts(accounts if place.given else {}, order)
        self._add_years(by_year if by_turns else None, orders)
        if place.currency:
            del self.fields["currency"]
        if place.time_zone:
            del self.fields["time_zone"]
        else:
            zones = sorted(zoneinfo.available_timezones())
            _offer(self, "time_zone", [("", _("That of your account")), *((z, z) for z in zones)])

    def _add_accounts(self, accounts: Mapping[str, str], order: Sequence[str]) -> None:
        """A place in the order for each account, where lots are given to accounts."""
        self._accounts = list(accounts) if len(accounts) > 1 else []
        if not accounts:
            del self.fields["placing"]
        for ident in self._accounts:
            self.fields[f"place_{ident}"] = forms.IntegerField(
                label=accounts[ident],
                required=False,
                min_value=1,
                max_value=999,
                initial=order.index(ident) + 1 if ident in order else None,
            )

    def giving(self) -> list[forms.BoundField]:
        """How lots are given to accounts, for the page."""
        names = [f"place_{ident}" for ident in self._accounts]
        return [self[name] for name in ("placing", *names) if name in self.fields]

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
        apart = {field.name for pair in self.years() for field in pair}
        apart |= {field.name for field in self.giving()}
        return [field for field in self if field.name not in apart]

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
            placing=given.get("placing") or "",
            account_order=self._order(),
        )

    def _order(self) -> list[str]:
        """The accounts that were given a place; of one place as they were used."""
        places = {ident: self.cleaned_data.get(f"place_{ident}") for ident in self._accounts}
        named = [ident for ident in self._accounts if places[ident]]
        return sorted(named, key=lambda ident: places[ident] or 0)


class BrokerFormForm(forms.Form):
    """What a broker reported of one account: a file, or rows typed in the same columns."""

    connection = forms.ChoiceField(label=_("Account"))
    file = forms.FileField(label=_("CSV file"), required=False)
    rows = forms.CharField(
        label=_("Or type the rows"),
        required=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 5, "class": "cf-mono", "spellcheck": "false"}),
        initial="asset,date sold,proceeds,basis,box\n",
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, accounts: Sequence[Connection]
    ) -> None:
        super().__init__(data, files)
        _offer(self, "connection", [(str(row.pk), str(row)) for row in accounts])

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if file is not None and file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is too large."))
        return file

    def told(self) -> dict[str, Any]:
        """What ``services.broker_forms.add`` is told beside the year."""
        given = self.cleaned_data
        file = given.get("file")
        return {
            "connection_id": UUID(given["connection"]),
            "name": file.name if file else "",
            "data": file.read() if file else given["rows"].encode(),
        }
