"""The shape of edits as people type them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from portfolio.engine import money
from portfolio.engine.edits import Layer, Leg, Part
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.forms_days import MomentField
from portfolio.models import Connection, Edit
from portfolio.models.ledger import KIND_LABELS
from portfolio.services.edit_marks import LONGEST_NOTE
from portfolio.services.edits import MOST_LEGS, Added

MOST_PARTS = 10
_LEGS = 3  # that a form begins with

# What nobody understood is told by a record, never chosen by a person.
KINDS = [
    (kind.value, label)
    for kind, label in KIND_LABELS.items()
    if kind is not TransactionKind.UNCLASSIFIED
]


def _amount(label: Any, **options: Any) -> forms.DecimalField:
    attrs = {"inputmode": "text", "autocomplete": "off"}
    return forms.DecimalField(
        label=label,
        max_digits=100,
        decimal_places=50,
        widget=forms.TextInput(attrs=attrs),
        **options,
    )


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        help_text=_("Kept in the history."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ReclassifyForm(forms.Form):
    """What a transaction really was."""

    kind = forms.ChoiceField(label=_("What it was"), choices=KINDS)
    reason = _reason()


class NoteForm(forms.Form):
    """The user's own words on a transaction."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def tag_names(text: str) -> list[str]:
    """Tags as they are typed: with commas between them."""
    return [part.strip() for part in text.split(",") if part.strip()]


class TagsForm(forms.Form):
    """All tags of one transaction."""

    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=1000,
        help_text=_("With commas between them."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def names(self) -> list[str]:
        """The tags that were typed."""
        return tag_names(self.cleaned_data["tags"])


class BulkForm(forms.Form):
    """What to do with the transactions that are chosen."""

    RECLASSIFY, MERGE, HIDE, TAG, UNTAG = "reclassify", "merge", "hide", "tag", "untag"
    action = forms.ChoiceField(
        label=_("With those chosen"),
        choices=[
            (TAG, _("Add tags")),
            (UNTAG, _("Take tags off")),
            (RECLASSIFY, _("Change the kind")),
            (MERGE, _("Merge into one")),
            (HIDE, _("Hide")),
        ],
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "—"), *KINDS], required=False)
    tags = forms.CharField(
        label=_("Tags, with commas"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        action = values.get("action")
        if action in (self.RECLASSIFY, self.MERGE) and not values.get("kind"):
            self.add_error("kind", _("Choose a kind."))
        if action in (self.TAG, self.UNTAG) and not tag_names(values.get("tags") or ""):
            self.add_error("tags", _("Name a tag."))
        return values

    def names(self) -> list[str]:
        """The tags that were typed."""
        return tag_names(self.cleaned_data["tags"])


class SplitForm(forms.Form):
    """What each part of a split has of each amount, and what it was."""

    def __init__(self, data: Any = None, *, whole: Layer, parts: int, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._whole, self._parts = whole, range(1, parts + 1)
        for part in self._parts:
            self.fields[f"kind_{part}"] = forms.ChoiceField(
                label=_("Kind of part {number}").format(number=part),
                choices=KINDS,
                initial=whole.kind.value,
            )
            for place, leg in enumerate(whole.legs):
                self.fields[f"amount_{place}_{part}"] = _amount(
                    _("{asset} in part {number}").format(asset=leg.asset, number=part),
                    required=False,
                    initial=money.plain(leg.amount) if part == 1 else "",
                )
        self.fields["reason"] = _reason()

    def kinds(self) -> list[BoundField]:
        """The kind of each part."""
        return [self[f"kind_{part}"] for part in self._parts]

    def rows(self) -> Iterator[tuple[Leg, list[BoundField]]]:
        """Each amount of the whole, with what each part has of it."""
        for place, leg in enumerate(self._whole.legs):
            yield leg, [self[f"amount_{place}_{part}"] for part in self._parts]

    def told(self) -> list[Part]:
        """The parts, what was left empty being nothing."""
        asked = self.cleaned_data
        return [
            Part(
                TransactionKind(asked[f"kind_{part}"]),
                tuple(
                    asked[f"amount_{place}_{part}"] or money.ZERO
                    for place in range(len(self._whole.legs))
                ),
            )
            for part in self._parts
        ]


class AddForm(forms.Form):
    """A transaction by hand, with several amounts; times are in the reader's zone."""

    kind = forms.ChoiceField(label=_("What was it?"), choices=KINDS)
    occurred_at = MomentField(label=_("Time"))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, data: Any = None, *, wallets: Sequence[str], legs: int = _LEGS, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self._legs = range(1, min(legs, MOST_LEGS) + 1)
        for number in self._legs:
            self.fields |= _leg_fields(number, wallets)

    def legs(self) -> list[list[BoundField]]:
        """The fields of each amount."""
        names = ("amount", "asset", "wallet", "role")
        return [[self[f"{name}_{number}"] for name in names] for number in self._legs]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for number in self._legs:
            amount, asset = values.get(f"amount_{number}"), values.get(f"asset_{number}")
            if asset and amount is None and f"amount_{number}" not in self.errors:
                self.add_error(f"amount_{number}", _("How much of it?"))
            if amount is not None and not asset:
                self.add_error(f"asset_{number}", _("Of which asset?"))
        return values

    def told(self) -> Added:
        """What was entered; rows left empty are none."""
        asked = self.cleaned_data
        filled = [n for n in self._legs if asked[f"amount_{n}"] is not None]
        return Added(
            kind=TransactionKind(asked["kind"]),
            legs=tuple(_leg(asked, number, asked["occurred_at"]) for number in filled),
            note=asked["note"],
        )


def _leg_fields(number: int, wallets: Sequence[str]) -> dict[str, forms.Field]:
    roles = [(PostingRole.PRINCIPAL.value, _("Amount")), (PostingRole.FEE.value, _("Fee"))]
    told = {"number": number}
    return {
        f"amount_{number}": _amount(_("Amount {number}").format(**told), required=False),
        f"asset_{number}": forms.CharField(
            label=_("Asset {number}").format(**told),
            required=False,
            max_length=40,
            widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        ),
        f"wallet_{number}": forms.ChoiceField(
            label=_("Wallet {number}").format(**told), choices=[(name, name) for name in wallets]
        ),
        f"role_{number}": forms.ChoiceField(label=_("For {number}").format(**told), choices=roles),
    }


def _leg(asked: dict[str, Any], number: int, at: datetime) -> Leg:
    amount: Decimal = asked[f"amount_{number}"]
    return Leg(
        wallet=asked[f"wallet_{number}"],
        asset=asked[f"asset_{number}"].strip(),
        amount=amount,
        role=PostingRole(asked[f"role_{number}"]),
        occurred_at=at,
    )


class EditFilterForm(forms.Form):
    """Which edits to see; what cannot be read is passed over."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), *Edit.Kind.choices]
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            ("standing", _("In force")),
            ("changed", _("Record changed since")),
            ("reverted", _("Taken back")),
        ],
    )
    connection = forms.ChoiceField(label=_("Connection"), required=False)
    batch = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(self, data: Any, *, connections: Sequence[Connection], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        offered = [("", _("All")), *((str(c.pk), str(c)) for c in connections)]
        self.fields["connection"].choices = offered  # type: ignore[attr-defined]
