"""The range of days that a page shows: by name, or between two days."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portfolio.forms_days import DayField
from portfolio.selectors.ranges import Preset, Range

PRESETS = {
    Preset.MONTH: _("1 month"),
    Preset.QUARTER: _("3 months"),
    Preset.THIS_YEAR: _("This year"),
    Preset.YEAR: _("1 year"),
    Preset.ALL: _("All"),
}


class RangeForm(forms.Form):
    """Two days, both included; an empty one is the first record, or today."""

    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)

    def __init__(self, data: QueryDict, *, today: date) -> None:
        self.today = today
        days = {"first": data.get("from", ""), "last": data.get("to", "")}
        preset = data.get("range", "")
        is_asked = any(days.values()) and not preset
        self.preset = Preset(preset) if preset in set(Preset) else Preset.ALL
        super().__init__(days if is_asked else None, auto_id="range-%s")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and first > last:
            self.add_error("first", _("This day is after the last one."))
        if first and first > self.today:
            self.add_error("first", _("This day has not come yet."))
        return found

    def range(self) -> Range:
        """What was asked for; all there is where it cannot be read, and the form says why."""
        if not self.is_bound:
            return Range.named(self.preset, self.today)
        if not self.is_valid():
            return Range.named(Preset.ALL, self.today)
        last = self.cleaned_data["last"] or self.today
        return Range(self.cleaned_data["first"], min(last, self.today))
