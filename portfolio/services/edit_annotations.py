"""Keeps notes and tags with what a user sees: they follow a transaction through its layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

from portfolio.models import Edit, EditPart, Note, Tag, Tagging, Transaction, WhatIf

KINDS = (Edit.Kind.NOTE, Edit.Kind.TAG)
Rows = Sequence[Transaction]


def copy(edited: Sequence[tuple[Rows, Rows]]) -> None:
    """Gives what edits made the notes and tags of what they replaced."""
    _give(edited, [new.pk for _, news in edited for new in news])


def give_back(lifted: Sequence[tuple[Rows, Rows]]) -> None:
    """Gives what was replaced the notes and tags of what goes; call it before that goes.

    One that became one has them exactly; where it was split or merged, nothing is taken away.
    """
    alone = [olds[0].pk for news, olds in lifted if len(news) == len(olds) == 1]
    Note.objects.filter(transaction__in=alone).delete()
    Tagging.objects.filter(transaction__in=alone).delete()
    _give(lifted, [old.pk for _, olds in lifted for old in olds])


def _give(pairs: Sequence[tuple[Rows, Rows]], receivers: Sequence[int]) -> None:
    givers = [row.pk for froms, _ in pairs for row in froms]
    if not givers or not receivers:
        return
    notes = dict(
        Note.objects.filter(transaction__in=[*givers, *receivers]).values_list("pk", "text")
    )
    tags: dict[int, list[int]] = defaultdict(list)
    taggings = Tagging.objects.filter(transaction__in=givers)
    for transaction_id, tag_id in taggings.values_list("transaction_id", "tag_id"):
        tags[transaction_id].append(tag_id)
    texts, marks = {}, []
    for froms, tos in pairs:
        for to in tos:
            told = [notes[row.pk] for row in (*froms, to) if row.pk in notes]
            if told:
                texts[to.pk] = "\n".join(dict.fromkeys(told))
            marks += [
                Tagging(tag_id=tag, transaction_id=to.pk) for row in froms for tag in tags[row.pk]
            ]
    _write(texts)
    Tagging.objects.bulk_create(marks, ignore_conflicts=True)


def _write(texts: dict[int, str]) -> None:
    Note.objects.bulk_create(
        [Note(transaction_id=pk, text=text) for pk, text in texts.items()],
        update_conflicts=True,
        unique_fields=["transaction"],
        update_fields=["text"],
    )


# --- Notes and tags as edits ------------------------------------------------------------------


def set_note(ids: Iterable[int], text: str) -> None:
    """Writes one note to these transactions; an empty one takes it away."""
    if text:
        _write(dict.fromkeys(ids, text))
    else:
        Note.objects.filter(transaction__in=list(ids)).delete()


def put(owner_id: int, marks: Iterable[tuple[int, str]]) -> None:
    """Puts tags, by name, on transactions."""
    told = list(marks)
    names = {name for _, name in told}
    Tag.objects.bulk_create(
        [Tag(owner_id=owner_id, name=name) for name in sorted(names)], ignore_conflicts=True
    )
    known = dict(Tag.objects.filter(owner_id=owner_id, name__in=names).values_list("name", "pk"))
    Tagging.objects.bulk_create(
        [Tagging(tag_id=known[name], transaction_id=pk) for pk, name in told],
        ignore_conflicts=True,
    )
    WhatIf.objects.outdate(owner_id)  # a tag may say what a gift is to the tax


def take(owner_id: int, ids: Iterable[int], names: Iterable[str]) -> None:
    """Takes tags off transactions; a tag that is on none any more is gone."""
    taggings = Tagging.objects.filter(tag__owner=owner_id, tag__name__in=list(names))
    taggings.filter(transaction__in=list(ids)).delete()
    drop_unused(owner_id)
    WhatIf.objects.outdate(owner_id)


def drop_unused(owner_id: int) -> None:
    """Deletes the tags that are on nothing."""
    Tag.objects.filter(owner_id=owner_id, taggings=None).delete()


def take_back(edits: Sequence[Edit]) -> None:
    """Undoes edits of notes and tags, newest first, in every layer of what they were put on.

    A note that was written over since stays.
    """
    newest = sorted(edits, key=lambda edit: (edit.made_at, edit.pk), reverse=True)
    # Those of a batch say the same: together they are as quick as one.
    for _same, group in groupby(newest, key=lambda edit: (edit.batch or edit.pk, edit.data)):
        together = list(group)
        edit, ids = together[0], _layers(together)
        if edit.kind == Edit.Kind.NOTE:
            notes = dict(Note.objects.filter(transaction__in=ids).values_list("pk", "text"))
            same = [pk for pk in ids if notes.get(pk, "") == edit.data["after"]]
            set_note(same, edit.data["before"])
        else:
            take(edit.owner_id, ids, edit.data["added"])
            put(edit.owner_id, [(pk, name) for pk in ids for name in edit.data["removed"]])


def _layers(edits: Sequence[Edit]) -> list[int]:
    """The transactions that edits marked, what lies below them and what stands for them now."""
    parts = EditPart.objects.filter(edit__in=edits)
    found = set(parts.values_list("transaction_id", flat=True))
    fresh = found
    while fresh:
        above = EditPart.objects.filter(
            transaction__in=fresh, role=EditPart.Role.REPLACED, is_active=True
        )
        fresh = set(
            Transaction.objects.filter(edit__in=above.values("edit")).values_list("pk", flat=True)
        )
        fresh -= found
        found |= fresh
    return sorted(found)
