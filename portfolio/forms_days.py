"""Fields for days and moments that calendars and the database can hold, with their time zones."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Beyond the first and the last year of a date a day before or after is no date any more.
FIRST_YEAR, LAST_YEAR = 1900, 2199


def check_year(value: date) -> None:
    """May raise ``ValidationError``."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        text = _("The year must be from %(first)s to %(last)s.")
        raise ValidationError(text, params={"first": FIRST_YEAR, "last": LAST_YEAR})


class DayField(forms.DateField):
    """One day, chosen in the browser's own calendar."""

    default_validators = [check_year]

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget} | kwargs)


class MomentField(forms.DateTimeField):
    """One moment to the minute, in the reader's time zone."""

    default_validators = [check_year]

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(**{"widget": widget} | kwargs)
