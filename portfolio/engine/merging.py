"""How several records about one event make one transaction, whatever order they arrive in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from portfolio.engine.types import Event, TransactionKind

_RANK = {kind: place for place, kind in enumerate(TransactionKind)}


def merge(known: Event, *, known_has_movements: bool, more: Event) -> Event:
    """The event as told by what was known and one more record of it; movements are left out.

    A record that moves amounts decides the kind and the time, evidence only where there is none.
    Of two with the same say (the legs of a trade) the more telling kind and the earlier time count.
    Where details differ the lesser text counts, so that no order of arrival makes a difference.
    """
    kind, occurred_at = _decided(known, more, known_decides=known_has_movements)
    detail = {**more.detail, **known.detail}
    for name in known.detail.keys() & more.detail.keys():
        detail[name] = min(known.detail[name], more.detail[name])
    return replace(known, kind=kind, occurred_at=occurred_at, detail=detail, movements=())


def _decided(known: Event, more: Event, *, known_decides: bool) -> tuple[TransactionKind, datetime]:
    if known_decides == bool(more.movements):
        kind = min(known.kind, more.kind, key=_RANK.__getitem__)
        return kind, min(known.occurred_at, more.occurred_at)
    decisive = known if known_decides else more
    return decisive.kind, decisive.occurred_at
