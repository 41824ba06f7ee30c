"""Forms of accounts by hand: the account, and balances that a person types in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.exchanges import catalogue, closed
from portfolio.forms_days import MomentField
from portfolio.services.by_hand import Reported


def exchanges() -> list[tuple[Any, Any]]:
    """None first, then the closed ones, then all that could be connected, by name."""
    known = sorted((info.name, info.id) for info in catalogue.all_exchanges())
    shut = sorted((gone.name, gone.id) for gone in closed.all_closed())
    return [
        (closed.NONE, _("None: a hardware wallet or other")),
        (_("Closed, or without a client"), [(ident, name) for name, ident in shut]),
        (_("Exchanges"), [(ident, name) for name, ident in known]),
    ]


class WalletsForm(forms.Form):
    """The name of an account by hand, and of its wallets."""

    label = forms.CharField(label=_("Name"), max_length=80)
    wallets = forms.CharField(
        label=_("Wallets"),
        max_length=1000,
        initial="spot",
        help_text=_("Parts that are counted apart, with commas between: spot, savings."),
    )

    def names(self) -> list[str]:
        """The wallets that were named."""
        return str(self.cleaned_data["wallets"]).split(",")


class ByHandForm(WalletsForm):
    """A new account by hand."""

    exchange = forms.ChoiceField(label=_("Exchange"), choices=exchanges)

    field_order = ("label", "exchange", "wallets")


class ReportedForm(forms.Form):
    """A balance that a person reads off somewhere; times are in the reader\u2019s zone."""

    asset = forms.CharField(
        label=_("Asset"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    quantity = forms.DecimalField(
        label=_("Quantity"),
        max_digits=100,
        decimal_places=50,
        help_text=_("All of it in this wallet; zero where nothing is left."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    at = MomentField(label=_("Was so at"))

    def __init__(self, data: Any = None, *, wallets: Sequence[str], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        choices = [(name, name) for name in wallets]
        self.fields["wallet"] = forms.ChoiceField(label=_("Wallet"), choices=choices)
        self.order_fields(["wallet", "asset", "quantity", "at"])

    def told(self) -> Reported:
        """What was entered."""
        asked = self.cleaned_data
        return Reported(asked["wallet"], asked["asset"].strip(), asked["quantity"], asked["at"])
