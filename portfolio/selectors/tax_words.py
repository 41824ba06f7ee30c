"""How a tax report is told: its places, methods, lines and what was taken for granted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portfolio.engine.tax import method as methods
from portfolio.engine.tax import place as places
from portfolio.engine.tax.place import UnknownPlace
from portfolio.models.ledger import KIND_LABELS
from portfolio.selectors.finder import by_cause

_MATCHES: dict[str, Promise] = {
    "lot": _("one purchase"),
    "pool": _("the pool"),
    "portfolio": _("the whole portfolio"),
    "none": _("nothing: it was not held"),
    "same_day": _("purchases of the same day"),
    "thirty_day": _("purchases within 30 days after"),
    "section_104": _("the section 104 pool"),
    "no_gain_no_loss": _("the pool, without gain or loss"),
}
_COVERED: dict[str, Promise] = {
    "failed": _("could not be fetched:"),
    "hole": _("never asked for:"),
    "unavailable": _("not served:"),
    "fetched": _("fetched"),
    "empty": _("fetched, there was nothing"),
    "asked": _("asked for as a whole"),
    # Exchanges say how far back they keep records; what is older is kept where it came.
    "outside": _("older than the exchange promises; nothing came"),
    "kept": _("older than the exchange promises; what came is kept"),
    "partly": _("in part older than the exchange promises"),
}
_SETTINGS: dict[str, Promise] = {
    "method": _("Method"),
    "method_by_year": _("Method by year"),
    "base_currency": _("Currency"),
    "tax_timezone": _("Calendar"),
    "picks": _("Lots chosen by hand"),
}
_CHANGED: dict[str, Promise] = {
    "added": _("Added"),
    "changed": _("Told otherwise"),
    "priced": _("Of another worth"),
    "removed": _("No longer there"),
}
_TERMS: dict[str, Promise] = {"short": _("short"), "long": _("long")}
_ASSUMED: dict[str, Promise] = {
    "unpriced": _("Price unknown: in no sum"),
    "no_cost": _("Cost unknown: taken at no cost"),
    "no_value": _("Worth unknown: taken as nothing"),
    "unknown_origin": _("Came from outside: taken at no cost"),
    "unknown_target": _("Left for outside: taken as still yours"),
    "one_sided": _("Sold, without a price: taken as sold for what it was worth"),
    "unclear": _("Kind not clear: taken as coming from, or going, outside"),
    "not_held": _("More was given than was held: taken at no cost"),
    "not_as_chosen": _("A lot that you chose is not there: another was taken"),
    "chosen_late": _("A lot was chosen after the sale"),
}
_MENDED: dict[str, Promise] = {
    "unpriced": _("Give a price for that day."),
    "no_cost": _("Give a price for the day on which it came."),
    "no_value": _("Give a price for that day."),
    "unknown_origin": _("Match the transfer, import the account it came from, or say what it was."),
    "unknown_target": _("Match the transfer, or say what it was: a payment, a gift, a loss."),
    "one_sided": _("Find the other side of the trade, or say what it was."),
    "unclear": _("Say what it was."),
    "not_held": _("Look for missing history: an account, a file, an opening balance."),
    "not_as_chosen": _("The ledger changed since: open the transaction and choose anew."),
    "chosen_late": _("Keep what shows that you had identified the lot in time; else undo it."),
}
_OTHERS: dict[str, Promise] = {
    "rebate": _("Rebate"),
    "spouse": _("Gift to a spouse"),
    "payment": _("Payment"),
    "fee": _("Fee"),
}


def match(name: str) -> str:
    """What a disposal was matched with."""
    return str(_MATCHES.get(name, name))


def term(name: str) -> str:
    """Short or long."""
    return str(_TERMS.get(name, name))


def assumed(what: str) -> str:
    """What was taken for granted."""
    return str(_ASSUMED.get(what, what))


def mended(what: str) -> str:
    """What to do about it."""
    return str(_MENDED.get(what, ""))


def subkind(name: str) -> str:
    """What an event was."""
    kinds: dict[str, Promise] = {kind.value: label for kind, label in KIND_LABELS.items()}
    return str(kinds.get(name, _OTHERS.get(name, name)))


def as_of(moment: str | None) -> str:
    """Up to when a ledger told anything: the moment of its latest transaction that went in."""
    if not moment:
        return str(_("unknown"))
    at = datetime.fromisoformat(moment)
    return str(_("the transaction of {at} UTC")).format(at=f"{at:%Y-%m-%d %H:%M:%S}")


def covered(told: Mapping[str, Any]) -> list[str]:
    """What is said of one time of one kind of record, in a few words; what is missing, if any."""
    names = told["words"]
    known = [name for name in ("fetched", "asked") if name in names]
    if "fetched" not in known and "empty" in names:
        known.insert(0, "empty")
    if not told["missing"]:
        if "outside" in names:
            known.append("partly" if known else "kept" if told["records"] else "outside")
        return [str(_COVERED[name]) for name in known or ["outside"]]
    parts = [str(_("partly fetched"))] if known else []
    for word, start, end in told["missing"]:
        days = start if start == end else f"{start} – {end}"
        parts.append(f"{_COVERED[word]} {days}")
    if told["more"]:
        more = ngettext("and {number} more", "and {number} more", told["more"])
        parts.append(more.format(number=told["more"]))
    return parts


def is_in_doubt(told: Mapping[str, Any]) -> bool:
    """Whether something of that time is missing, or nobody can say that it is not."""
    sure = {"fetched", "asked", "empty"} & set(told["words"])
    return bool(told["missing"] or (told["records"] and not sure))


def setting(name: str) -> str:
    """A setting by its name in the engine."""
    return str(_SETTINGS.get(name, name.replace("_", " ")))


def chosen(name: str, value: Any) -> str:
    """What was set, for people; numbers and the like as they are kept."""
    if name == "method" and value:
        return method(value)
    if name == "picks":
        number = len(value or {})
        return ngettext("{number} disposal", "{number} disposals", number).format(number=number)
    return json.dumps(value) if isinstance(value, bool | dict | list) else str(value or _("none"))


def changed(kind: str) -> str:
    """How a transaction differs from that of a former report."""
    return str(_CHANGED[kind])


def finding(cause: str) -> tuple[str, str]:
    """What a finding is, and what to do; a cause that is no longer looked for by its name."""
    finder = by_cause().get(cause)
    return (str(finder.title), str(finder.fix)) if finder else (cause, "")


def meanings(causes: Iterable[str]) -> list[tuple[str, str]]:
    """What each cause of findings is, and why it matters; those still looked for, once each."""
    known = by_cause()
    named = sorted({cause for cause in causes if cause in known})
    return [(str(known[cause].title), str(known[cause].words)) for cause in named]


_EVIDENCE: dict[str, Promise] = {
    "coverage": _("Coverage"),
    "balances": _("Reconciliation"),
    "findings": _("Open findings"),
}


def evidence(what: str) -> str:
    """A table of what a report stood on. May raise KeyError."""
    return str(_EVIDENCE[what])


_PLACINGS: dict[str, Promise] = {
    "oldest": _("the oldest lots"),
    "youngest": _("the youngest lots"),
    "dearest": _("the lots of the highest cost of a unit"),
    "cheapest": _("the lots of the lowest cost of a unit"),
}


def placing(name: str) -> str:
    """Which lots went to accounts first."""
    return str(_PLACINGS.get(name, name))


_CAUSES: dict[str, Promise] = {
    "rounding": _("Rounding: at most a cent a row"),
    "no_basis": _("The broker does not tell the basis of some: not covered, or bought elsewhere"),
    "transferred": _("Bought in another account: the broker cannot know at what cost"),
    "unpriced": _("The ledger does not know the price of some: give the one that was told"),
    "not_in_ledger": _("Sales that the ledger does not know: look for missing history"),
    "not_at_broker": _("Sales that the broker does not tell: trades, fees or payments in coins"),
    "other": _("Other money on the same days: fees, prices, or other lots"),
}


def cause(name: str) -> str:
    """What likely makes a difference to a broker's form."""
    return str(_CAUSES.get(name, name))


def place(ident: str) -> str:
    """A place by its title; one that is no longer offered by its name."""
    try:
        return _said(places.by_id(ident).title)
    except UnknownPlace:
        return ident


def method(name: str) -> str:
    """A method by its title."""
    known = methods.methods().get(name)
    return _said(known.title) if known else name


def _said(text: str) -> str:
    return str(_(text))
