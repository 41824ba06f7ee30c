"""What people are told of a run that is under way."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portfolio.exchanges import paces
from portfolio.models import Connection, SyncRun
from portfolio.selectors import pairs
from portfolio.selectors.pairs import PairProgress
from portfolio.services import gateway


def of_pairs(connection: Connection, run: SyncRun | None, *, now: datetime) -> PairProgress | None:
    """How far a run is with trades that are served pair by pair; None where it waits for none."""
    sandbox = connection.environment == gateway.SANDBOX
    speed = Decimal(settings.SANDBOX_SPEED) if sandbox else Decimal(1)
    known = paces.pair_paces(connection.exchange)
    scaled = {family: seconds / speed for family, seconds in known.items()}
    return pairs.progress(connection, run, paces=scaled, now=now)


def in_words(told: PairProgress) -> str:
    """Such as "412 of 1,312 pairs, about 38 minutes left"."""
    text = _("{done} of {total} pairs").format(done=f"{told.done:,}", total=f"{told.total:,}")
    minutes = told.minutes_left
    if minutes is None:
        return _("{pairs}, time left unknown").format(pairs=text)
    if minutes < 120:
        left = ngettext("about {number} minute", "about {number} minutes", minutes)
        left = left.format(number=minutes)
    else:
        hours = -(-minutes // 60)
        left = ngettext("about {number} hour", "about {number} hours", hours).format(number=hours)
    return _("{pairs}, {time} left").format(pairs=text, time=left)
