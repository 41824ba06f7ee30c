"""The shape of what people type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.forms import widgets
from django.utils.translation import gettext_lazy as _

from portfolio.engine import money
from portfolio.exchanges import catalogue
from portfolio.exchanges.catalogue import CredentialField, ExchangeInfo
from portfolio.forms_days import DayField, MomentField
from portfolio.models import ManualEntry, Notice
from portfolio.selectors import transfers
from portfolio.services.manual_entries import Told
from portfolio.templatetags.coffer import record_kind

# For all that is pasted from an exchange: browsers must neither keep it nor send it to a spelling
# service.
_SECRET_ATTRS = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "autocorrect": "off",
    "spellcheck": "false",
    "data-1p-ignore": "",
    "data-lpignore": "true",
}


class _Forgetful:
    """Never writes a value back into the page."""

    def format_value(self, value: Any) -> None:
        return None


class SecretInput(_Forgetful, widgets.PasswordInput):
    """One line whose text is not shown."""


class SecretTextarea(_Forgetful, widgets.Textarea):
    """Several lines (PEM keys), forgotten once sent."""


class OpenInput(_Forgetful, widgets.TextInput):
    """One line that may be seen while it is typed, such as the public half of a key."""


def _credential(spec: CredentialField) -> forms.CharField:
    if spec.multiline:
        widget: widgets.Widget = SecretTextarea(attrs={**_SECRET_ATTRS, "rows": 6})
    elif spec.secret:
        widget = SecretInput(attrs=_SECRET_ATTRS)
    else:
        widget = OpenInput(attrs=_SECRET_ATTRS)
    return forms.CharField(
        label=spec.label,
        help_text=spec.help,
        required=spec.required,
        widget=widget,
        max_length=10_000,
    )


class CredentialsForm(forms.Form):
    """Exactly the fields that one exchange needs; nothing of them is ever shown again."""

    use_required_attribute = True

    def __init__(self, data: Any = None, *, exchange: ExchangeInfo, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.exchange = exchange
        for spec in exchange.credentials:
            self.fields[spec.name] = _credential(spec)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        names = [spec.name for spec in self.exchange.credentials]
        if any(name in self.errors for name in names):
            return values
        try:
            self.credentials = catalogue.clean_credentials(
                self.exchange.id, {name: values.get(name, "") for name in names}
            )
        except ValueError as error:
            self._place(error, names)
        return values

    def _place(self, error: ValueError, names: list[str]) -> None:
        """Puts an error beside the field that it names."""
        field = getattr(error, "field", "")
        self.add_error(field if field in names else None, str(error))


class ConnectionForm(CredentialsForm):
    """A new connection: a name for it, and the key."""

    label = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("How you want to see it, for example “Kraken, long term”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RemoveForm(forms.Form):
    """Whether the history goes with the connection."""

    KEEP, DELETE = "keep", "delete"
    history = forms.ChoiceField(
        label=_("What happens to its history?"),
        choices=[
            (KEEP, _("Keep it: only the key is erased")),
            (DELETE, _("Delete it: transactions, raw records and holdings go for good")),
        ],
        widget=forms.RadioSelect,
    )


class FetchAgainForm(forms.Form):
    """Which records are fetched once more, and from which day on."""

    kind = forms.ChoiceField(label=_("Records"), required=False)
    since = DayField(
        label=_("From this day on (UTC)"),
        required=False,
        help_text=_("Left empty: from the beginning. Some exchanges can only be asked for that."),
    )

    def __init__(self, *args: Any, kinds: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("All kinds")), *((kind, record_kind(kind)) for kind in kinds)]
        cast("forms.ChoiceField", self.fields["kind"]).choices = choices

    def clean_since(self) -> date | None:
        """A day that has not come yet has no history."""
        day: date | None = self.cleaned_data["since"]
        if day is not None and day > datetime.now(UTC).date():
            raise forms.ValidationError(_("Choose a day that has already come."))
        return day


class ReadAgainForm(forms.Form):
    """What is booked anew when stored records are read again."""

    rebuild = forms.BooleanField(
        label=_("Book everything anew, also what is the same"),
        required=False,
        help_text=_(
            "The ledger is the same afterwards: for when you doubt it. Daily values are computed "
            "anew too."
        ),
    )


class ManualEntryForm(forms.Form):
    """An opening balance or adjustment by hand; times are in the reader's zone."""

    kind = forms.ChoiceField(label=_("What is it?"), choices=ManualEntry.Kind.choices)
    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=100,
        decimal_places=50,
        help_text=_("What is added to the ledger; with a minus what is taken away."),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    occurred_at = MomentField(
        label=_("Time"),
        help_text=_("From when on the ledger shall count it."),
    )
    cost = forms.DecimalField(
        label=_("What was paid for it in all"),
        required=False,
        min_value=0,
        max_digits=100,
        decimal_places=50,
        help_text=_("Left empty: not known."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    cost_currency = forms.CharField(
        label=_("Currency of what was paid"), required=False, max_length=10
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        help_text=_("Needed for an adjustment: why it is right."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("cost_currency", currency)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("cost") is not None and not values.get("cost_currency"):
            self.add_error("cost_currency", _("In which currency?"))
        return values

    def told(self) -> Told:
        """What was entered."""
        asked = self.cleaned_data
        return Told(
            kind=asked["kind"],
            amount=asked["amount"],
            occurred_at=asked["occurred_at"],
            cost=asked["cost"],
            cost_currency=asked["cost_currency"].strip().upper(),
            note=asked["note"].strip(),
        )


class NoticeSettingsForm(forms.Form):
    """Which kinds of notices go by mail."""

    mailed = forms.MultipleChoiceField(
        label=_("By e-mail"),
        choices=Notice.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class DismissForm(forms.Form):
    """Why findings are put aside."""

    REASONS = (
        ("right", _("It is right as it is")),
        ("small", _("Too small to matter")),
        ("known", _("Known, and seen to elsewhere")),
        ("other", _("Another reason")),
    )
    why = forms.ChoiceField(label=_("Reason"), choices=REASONS)
    note = forms.CharField(label=_("Note"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("why") == "other" and not cleaned.get("note"):
            raise forms.ValidationError(_("Say in the note what the reason is."))
        return cleaned

    def reason(self) -> str:
        """The reason in the words of who gave it."""
        why, note = self.cleaned_data["why"], self.cleaned_data["note"]
        words = "" if why == "other" else str(dict(self.REASONS)[why])
        return ": ".join(part for part in (words, note) if part)


class LinkForm(forms.Form):
    """Which deposits a withdrawal became, and how much of it went to each.

    Fields are named by the deposit's transaction: the list may change before the form comes back.
    """

    def __init__(self, data: Any = None, *, linking: transfers.Linking, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._legs = {offered.transaction.pk: offered.leg for offered in linking.offered}
        for pk, leg in self._legs.items():
            share = min(leg.amount, linking.outgoing.amount)
            self.fields[f"is_{pk}"] = forms.BooleanField(label=_("Part of it"), required=False)
            self.fields[f"sent_{pk}"] = forms.DecimalField(
                label=_("Of what was sent"),
                required=False,
                min_value=0,
                initial=money.plain(share),
                widget=forms.TextInput(),
            )
        self.rows = [
            (offered, self[f"is_{offered.transaction.pk}"], self[f"sent_{offered.transaction.pk}"])
            for offered in linking.offered
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for pk in self._chosen():
            name = f"sent_{pk}"
            if values.get(name) is None and name not in self.errors:
                self.add_error(name, _("How much of it went here?"))
        return values

    def _chosen(self) -> list[int]:
        return [pk for pk in self._legs if self.cleaned_data.get(f"is_{pk}")]

    def parts(self) -> dict[str, Decimal]:
        """The chosen amounts by the id of the incoming leg."""
        return {self._legs[pk].id: self.cleaned_data[f"sent_{pk}"] for pk in self._chosen()}
