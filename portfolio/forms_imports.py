"""The shape of what people say about files: what is open, and what columns mean."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from portfolio.imports import registry
from portfolio.imports.formats.generic import KIND
from portfolio.models import ImportFile
from portfolio.models.ledger import KIND_LABELS
from portfolio.services.import_inspection import (
    COLUMNS,
    FORMAT,
    GENERIC,
    may_be_read_otherwise,
)

UNSAID = ("", "---------")


class FilesInput(forms.ClearableFileInput):
    """Several files; they can be dropped on it."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """The files of an upload."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        files = data if isinstance(data, (list, tuple)) else [data]
        return [super(FilesField, self).clean(file, initial) for file in files]


class UploadForm(forms.Form):
    """Files to be imported."""

    brought = FilesField(
        label=_("Files"),
        widget=FilesInput(attrs={"accept": ".csv,.tsv,.txt,.json,.jsonl,.xlsx,.ods,.zip"}),
    )


def _zones() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class AnswersForm(forms.Form):
    """What a file leaves open: its format, its zone, the order of its dates, its decimal sign.

    Of a file of which nothing is open: the same with what it was read with, to be changed.
    """

    def __init__(self, data: Any = None, *, table: ImportFile, zone: str, **kwargs: Any) -> None:
        super().__init__(data, prefix=f"file{table.pk}", **kwargs)
        self.table = table
        self.is_change = may_be_read_otherwise(table)
        told = {FORMAT: table.format} | table.answers
        asked = [FORMAT, *table.questions] if self.is_change else table.questions
        for name in dict.fromkeys(asked):
            if name != COLUMNS:
                self.fields[name] = self._field(name, zone)
                self.initial[name] = _written(told.get(name, self.initial.get(name)))

    def _field(self, name: str, zone: str) -> forms.Field:
        if name == FORMAT:
            return _format_field(self.table)
        if name == "zone":
            self.initial[name] = zone
            help_text = _("Most programs write the time of where you live, or UTC.")
            return _field(_("Time zone of its times"), _zones(), help_text)
        if name == "day_first":
            dates = [("yes", _("Day first: 31/12/2024")), ("no", _("Month first: 12/31/2024"))]
            return _field(_("Its dates are"), [UNSAID, *dates])
        if name == "decimal_comma":
            signs = [("no", _("1,234.56")), ("yes", _("1.234,56"))]
            return _field(_("Its amounts are written as"), [UNSAID, *signs])
        return forms.CharField(label=name.replace("_", " ").capitalize(), max_length=80)

    def answers(self) -> dict[str, Any]:
        """What was said, as the table keeps it."""
        told = dict(self.cleaned_data)
        for name in ("day_first", "decimal_comma"):
            if name in told:
                told[name] = told[name] == "yes"
        return told


def _field(label: Any, choices: Sequence[tuple[str, Any]], help_text: Any = "") -> forms.Field:
    return forms.ChoiceField(label=label, choices=choices, help_text=help_text)


def _written(value: Any) -> Any:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _format_field(table: ImportFile) -> forms.Field:
    titles = {known.id: known.title for known in registry.formats() if known.id != GENERIC}
    likely = [ident for ident in table.candidates if ident in titles]
    listed = [(ident, titles[ident]) for ident in likely or titles]
    generic = (GENERIC, _("None of these: I explain its columns"))
    first = [generic, *listed] if not likely else [*listed, generic]
    return _field(_("What made this file"), [UNSAID, *first])


# --- Columns ----------------------------------------------------------------------------------

LABELS = {
    "date": _("Date, or date and time"),
    "time": _("Time of day, if apart"),
    "kind": _("Kind"),
    "in_amount": _("Amount in"),
    "in_code": _("Asset of what came in"),
    "out_amount": _("Amount out"),
    "out_code": _("Asset of what went out"),
    "amount": _("Amount with its sign"),
    "code": _("Asset of all amounts"),
    "fee_amount": _("Fee"),
    "fee_code": _("Asset of the fee"),
    "account": _("Account or wallet"),
    "ident": _("Id of the row"),
    "txid": _("Transaction hash"),
    "note": _("Note"),
}


class ColumnsForm(forms.Form):
    """What each column means, what its words for kinds mean, and a name to remember it by."""

    name = forms.CharField(
        label=_("Remember as"),
        max_length=80,
        required=False,
        help_text=_("Files with the same heading are then read without a question."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        headings: Sequence[str],
        words: Sequence[str] = (),
        initial: dict[str, str] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        columns = [UNSAID, *((heading, heading) for heading in headings)]
        for name, label in LABELS.items():
            field = forms.ChoiceField(label=label, choices=columns, required=name == "date")
            self.fields[name] = field
        kinds = [("", _("Leave unclassified")), *((k.value, v) for k, v in KIND_LABELS.items())]
        self.words = tuple(words)
        for place, word in enumerate(self.words):
            key = KIND + word.casefold()
            field = forms.ChoiceField(label=word, choices=kinds, required=False)
            self.fields[f"word{place}"] = field
            self.initial.setdefault(f"word{place}", self.initial.get(key, ""))

    @property
    def columns(self) -> list[Any]:
        return [self[name] for name in LABELS]

    @property
    def kinds(self) -> list[Any]:
        return [self[f"word{place}"] for place in range(len(self.words))]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not any(told.get(name) for name in ("in_amount", "out_amount", "amount", "fee_amount")):
            raise forms.ValidationError(_("Say which column has an amount."))
        for amount, code in _PAIRS:
            if told.get(amount) and not (told.get(code) or told.get("code")):
                text = _("Say which column names the asset of this amount.")
                self.add_error(code, text)
        return told

    def settings(self) -> dict[str, str]:
        """What was said, as a reading keeps it."""
        told = {name: self.cleaned_data[name] for name in LABELS if self.cleaned_data.get(name)}
        for place, word in enumerate(self.words):
            if kind := self.cleaned_data.get(f"word{place}"):
                told[KIND + word.casefold()] = kind
        return told


_PAIRS = (
    ("in_amount", "in_code"),
    ("out_amount", "out_code"),
    ("amount", "code"),
    ("fee_amount", "fee_code"),
)


class ProfileForm(forms.Form):
    """The name of a profile."""

    name = forms.CharField(label=_("Name"), max_length=80)
