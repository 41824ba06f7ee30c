"""Transfers in words: why two movements are taken for one, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portfolio.engine.transfers import Rule
from portfolio.models import Transaction, TransferLink

register = template.Library()

_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule in words."""

    is_met: bool
    words: str


@register.filter
def reasons(link: TransferLink) -> list[Reason]:
    """The rules held against a pair, in words; none where a person linked it."""
    return [Reason(bool(told["is_met"]), _words(told)) for told in link.reasons]


@register.filter
def verdict(link: TransferLink) -> str:
    """The reasons in one line: "2 of 3 rules met: the amount differs by 0.4 BTC"."""
    found = reasons(link)
    if not found:
        return _("Linked by hand.")
    met = sum(reason.is_met for reason in found)
    failed = [reason.words for reason in found if not reason.is_met]
    head = ngettext("%(met)s of %(all)s rule met", "%(met)s of %(all)s rules met", len(found)) % {
        "met": met,
        "all": len(found),
    }
    return f"{head}: {', '.join(failed)}" if failed else head


def _words(told: Mapping[str, Any]) -> str:
    values = dict(told["values"])
    if told["rule"] == Rule.TIME:
        values["lag"] = _lag(int(values["seconds"]))
    make = _WORDS.get((told["rule"], told["what"]))
    return make() % values if make else f"{told['rule']}: {told['what']}"


def _lag(seconds: int) -> str:
    """A stretch of time in words, its sign left out: "38 minutes"."""
    length = timedelta(seconds=abs(seconds))
    if length < timedelta(minutes=1):
        return ngettext("%d second", "%d seconds", abs(seconds)) % abs(seconds)
    return timesince(_SOME_DAY, _SOME_DAY + length, depth=1)


_WORDS: dict[tuple[str, str], Callable[[], str]] = {
    (Rule.TXID, "same"): lambda: _("both name the same transaction on the chain"),
    (Rule.REFERENCE, "same"): lambda: _("both carry the reference %(reference)s"),
    (Rule.OWN_MOVE, "same_account"): lambda: _("both are halves of a move within one account"),
    (Rule.AMOUNT, "same"): lambda: _("the amount is the same"),
    (Rule.AMOUNT, "less_fee"): lambda: _("the amount is the same, less the fee"),
    (Rule.AMOUNT, "near"): lambda: _("%(by)s %(asset)s less arrived, as a fee may have taken"),
    (Rule.AMOUNT, "differs"): lambda: _("the amount differs by %(by)s %(asset)s"),
    (Rule.AMOUNT, "parts"): lambda: _("%(parts)s deposits add up to what left"),
    (Rule.TIME, "after"): lambda: _("it arrived %(lag)s later"),
    (Rule.TIME, "clocks"): lambda: _("it arrived %(lag)s before it left, as clocks may differ"),
    (Rule.TIME, "late"): lambda: _("it arrived %(lag)s later, which is late"),
    (Rule.TIME, "before"): lambda: _("it arrived %(lag)s before it left"),
    (Rule.ADDRESS, "same"): lambda: _("sent to the address it arrived at"),
    (Rule.ADDRESS, "seen"): lambda: _("sent to an address of this account, seen before"),
    (Rule.ADDRESS, "differs"): lambda: _("sent to another address than it arrived at"),
    (Rule.ADDRESS, "elsewhere"): lambda: _("sent to an address of another account of yours"),
    (Rule.TAG, "same"): lambda: _("the address tag is the same"),
    (Rule.TAG, "differs"): lambda: _("the address tag differs"),
    (Rule.NETWORK, "same"): lambda: _("the network is the same"),
    (Rule.NETWORK, "differs"): lambda: _("the networks differ: %(sent)s and %(received)s"),
}


@register.filter
def tells_amount(link: TransferLink) -> bool:
    """Whether the reasons name an amount, which privacy mode hides."""
    return any("by" in told["values"] for told in link.reasons)


@register.filter
def of_row(found: Mapping[int, Sequence[TransferLink]], ident: int) -> Sequence[TransferLink]:
    """The transfers of one transaction out of those of many."""
    return found.get(ident, ())


@register.filter
def counterpart(link: TransferLink, ident: int) -> Transaction:
    """The other side of a transfer, seen from the transaction with this id."""
    return link.incoming if link.outgoing_id == ident else link.outgoing


@register.filter
def wallet(transaction: Transaction, asset: str) -> str:
    """The wallet that a side's amount left or reached; from postings that are loaded."""
    return next((p.wallet for p in transaction.postings.all() if p.asset == asset), "")
