"""Sharing tax years with somebody who may only read: made, opened, revoked, deleted, noted."""

from __future__ import annotations

import enum
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.models import (
    Connection,
    TaxReport,
    TaxShare,
    TaxShareOpening,
    TaxShareVisit,
    TaxShareYear,
)
from portfolio.services import tax_settings

USUAL_DAYS = 90
MOST_DAYS = 366
# A browser that opened a link is asked for it again after this.
VISIT = timedelta(hours=12)
# Wrong passphrases of one share before all tries wait.
MOST_TRIES = 5
TRIES_WITHIN = timedelta(hours=1)
# Looking at the same thing again within this is not noted again.
NOTED_EVERY = timedelta(minutes=1)
# Without letters and digits that are taken for each other.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
What = TaxShareOpening.What


class ShareProblem(Exception):
    """It cannot be shared so; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Told:
    """What an owner shares, with whom, and until when."""

    label: str
    way: str
    years: Collection[tuple[str, int]]  # place and year, as in TaxReport
    ends_on: date  # the last day, in the owner's time zone
    connections: Collection[UUID] | None = None  # None: all, those to come too
    shows_amounts: bool = True
    email: str = ""
    sender: str = ""
    has_passphrase: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A new share; what opens it is known here only, and empty where there is none."""

    share: TaxShare
    token: str
    passphrase: str


def last_day(today: date) -> date:
    """The latest day that a share made today may end on."""
    return today + timedelta(days=MOST_DAYS)


@transaction.atomic
def make(*, user: User, told: Told, ip_address: str | None = None) -> Made:
    """Makes a share. May raise ShareProblem."""
    now = timezone.now()
    names = _years(user, told)
    connections = _connections(user, told)
    is_link = told.way == TaxShare.Way.LINK
    if not is_link and not told.email:
        raise ShareProblem(_("Say the e-mail address of the account that may read."))
    token = secrets.token_urlsafe(32) if is_link else ""
    passphrase = _passphrase() if is_link and told.has_passphrase else ""
    share = TaxShare.objects.create(
        owner=user,
        way=told.way,
        label=told.label,
        email=told.email.lower(),
        sender=told.sender,
        token_sha256=digest(token) if token else None,
        passphrase=make_password(passphrase) if passphrase else "",
        all_connections=told.connections is None,
        shows_amounts=told.shows_amounts,
        time_zone=_zone(user),
        created_at=now,
        ends_at=_end(user, told.ends_on, now),
    )
    share.connections.set(connections)
    TaxShareYear.objects.bulk_create(
        TaxShareYear(share=share, place=place, year=year, year_name=name)
        for (place, year), name in names.items()
    )
    _audit(share, gettext_noop("tax years shared"), ip_address)
    return Made(share, token, passphrase)


def digest(secret: str) -> str:
    """What is stored of a token or key: it is long and random, so that no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _passphrase() -> str:
    """Twelve letters, some 59 bits, to be told by another way than the link."""
    parts = ("".join(secrets.choice(_LETTERS) for _n in range(4)) for _part in range(3))
    return "-".join(parts)


def _years(user: User, told: Told) -> dict[tuple[str, int], str]:
    made = TaxReport.objects.of(user).filter(state=TaxReport.State.DONE)
    known = {
        (place, year): name
        for place, year, name in made.order_by("pk").values_list("place", "year", "year_name")
    }
    if not told.years:
        raise ShareProblem(_("Choose at least one tax year."))
    if not set(told.years) <= known.keys():
        raise ShareProblem(_("Only years with a report can be shared."))
    return {year: known[year] for year in sorted(set(told.years))}


def _connections(user: User, told: Told) -> list[Connection]:
    if told.connections is None:
        return []
    chosen = list(Connection.objects.of(user).filter(pk__in=told.connections))
    if not chosen or len(chosen) != len(set(told.connections)):
        raise ShareProblem(_("Choose at least one connection, or all."))
    return chosen


def _zone(user: User) -> str:
    """The calendar of the owner's taxes: days are told by it."""
    _place, settings = tax_settings.settings_of(user, tax_settings.profile_of(user))
    return settings.tax_timezone


def _end(user: User, on: date, now: datetime) -> datetime:
    zone = ZoneInfo(user.time_zone)
    today = now.astimezone(zone).date()
    if not today <= on <= last_day(today):
        text = _("It can end between today and %(day)s.")
        raise ShareProblem(text % {"day": last_day(today).isoformat()})
    return datetime.combine(on + timedelta(days=1), time.min, tzinfo=zone)


def _audit(share: TaxShare, action: str, ip_address: str | None) -> None:
    audit.note(user=share.owner, action=action, ip_address=ip_address, reader=share.label)


@transaction.atomic
def revoke(*, user: User, share_id: UUID, ip_address: str | None = None) -> None:
    """Ends a share at once, for whoever has it open too. May raise TaxShare.DoesNotExist."""
    share = TaxShare.objects.of(user).select_for_update(of=("self",)).get(pk=share_id)
    if share.revoked_at is None:
        share.revoked_at = timezone.now()
        share.save(update_fields=["revoked_at"])
        _audit(share, gettext_noop("tax share revoked"), ip_address)


@transaction.atomic
def delete(*, user: User, share_id: UUID, ip_address: str | None = None) -> None:
    """Drops a share with its log. May raise TaxShare.DoesNotExist."""
    share = TaxShare.objects.of(user).select_for_update(of=("self",)).get(pk=share_id)
    _audit(share, gettext_noop("tax share deleted"), ip_address)
    share.delete()


# --- The reader's side ------------------------------------------------------------------------


class Answer(enum.StrEnum):
    """What comes of a link that somebody opens."""

    OPENED = "opened"
    UNKNOWN = "unknown"
    ENDED = "ended"  # revoked too
    PASSPHRASE = "passphrase"  # noqa: S105  (it is asked for)
    WRONG = "wrong"
    WAIT = "wait"  # too many wrong ones


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer, with the share where it is one, and where it is opened the key of a visit."""

    answer: Answer
    share: TaxShare | None = None
    key: str = ""


@transaction.atomic
def enter(*, token: str, passphrase: str, network: str) -> Entry:
    """Opens a link: looked up by its hash, so that no secret is compared piece by piece."""
    rows = TaxShare.objects.filter(way=TaxShare.Way.LINK, owner__is_active=True)
    share = rows.select_for_update(of=("self",)).filter(token_sha256=digest(token)).first()
    now = timezone.now()
    if share is None:
        return Entry(Answer.UNKNOWN)
    if is_over(share, now):
        note(share, What.CLOSED, network=network)
        return Entry(Answer.ENDED, share)
    answer = _checked(share, passphrase, now)
    if answer is not Answer.OPENED:
        if answer is Answer.WRONG:
            note(share, What.WRONG, network=network)
        return Entry(answer)
    note(share, What.LINK, network=network)
    return Entry(answer, share, _visit(share, now))


def is_over(share: TaxShare, now: datetime) -> bool:
    """Whether nothing of it can be opened any more."""
    return share.revoked_at is not None or share.ends_at <= now


def _checked(share: TaxShare, passphrase: str, now: datetime) -> Answer:
    if not share.passphrase:
        return Answer.OPENED
    if share.tried_at is not None and share.tried_at < now - TRIES_WITHIN:
        share.wrong_tries = 0
    if share.wrong_tries >= MOST_TRIES:
        return Answer.WAIT
    if not passphrase:
        return Answer.PASSPHRASE
    is_right = check_password(passphrase.strip().lower(), share.passphrase)
    share.wrong_tries = 0 if is_right else share.wrong_tries + 1
    share.tried_at = now
    share.save(update_fields=["wrong_tries", "tried_at"])
    return Answer.OPENED if is_right else Answer.WRONG


def _visit(share: TaxShare, now: datetime) -> str:
    TaxShareVisit.objects.filter(share=share, ends_at__lte=now).delete()
    key = secrets.token_urlsafe(32)
    TaxShareVisit.objects.create(
        share=share, key_sha256=digest(key), started_at=now, ends_at=now + VISIT
    )
    return key


def leave(*, share_id: UUID, key: str) -> None:
    """Ends one visit."""
    TaxShareVisit.objects.filter(share=share_id, key_sha256=digest(key)).delete()


def note(
    share: TaxShare,
    what: TaxShareOpening.What,
    name: str = "",
    *,
    report: TaxReport | None = None,
    network: str = "",
) -> None:
    """Writes to the share's log; the same again within a minute is one line."""
    now = timezone.now()
    told = {"what": what, "name": name[:200], "report": report, "network": network}
    if what is not What.WRONG:
        latest = TaxShareOpening.objects.filter(share=share, at__gt=now - NOTED_EVERY)
        if latest.filter(**told).exists():
            return
    TaxShareOpening.objects.create(share=share, at=now, **told)
    if what not in (What.WRONG, What.CLOSED):
        TaxShare.objects.filter(pk=share.pk).update(opened_at=now)
