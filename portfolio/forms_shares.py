"""What is shared with whom, and the form that opens a link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.forms_days import DayField
from portfolio.models import Connection, TaxShare
from portfolio.selectors import tax_words
from portfolio.services.tax_shares import USUAL_DAYS, Told, last_day

ALL, CHOSEN = "all", "chosen"


class ShareForm(forms.Form):
    """A new share."""

    label = forms.CharField(
        label=_("Who may read"),
        max_length=80,
        help_text=_("For your own list, and shown to the reader."),
    )
    sender = forms.CharField(
        label=_("Your name for them"),
        max_length=80,
        required=False,
        help_text=_("How the reader knows you; the pages show nothing else of your account."),
    )
    way = forms.ChoiceField(label=_("How it is opened"), choices=TaxShare.Way.choices)
    email = forms.EmailField(
        label=_("E-mail address of the reader"),
        required=False,
        help_text=_("By account: whoever has this address, confirmed, signs in and finds it."),
    )
    has_passphrase = forms.BooleanField(
        label=_("Ask for a passphrase too, which you tell them by another way than the link"),
        required=False,
    )
    years = forms.MultipleChoiceField(label=_("Tax years"), widget=forms.CheckboxSelectMultiple)
    accounts = forms.ChoiceField(
        label=_("Connections"),
        choices=[(ALL, _("All, with whole reports")), (CHOSEN, _("Only those ticked below"))],
        help_text=_("Of some alone there are their lines, but no figures of a form."),
    )
    connections = forms.MultipleChoiceField(
        label=_("Connections to choose from"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    shows_amounts = forms.BooleanField(
        label=_("Show amounts: quantities, values and raw records"), required=False, initial=True
    )
    ends_on = DayField(label=_("Last day"))

    def __init__(
        self,
        data: Any = None,
        *,
        today: date,
        years: Sequence[tuple[str, int, str]],
        connections: Sequence[Connection],
    ) -> None:
        super().__init__(data)
        named = [(f"{place}:{y}", f"{tax_words.place(place)} {name}") for place, y, name in years]
        self._offer("years", named)
        self._offer("connections", [(str(row.pk), str(row)) for row in connections])
        self.fields["ends_on"].initial = today + timedelta(days=USUAL_DAYS)
        attrs = self.fields["ends_on"].widget.attrs
        attrs |= {"min": today.isoformat(), "max": last_day(today).isoformat()}

    def _offer(self, name: str, options: list[tuple[str, str]]) -> None:
        cast(forms.MultipleChoiceField, self.fields[name]).choices = options

    def told(self) -> Told:
        """What was chosen."""
        given = self.cleaned_data
        parts = [chosen.rsplit(":", 1) for chosen in given["years"]]
        some = [UUID(ident) for ident in given["connections"]]
        return Told(
            label=given["label"],
            way=given["way"],
            years=[(place, int(year)) for place, year in parts],
            ends_on=given["ends_on"],
            connections=None if given["accounts"] == ALL else some,
            shows_amounts=given["shows_amounts"],
            email=given["email"],
            sender=given["sender"],
            has_passphrase=given["has_passphrase"],
        )


class OpenForm(forms.Form):
    """What a link carries behind its "#"; it is never part of an address that is asked for."""

    code = forms.CharField(
        label=_("Code of the link"),
        max_length=500,
        widget=forms.PasswordInput(
            # It stays where a passphrase was missing: whoever sees the answer has just sent it.
            render_value=True,
            attrs={"autocomplete": "off", "spellcheck": "false"},
        ),
        help_text=_("It is filled in from the link. Without JavaScript, paste the link here."),
    )
    passphrase = forms.CharField(
        label=_("Passphrase"),
        max_length=60,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Only if you were given one."),
    )

    def token(self) -> str:
        """The code alone, of a whole link too."""
        return str(self.cleaned_data["code"]).rpartition("#")[2].strip()
