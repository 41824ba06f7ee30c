"""Finds transactions by what people know of them: ids, hashes, orders, amounts, assets, notes.

Each way to match is a condition of its own that an index answers, so that a page of the list asks
them one by one and puts the newest together; what several would cost in one is not paid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.lookups import Contains, StartsWith

from accounts.models import User
from portfolio.engine import money, typed_amounts
from portfolio.engine.typed_amounts import Typed
from portfolio.models import ManualEntry, Note, Posting, Tagging, Transaction
from portfolio.models.ledger import SEARCHED, SEARCHED_DETAILS
from portfolio.selectors import assets

# Shorter texts are in too many ids: they find only what is exactly that.
SHORTEST_PART = 3
_CODE = re.compile(r"\S{1,40}")


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a text was found in a transaction: by name, with the text around it."""

    name: str  # "key", "txid", "order", ..., "amount", "note", "tag"
    before: str
    found: str
    after: str


def ways(user: User, text: str) -> list[Q]:
    """The conditions of which one must hold, in at most two queries."""
    found = [_by_id(text), _by_note(user, text)]
    typed = typed_amounts.read(text)
    if typed is not None:
        found.append(_by_amount(user, typed))
    elif _CODE.fullmatch(text):
        postings = Posting.objects.counted().filter(owner=user)
        found.append(_of(postings.filter(assets.postings_of(user, text.upper()))))
    return found


def matching(user: User, text: str) -> Q:
    """All of them as one condition, for those who need no more than that."""
    condition = Q(pk__in=[])
    for way in ways(user, text):
        condition |= way
    return condition


def _by_id(text: str) -> Q:
    if len(text) >= SHORTEST_PART:
        return Q(Contains(SEARCHED, text.lower()))
    # The id comes first, and a space after it.
    return Q(StartsWith(SEARCHED, f"{text.lower()} "))


def _of(postings: QuerySet[Posting]) -> Q:
    return Q(pk__in=postings.values("transaction_id"))


def _by_amount(user: User, typed: Typed) -> Q:
    postings = Posting.objects.counted().filter(_amounts(typed), owner=user)
    if typed.asset:
        postings = postings.filter(assets.postings_of(user, typed.asset.upper()))
    return _of(postings)


def _amounts(typed: Typed) -> Q:
    low, high = typed.low, typed.high
    if high is None:
        came, went = Q(amount=low), Q(amount=money.negate(low))
    else:
        came = Q(amount__gte=low, amount__lt=high)
        went = Q(amount__lte=money.negate(low), amount__gt=money.negate(high))
    return {1: came, -1: went}.get(typed.sign, came | went)


def _by_note(user: User, text: str) -> Q:
    """Notes, tags, and the reasons given for entries by hand: what the user wrote."""
    notes = Note.objects.filter(transaction__owner=user, text__icontains=text)
    tagged = Tagging.objects.filter(tag__owner=user, tag__name__icontains=text)
    entries = ManualEntry.objects.filter(
        owner=user, note__icontains=text, transaction__isnull=False
    )
    written = [rows.values_list("transaction_id") for rows in (notes, tagged, entries)]
    return Q(pk__in=written[0].union(*written[1:]))


# --- What matched -----------------------------------------------------------------------------


def hits(rows: Sequence[Transaction], text: str) -> dict[int, tuple[Hit, ...]]:
    """Where the text was found in each of these transactions, with postings and notes loaded."""
    if not text:
        return {}
    typed = typed_amounts.read(text)
    return {row.pk: (*_in_texts(row, text), *_in_amounts(row, typed)) for row in rows}


def _in_texts(row: Transaction, text: str) -> Iterable[Hit]:
    note: Note | None = getattr(row, "note", None)
    values = {"key": row.key} | {name: row.detail.get(name) for name in SEARCHED_DETAILS}
    values["note"] = note.text if note else ""
    for name, value in values.items():
        hit = _hit(name, str(value or ""), text)
        if hit is not None:
            yield hit


def _hit(name: str, value: str, text: str) -> Hit | None:
    # Where lower case is longer, as of some letters of Turkish, places are not the same.
    start = value.lower().find(text.lower()) if len(value.lower()) == len(value) else -1
    if start < 0:
        return None
    end = start + len(text)
    return Hit(name, value[:start], value[start:end], value[end:])


def _in_amounts(row: Transaction, typed: Typed | None) -> Iterable[Hit]:
    if typed is None:
        return
    for posting in row.postings.all():
        if typed.means(posting.amount):
            yield Hit("amount", "", f"{money.plain(posting.amount)} {posting.asset}", "")
