"""The question what a sale now would give."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.engine.money import plain
from portfolio.selectors.what_ifs import Offer
from portfolio.services.what_if_case import Asked

_NUMBER = {"inputmode": "decimal", "autocomplete": "off"}


class AllOrAmount(forms.DecimalField):
    """An amount; "all", or nothing at all, is all of it."""

    def clean(self, value: Any) -> Any:
        is_all = isinstance(value, str) and value.strip().lower() in ("all", _("all").lower())
        return super().clean("" if is_all else value)


class SaleForm(forms.Form):
    """What to sell, how much of it, where, and at which price."""

    amount = AllOrAmount(
        label=_("Amount"),
        required=False,
        max_digits=60,
        decimal_places=30,
        help_text=_("Left empty, or “all”: all of it."),
        widget=forms.TextInput(attrs=_NUMBER),
    )
    price = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=60,
        decimal_places=30,
        help_text=_("Left empty: the newest price that is stored."),
        widget=forms.TextInput(attrs=_NUMBER),
    )

    def __init__(
        self, data: Any = None, *, offer: Offer, currency: str, by_account: bool, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["price"].label = _("Price of one, in %(currency)s") % {"currency": currency}
        assets = [(code, f"{name}: {plain(amount)}") for code, name, amount in offer.assets]
        self.fields["asset"] = forms.ChoiceField(label=_("Asset"), choices=assets)
        if by_account:
            self.fields["account"] = forms.ChoiceField(
                label=_("Account"),
                required=False,
                choices=[("", _("All that have it")), *offer.accounts],
                help_text=_("The law of your place counts lots by account."),
            )
        self.order_fields(["asset", "amount", "account", "price"])

    def clean_amount(self) -> Decimal | None:
        """Nothing cannot be sold."""
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount is not None and amount <= 0:
            raise forms.ValidationError(_("Type an amount above zero."))
        return amount

    def asked(self) -> Asked:
        """What was asked."""
        given = self.cleaned_data
        return Asked(given["asset"], given["amount"], given.get("account") or "", given["price"])
