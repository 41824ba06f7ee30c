"""Reads what is known of a connection's key: its passport, its expiry, what was told before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from portfolio.models import Connection, Notice, PermissionAudit
from portfolio.selectors import outbound
from portfolio.selectors.outbound import Outbound

Verdict = PermissionAudit.Verdict
HISTORY_SHOWN = 30
REPLACEMENT_SHOWN_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Line:
    """One audit in the history, and what differs from the one before it."""

    audit: PermissionAudit
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replacement:
    """Where the replacing of a key stands: checking, refused or done."""

    state: str
    at: datetime | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Passport:
    """All that is known of the key of one connection."""

    connection: Connection
    answer: PermissionAudit | None  # the exchange's latest answer about the key in use
    failure: PermissionAudit | None  # the check after it, where that failed
    history: tuple[Line, ...]
    addresses: tuple[Outbound, ...]
    replacement: Replacement | None
    twins: tuple[Notice, ...]

    @property
    def has_key(self) -> bool:
        """Whether a key is stored, checked or not."""
        held = (self.connection.sealed_credentials, self.connection.sealed_candidate)
        return any(value is not None for value in held)

    @property
    def is_being_checked(self) -> bool:
        """Whether a worker is about to ask the exchange."""
        return self.has_key and self.connection.check_at is not None

    @property
    def is_bound_here(self) -> bool | None:
        """Whether the key's list has an address of ours; None where that is not known."""
        if self.answer is None or not self.answer.ip_allowlist or not self.addresses:
            return None
        return any(own.address in self.answer.ip_allowlist for own in self.addresses)


def passport(user: User, connection_id: UUID, *, now: datetime) -> Passport:
    """The passport of one connection of this user. May raise Connection.DoesNotExist."""
    connection = Connection.objects.of(user).get(pk=connection_id)
    audits = list(connection.audits.order_by("-at", "-pk")[: HISTORY_SHOWN + 1])
    own = [
        audit for audit in audits if not audit.turned_away and _is_of_this_key(audit, connection)
    ]
    answer = next((audit for audit in own if audit.verdict != Verdict.FAILED), None)
    failed = own[0] if own and own[0].verdict == Verdict.FAILED else None
    return Passport(
        connection=connection,
        answer=answer,
        failure=failed,
        history=_history(audits),
        addresses=outbound.addresses(connection.environment, now=now),
        replacement=_replacement(connection, audits, now),
        twins=twins(connection),
    )


def _is_of_this_key(audit: PermissionAudit, connection: Connection) -> bool:
    """Whether an audit is not of a key that was stored before the one that waits alone."""
    waits_alone = connection.sealed_credentials is None and connection.sealed_candidate is not None
    saved = connection.credentials_saved_at
    return not waits_alone or saved is None or audit.at >= saved


def _history(audits: Sequence[PermissionAudit]) -> tuple[Line, ...]:
    """Latest first; a failed check says nothing of permissions, so it is not compared with."""
    lines = []
    for number, audit in enumerate(audits[:HISTORY_SHOWN]):
        before = next((a for a in audits[number + 1 :] if _is_answer(a)), None)
        now_granted, then = set(audit.permissions), set(before.permissions if before else ())
        if before is None or not _is_answer(audit):
            now_granted = then = set()
        lines.append(
            Line(audit, tuple(sorted(now_granted - then)), tuple(sorted(then - now_granted)))
        )
    return tuple(lines)


def _is_answer(audit: PermissionAudit) -> bool:
    return audit.verdict != Verdict.FAILED


def _replacement(
    connection: Connection, audits: Sequence[PermissionAudit], now: datetime
) -> Replacement | None:
    if connection.sealed_candidate is not None and connection.sealed_credentials is not None:
        return Replacement("checking", connection.credentials_saved_at, connection.status_reason)
    since = now - REPLACEMENT_SHOWN_FOR
    refused = next((audit for audit in audits if audit.turned_away and audit.at > since), None)
    told = connection.notices.filter(kind=Notice.Kind.REPLACED, created_at__gt=since)
    done = told.first()
    if refused and (done is None or refused.at > done.created_at):
        return Replacement("refused", refused.at, refused.message)
    return Replacement("done", done.created_at, done.message) if done else None


def twins(connection: Connection) -> tuple[Notice, ...]:
    """Other connections with the same account, as far as both histories are here."""
    rows = Notice.objects.filter(
        Q(connection=connection) | Q(other=connection), kind=Notice.Kind.TWIN
    )
    return tuple(rows.select_related("connection", "other"))


def with_keys(user: User) -> tuple[Connection, ...]:
    """The connections of this user of which a key is stored."""
    held = Q(sealed_credentials__isnull=False) | Q(sealed_candidate__isnull=False)
    return tuple(Connection.objects.of(user).filter(held))


def latest_audits(ids: Sequence[UUID], *, answered: bool = False) -> dict[UUID, PermissionAudit]:
    """The latest audit of each key in use; ``answered`` passes over checks that failed."""
    latest = PermissionAudit.objects.filter(connection__in=ids, turned_away=False)
    if answered:
        latest = latest.exclude(verdict=Verdict.FAILED)
    rows = latest.order_by("connection_id", "-at", "-pk").distinct("connection_id")
    return {audit.connection_id: audit for audit in rows}
