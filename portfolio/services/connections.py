"""What happens to a connection: registered, checked, replaced, paused, removed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from portfolio.exchanges import catalogue, key_rules
from portfolio.exchanges.errors import GatewayError, KeyBroken, TryAgain, WaitUntil
from portfolio.exchanges.types import PermissionAudit as Answer
from portfolio.models import Connection, PermissionAudit, SyncRun
from portfolio.services import (
    credentials,
    gateway,
    key_news,
    ledger,
    notices,
    outbound,
    refusals,
)
from portfolio.services.credentials import CredentialsUnreadable

Status = Connection.Status
Kind = notices.Kind
CHECKED_WITHIN = timedelta(seconds=15)


class ConnectionProblem(Exception):
    """The request cannot be done; ``message`` says why in plain words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@transaction.atomic
def register(
    *, user: User, exchange: str, environment: str, label: str, credentials: dict[str, str]
) -> Connection:
    """Stores a new key, sealed and not yet trusted. May raise ConnectionProblem, ValueError."""
    info = catalogue.get(exchange)
    if environment == Connection.Environment.SANDBOX and not settings.SANDBOX:
        raise ConnectionProblem(_("Sandbox exchanges are switched off on this installation."))
    connection = Connection(
        owner=user,
        exchange=info.id,
        account_family=info.family,
        environment=environment,
        label=label.strip() or info.name,
    )
    _seal_candidate(connection, credentials)
    connection.save()
    audit.note(user=user, action="connection registered", connection=str(connection.id))
    return connection


def replace_credentials(*, connection: Connection, credentials: dict[str, str]) -> None:
    """Puts a new key beside the old one until it is checked. May raise ConnectionProblem.

    A removed connection whose history was kept comes back to life with it.
    """
    try:
        with transaction.atomic():
            _replace(connection, credentials)
    except IntegrityError:
        raise ConnectionProblem(refusals.already_connected(connection)) from None
    audit.note(
        user=connection.owner, action="connection key replaced", connection=str(connection.id)
    )


def _replace(connection: Connection, values: dict[str, str]) -> None:
    """Under the row's lock: a worker may be at it, or have erased the key this moment."""
    current = Connection.objects.select_for_update().get(pk=connection.pk)
    _seal_candidate(current, values)
    # One by hand stays what it is until the key is found to be good.
    if current.sealed_credentials is None and not current.is_by_hand:
        current.status = Status.PENDING
        current.status_reason = ""
    current.save(update_fields=[*_CANDIDATE, "status", "status_reason"])


_CANDIDATE = ("sealed_candidate", "credentials_saved_at", "check_at")


def _seal_candidate(connection: Connection, values: dict[str, str]) -> None:
    cleaned = catalogue.clean_credentials(connection.exchange, values)
    connection.sealed_candidate = credentials.seal(cleaned, row=connection.id)
    connection.credentials_saved_at = now = timezone.now()
    # Whoever stores the key also sends the check; should it be lost, the schedule sends another.
    connection.check_at = now + CHECKED_WITHIN


def _change(connection: Connection, *, unless: str, among: Collection[str], **values: Any) -> None:
    """Updates the row if its status is still one of these; else raises ``unless``."""
    if connection.is_by_hand:
        raise ConnectionProblem(_("Nothing is asked of an account by hand."))
    rows = Connection.objects.filter(pk=connection.pk, status__in=among)
    if not rows.update(**values):
        raise ConnectionProblem(unless)


@transaction.atomic
def pause(*, connection: Connection) -> None:
    """Stops the schedule of an active connection. May raise ConnectionProblem."""
    problem = _("Only an active connection can be paused.")
    _change(connection, unless=problem, among=[Status.ACTIVE], status=Status.PAUSED)
    _end_run(connection, SyncRun.Outcome.ABANDONED, _("The connection was paused."))
    audit.note(user=connection.owner, action="connection paused", connection=str(connection.id))


@transaction.atomic
def resume(*, connection: Connection) -> None:
    """Starts a paused or broken connection again. May raise ConnectionProblem."""
    current = Connection.objects.select_for_update().get(pk=connection.pk)
    if current.status not in (Status.PAUSED, Status.BROKEN):
        raise ConnectionProblem(_("This connection is not paused."))
    if current.sealed_credentials is None and current.sealed_candidate is None:
        raise ConnectionProblem(_("There is no key any more; replace the key first."))
    known = current.sealed_credentials is not None
    now = timezone.now()
    current.status = Status.ACTIVE if known else Status.PENDING
    current.status_reason, current.failures = "", 0
    current.next_sync_at = now if known else None
    current.check_at = now + CHECKED_WITHIN
    current.save(update_fields=["status", "status_reason", "failures", "next_sync_at", "check_at"])
    audit.note(user=connection.owner, action="connection resumed", connection=str(connection.id))


def request_sync(*, connection: Connection) -> None:
    """Makes an active connection due at once. May raise ConnectionProblem."""
    problem = _("Only an active connection can be synced.")
    _change(connection, unless=problem, among=[Status.ACTIVE], next_sync_at=timezone.now())


def request_check(*, connection: Connection) -> None:
    """Has the exchange asked at once what the key may do. May raise ConnectionProblem."""
    held = Connection.objects.filter(
        Q(sealed_credentials__isnull=False) | Q(sealed_candidate__isnull=False),
        pk=connection.pk,
        status__in=[Status.PENDING, Status.ACTIVE, Status.PAUSED, Status.BROKEN],
    )
    if not held.update(check_at=timezone.now() + CHECKED_WITHIN):
        raise ConnectionProblem(_("There is no key to check; add one first."))


@transaction.atomic
def remove(*, connection: Connection, with_history: bool) -> None:
    """Forgets the key, and the history too if asked."""
    user, ident = connection.owner, str(connection.id)
    # The lock waits for a page that is being stored, and lets no other in.
    current = Connection.objects.select_for_update().filter(pk=connection.pk).first()
    if current is None:
        return
    if with_history:
        ledger.forget(current)
        current.delete()
        action = "connection removed with its history"
    else:
        retire(current, _("The connection was removed."))
        action = "connection removed"
    audit.note(user=user, action=action, connection=ident)


def retire(current: Connection, message: str) -> None:
    """Keeps the history without a key; a run under way ends here with ``message``.

    The caller holds the row's lock.
    """
    Connection.objects.filter(pk=current.pk).update(
        status=Status.REMOVED,
        status_reason="",
        sealed_credentials=None,
        sealed_candidate=None,
        check_at=None,
        next_sync_at=None,
        lease_holder="",
        lease_until=None,
    )
    _end_run(current, SyncRun.Outcome.ABANDONED, message)
    notices.no_longer_matters(current)


def _end_run(connection: Connection, outcome: str, message: str) -> None:
    """Ends the run under way, if any; its worker finds the connection closed to it."""
    connection.sync_runs.filter(finished_at__isnull=True).update(
        outcome=outcome, message=message, finished_at=timezone.now()
    )


# --- The check, in a worker -------------------------------------------------------------------


def check(connection: Connection) -> PermissionAudit | None:
    """Asks the exchange what the key may do and acts on the answer; workers only.

    Returns the stored audit, or None where there is no key to ask about.
    May raise TryAgain or WaitUntil: the exchange could not be asked now.
    """
    sealed = connection.sealed_candidate or connection.sealed_credentials
    if sealed is None:
        return None
    try:
        client = gateway.open_connection(connection, sealed)
        try:
            answer = client.audit()
        finally:
            client.close()
    except (TryAgain, WaitUntil) as error:
        _note_delay(connection, error)
        raise
    except (GatewayError, CredentialsUnreadable) as error:
        outbound.named(connection, getattr(error, "caller", ""))
        return _store_failure(connection, bytes(sealed), error)
    outbound.admitted(connection, answer)
    return _store_answer(connection, bytes(sealed), answer)


def _note_delay(connection: Connection, error: GatewayError) -> None:
    """Sets the next attempt. Of a key in use already nothing is said: it serves as before."""
    until = getattr(error, "until", timezone.now() + timedelta(seconds=30))
    rows = Connection.objects.filter(pk=connection.pk).exclude(status=Status.REMOVED)
    rows.update(check_at=until)
    rows.filter(sealed_candidate__isnull=False).update(status_reason=error.message)


@transaction.atomic
def _store_failure(
    connection: Connection, sealed: bytes, error: GatewayError | CredentialsUnreadable
) -> PermissionAudit | None:
    """The key does not work: tells the owner. A key that worked before goes on being used.

    A first key is kept, since an address rule at the exchange may be mended without a new key.
    """
    current = _locked(connection, sealed)
    if current is None:
        return None
    current.checked_at, current.check_at = timezone.now(), None
    turned_away = _is_replacing(current)
    if turned_away:
        current.sealed_candidate = None
        current.status_reason = _("The new key was not taken: {reason}").format(reason=error)
    else:
        if current.status in (Status.ACTIVE, Status.PAUSED):
            notices.outage(current, Kind.BROKEN, str(error))
        current.status = Status.BROKEN
        current.status_reason = str(error)
        current.next_sync_at = None
        _end_run(current, SyncRun.Outcome.FAILED, str(error))
    current.save()
    return PermissionAudit.objects.create(
        connection=current,
        at=current.checked_at,
        turned_away=turned_away,
        verdict=PermissionAudit.Verdict.FAILED,
        message=str(error),
    )


def _store_answer(connection: Connection, sealed: bytes, answer: Answer) -> PermissionAudit | None:
    try:
        with transaction.atomic():
            return _judge(connection, sealed, answer)
    except IntegrityError:
        with transaction.atomic():
            refusal = refusals.already_connected(connection, answer.account_uid)
            return _judge(connection, sealed, answer, refusal=refusal)


def _judge(
    connection: Connection, sealed: bytes, answer: Answer, *, refusal: str = ""
) -> PermissionAudit | None:
    current = _locked(connection, sealed)
    if current is None:
        return None
    refusal = refusal or refusals.reason(current, answer)
    now = timezone.now()
    current.checked_at, current.check_at = now, None
    turned_away = bool(refusal) and _is_replacing(current)
    if refusal:
        _refuse(current, refusal, kind=Kind.RIGHTS if answer.dangerous else Kind.BROKEN)
    else:
        _accept(current, sealed, answer)
    current.save()
    return _audit_row(current, answer, refusal, at=now, turned_away=turned_away)


def _is_replacing(current: Connection) -> bool:
    """Whether a new key waits beside one that is in use, or for an account by hand."""
    has_other = current.sealed_credentials is not None or current.is_by_hand
    return current.sealed_candidate is not None and has_other


def _locked(connection: Connection, sealed: bytes) -> Connection | None:
    """The row as it is now, unless the key was replaced or removed while the exchange was asked."""
    current = Connection.objects.select_for_update().filter(pk=connection.pk).first()
    if current is None or current.status == Status.REMOVED:
        return None
    held = current.sealed_candidate or current.sealed_credentials
    return current if held is not None and bytes(held) == sealed else None


def _refuse(current: Connection, reason: str, *, kind: str) -> None:
    """Erases the refused key; a former key that was fine goes on."""
    if _is_replacing(current):
        current.sealed_candidate = None
        goes_on = "" if current.is_by_hand else _("The former key goes on.")
        current.status_reason = f"{reason} {goes_on}".strip()
        return
    if current.sealed_credentials is not None:
        notices.outage(current, kind, reason)
    current.sealed_candidate = current.sealed_credentials = None
    _end_run(current, SyncRun.Outcome.FAILED, reason)
    current.status = Status.REFUSED
    current.status_reason = reason
    current.next_sync_at = None


def _accept(current: Connection, sealed: bytes, answer: Answer) -> None:
    key_news.of_good_key(
        current, answer, is_replacing=_is_replacing(current) and not current.is_by_hand
    )
    if current.status == Status.ACTIVE and current.sealed_candidate is not None:
        current.next_sync_at = timezone.now()
    current.sealed_credentials = sealed
    current.sealed_candidate = None
    current.account_uid = answer.account_uid or current.account_uid
    current.status_reason = ""
    current.failures = 0
    if current.is_by_hand:  # what it holds stays; files and the exchange are witnesses from now on
        current.kind, current.backfilled_at = Connection.Kind.KEY, None
        current.status, current.next_sync_at = Status.ACTIVE, timezone.now()
    if current.status in (Status.PENDING, Status.BROKEN, Status.REFUSED):
        current.status = Status.ACTIVE
        current.next_sync_at = timezone.now()


def _audit_row(
    current: Connection, answer: Answer, refusal: str, *, at: datetime, turned_away: bool
) -> PermissionAudit:
    by_rule = key_rules.ends_at(
        current.exchange, created_at=answer.created_at, ip_restricted=answer.ip_restricted
    )
    return PermissionAudit.objects.create(
        connection=current,
        at=at,
        turned_away=turned_away,
        verdict=answer.verdict.value,
        permissions=list(answer.permissions),
        dangerous=list(answer.dangerous),
        missing=list(answer.missing),
        warnings=list(answer.warnings),
        ip_restricted=answer.ip_restricted,
        ip_allowlist=list(answer.ip_allowlist),
        key_created_at=answer.created_at,
        key_expires_at=answer.expires_at or by_rule,
        expiry_by_rule=answer.expires_at is None and by_rule is not None,
        message=refusal,
        raw=answer.raw,
    )


@transaction.atomic
def mark_broken(connection: Connection, error: KeyBroken | CredentialsUnreadable) -> bool:
    """A key that worked is refused by the exchange: stop and tell the owner.

    Does nothing and returns False where ``connection`` has another key by now.
    """
    current = Connection.objects.select_for_update().filter(pk=connection.pk).first()
    if current is None or current.status != Status.ACTIVE or not _same_key(current, connection):
        return False
    current.status, current.status_reason = Status.BROKEN, str(error)
    current.next_sync_at = None
    current.save(update_fields=["status", "status_reason", "next_sync_at"])
    notices.outage(current, Kind.BROKEN, str(error))
    outbound.named(current, getattr(error, "caller", ""))
    return True


def _same_key(one: Connection, other: Connection) -> bool:
    return bytes(one.sealed_credentials or b"") == bytes(other.sealed_credentials or b"")
