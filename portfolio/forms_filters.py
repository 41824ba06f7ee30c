"""Forms that narrow lists: transactions, transfers, findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.forms_days import DayField
from portfolio.models import Connection
from portfolio.models.ledger import KIND_LABELS
from portfolio.selectors import findings, transfers
from portfolio.selectors.finder import finders
from portfolio.selectors.ledger import Choices, Filters


def offer(form: forms.Form, name: str, options: list[tuple[str, Any]]) -> None:
    """Gives a choice its options, with "all" before them."""
    field = cast(forms.ChoiceField, form.fields[name])
    field.choices = [("", _("All")), *options]


class TransactionFilterForm(forms.Form):
    """What to see in the list of transactions; what cannot be read is passed over."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    asset = forms.ChoiceField(label=_("Asset"), required=False)
    connection = forms.ChoiceField(label=_("Connection"), required=False)
    wallet = forms.ChoiceField(label=_("Wallet"), required=False)
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    hidden = forms.BooleanField(label=_("Hidden ones"), required=False)
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("To"), required=False)

    def __init__(self, data: Any, *, choices: Choices, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["q"].widget.attrs["placeholder"] = _("Id, hash, amount, asset, note")
        offer(self, "tag", [(tag, tag) for tag in choices.tags])
        offer(self, "kind", [(kind.value, label) for kind, label in KIND_LABELS.items()])
        offer(self, "asset", list(choices.assets))
        offer(self, "wallet", [(wallet, wallet) for wallet in choices.wallets])
        offer(self, "connection", [(str(c.pk), str(c)) for c in choices.connections])

    def filters(self) -> Filters:
        """What was asked for, without what could not be read."""
        self.full_clean()
        asked = self.cleaned_data
        return Filters(
            kind=asked.get("kind") or "",
            asset=asked.get("asset") or "",
            connection=asked.get("connection") or "",
            wallet=asked.get("wallet") or "",
            since=asked.get("since"),
            until=asked.get("until"),
            text=(asked.get("q") or "").strip(),
            tag=asked.get("tag") or "",
            hidden=bool(asked.get("hidden")),
        )


class FilterNameForm(forms.Form):
    """The name of a saved filter."""

    name = forms.CharField(max_length=60)


class TransferFilterForm(forms.Form):
    """Which transfers to see; what cannot be read is passed over."""

    tab = forms.ChoiceField(
        choices=[("review", ""), ("accepted", ""), ("refused", "")],
        required=False,
        widget=forms.HiddenInput,
    )
    asset = forms.ChoiceField(label=_("Asset"), required=False)
    connection = forms.ChoiceField(label=_("Connection"), required=False)
    weak = forms.BooleanField(label=_("Also unlikely ones"), required=False)

    def __init__(self, data: Any, *, choices: transfers.Choices, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        offer(self, "asset", [(asset, asset) for asset in choices.assets])
        offer(self, "connection", [(str(c.pk), str(c)) for c in choices.connections])

    def filters(self) -> transfers.Filters:
        """What was asked for, without what could not be read."""
        self.full_clean()
        asked = self.cleaned_data
        return transfers.Filters(
            tab=asked.get("tab") or "review",
            asset=asked.get("asset") or "",
            connection=asked.get("connection") or "",
            weak=bool(asked.get("weak")),
        )


class FindingFilterForm(forms.Form):
    """Which findings to see; what cannot be read is passed over."""

    tab = forms.ChoiceField(
        choices=[("open", ""), ("dismissed", ""), ("closed", "")],
        required=False,
        widget=forms.HiddenInput,
    )
    cause = forms.ChoiceField(label=_("Cause"), required=False)
    connection = forms.ChoiceField(label=_("Connection"), required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def __init__(self, data: Any, *, connections: Sequence[Connection], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        offer(self, "cause", [(known.cause, known.title) for known in finders()])
        offer(self, "connection", [(str(c.pk), str(c)) for c in connections])

    def filters(self) -> findings.Filters:
        """What was asked for, without what could not be read."""
        self.full_clean()
        asked = self.cleaned_data
        connection = asked.get("connection")
        return findings.Filters(
            tab=asked.get("tab") or "open",
            cause=asked.get("cause") or "",
            connection=UUID(connection) if connection else None,
            page=asked.get("page") or 1,
        )
