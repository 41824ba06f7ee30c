"""What people may set about themselves."""

from __future__ import annotations

import zoneinfo

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

# The currencies that the European Central Bank quotes now, and bitcoin.
CURRENCIES = [
    ("EUR", _("Euro")),
    ("USD", _("US dollar")),
    ("GBP", _("Pound sterling")),
    ("CHF", _("Swiss franc")),
    ("JPY", _("Japanese yen")),
    ("AUD", _("Australian dollar")),
    ("BRL", _("Brazilian real")),
    ("CAD", _("Canadian dollar")),
    ("CNY", _("Chinese yuan")),
    ("CZK", _("Czech koruna")),
    ("DKK", _("Danish krone")),
    ("HKD", _("Hong Kong dollar")),
    ("HUF", _("Hungarian forint")),
    ("IDR", _("Indonesian rupiah")),
    ("ILS", _("Israeli shekel")),
    ("INR", _("Indian rupee")),
    ("ISK", _("Icelandic króna")),
    ("KRW", _("South Korean won")),
    ("MXN", _("Mexican peso")),
    ("MYR", _("Malaysian ringgit")),
    ("NOK", _("Norwegian krone")),
    ("NZD", _("New Zealand dollar")),
    ("PHP", _("Philippine peso")),
    ("PLN", _("Polish złoty")),
    ("RON", _("Romanian leu")),
    ("SEK", _("Swedish krona")),
    ("SGD", _("Singapore dollar")),
    ("THB", _("Thai baht")),
    ("TRY", _("Turkish lira")),
    ("ZAR", _("South African rand")),
    ("BTC", _("Bitcoin")),
]


def _currency_choices() -> list[tuple[str, str]]:
    return [(code, f"{code} · {name}") for code, name in CURRENCIES]


def _zone_choices() -> list[tuple[str, str]]:
    """Places, not the old abbreviations and fixed offsets that are kept for compatibility."""
    places = sorted(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


class PreferencesForm(forms.Form):
    """Reporting currency and time zone, each out of a list."""

    reporting_currency = forms.ChoiceField(
        label=_("Reporting currency"), choices=lazy(_currency_choices, list)
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zone_choices)
