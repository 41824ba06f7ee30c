"""How several records about one event make one transaction, whatever order they arrive in."""

from __future__ import annotations

from dataclasses import replace

from portfolio.engine.types import Event


def merge(known: Event, *, known_has_movements: bool, more: Event) -> Event:
    """The event as told by what was known and one more record of it.

    A record that moves amounts decides the kind and the time; evidence only adds details that are
    not there yet. Of two that move amounts (the legs of a trade) the earlier time counts.
    """
    if not more.movements:
        return replace(known, detail={**more.detail, **known.detail})
    detail = {**known.detail, **more.detail}
    if not known_has_movements:
        return replace(more, detail=detail, movements=())
    return replace(
        known,
        kind=more.kind,
        occurred_at=min(known.occurred_at, more.occurred_at),
        detail=detail,
    )
