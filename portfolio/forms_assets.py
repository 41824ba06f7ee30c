"""Forms that decide what the codes of an asset stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from portfolio.selectors.asset_list import AssetLine
from portfolio.templatetags.coffer import source_words

Place = tuple[str, str]


def _place_text(place: Place) -> str:
    return "|".join(place)


class _PlaceField(forms.TypedChoiceField):
    """One code at one exchange, or everywhere."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=lambda text: tuple(text.split("|", 1)), **kwargs)


def _offer_places(form: forms.Form, line: AssetLine) -> None:
    """The codes of an asset at each exchange, and each of them everywhere."""
    at = [
        (
            _place_text((told.source, told.code)),
            _("{code} at {exchange}").format(code=told.code, exchange=source_words(told.source)),
        )
        for told in line.codes
    ]
    everywhere = [
        (_place_text(("", code)), _("{code} at every exchange").format(code=code))
        for code in sorted({told.code for told in line.codes} | {line.asset})
    ]
    field = cast(forms.ChoiceField, form.fields["place"])
    field.choices = [*everywhere, *at]


class AssetMergeForm(forms.Form):
    """Which asset a code is, and how many of it."""

    place = _PlaceField(label=_("Which code"))
    asset = forms.CharField(
        label=_("is this asset"),
        max_length=40,
        help_text=_(
            "The code of another asset of yours, or a new one to keep it apart from others of the "
            "same code. Its own code again: it stands for nothing but itself."
        ),
        widget=forms.TextInput(attrs={"list": "known-assets", "autocomplete": "off"}),
    )
    factor = forms.DecimalField(
        label=_("How many of the asset are in one"),
        max_digits=100,
        decimal_places=50,
        initial=1,
        help_text=_("1000 for a code that counts a thousand coins as one."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(
        self, data: Any = None, *, line: AssetLine, assets: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.assets = assets
        _offer_places(self, line)


class AssetNameForm(forms.Form):
    """How an asset is shown."""

    name = forms.CharField(
        label=_("Name"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class AssetSpamForm(forms.Form):
    """What is left out of every sum."""

    place = _PlaceField(label=_("Which code"))

    def __init__(self, data: Any = None, *, line: AssetLine, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        _offer_places(self, line)
