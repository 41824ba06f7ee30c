"""What a file for another program holds, and what targets call assets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import CURRENCIES
from portfolio.engine.types import TransactionKind
from portfolio.forms_days import DayField
from portfolio.forms_filters import offer
from portfolio.models.ledger import KIND_LABELS
from portfolio.selectors.exports import ExportedConnection
from portfolio.services.exports import Asked

_CODE = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})


class ExportForm(forms.Form):
    """Which part of the ledger a file holds; all of it when nothing is chosen."""

    year = forms.ChoiceField(label=_("Year"), required=False)
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)
    currency = forms.ChoiceField(label=_("Values in"), required=False, choices=CURRENCIES)
    connection = forms.MultipleChoiceField(
        label=_("Connections"), required=False, widget=forms.CheckboxSelectMultiple
    )
    wallet = forms.MultipleChoiceField(
        label=_("Wallets"), required=False, widget=forms.CheckboxSelectMultiple
    )
    kind = forms.MultipleChoiceField(
        label=_("Kinds"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        data: Any = None,
        *,
        years: Sequence[int],
        connections: Sequence[ExportedConnection],
        wallets: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.connections = connections
        offer(self, "year", [(str(year), str(year)) for year in years])
        self._offer("connection", [(str(c.id), c.label) for c in connections])
        self._offer("wallet", [(wallet, wallet) for wallet in wallets])
        self._offer("kind", [(kind.value, label) for kind, label in KIND_LABELS.items()])

    def _offer(self, name: str, options: list[tuple[str, Any]]) -> None:
        cast(forms.MultipleChoiceField, self.fields[name]).choices = options

    @property
    def narrows(self) -> bool:
        """Whether not all connections, wallets and kinds are asked for."""
        return self.is_bound and any(self[name].data for name in ("connection", "wallet", "kind"))

    @property
    def labels(self) -> list[str]:
        """Of the connections that are asked for."""
        labels: dict[str, str] = {str(c.id): c.label for c in self.connections}
        return [labels[ident] for ident in self.cleaned_data["connection"]]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and first > last:
            self.add_error("first", _("This day is after the last one."))
        if found.get("year") and (first or last):
            self.add_error("year", _("Give a year or days, not both."))
        return found

    def asked(self, format_id: str) -> Asked:
        """What was chosen."""
        chosen = self.cleaned_data
        first: date | None = chosen["first"]
        last: date | None = chosen["last"]
        return Asked(
            format_id,
            year=int(chosen["year"]) if chosen["year"] else None,
            first=first,
            last=last,
            connections=tuple(UUID(ident) for ident in chosen["connection"]),
            wallets=tuple(chosen["wallet"]),
            kinds=tuple(TransactionKind(kind) for kind in chosen["kind"]),
            currency=chosen["currency"],
        )


class SymbolForm(forms.Form):
    """What one target calls one asset."""

    asset = forms.CharField(label=_("Asset"), max_length=40, widget=_CODE)
    symbol = forms.CharField(label=_("Symbol at the target"), max_length=80, widget=_CODE)
