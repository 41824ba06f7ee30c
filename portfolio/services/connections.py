"""What happens to a connection: registered, checked, replaced, paused, removed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from portfolio.exchanges import catalogue
from portfolio.exchanges.errors import GatewayError, KeyBroken, TryAgain, WaitUntil
from portfolio.exchanges.types import PermissionAudit as Answer
from portfolio.exchanges.types import Verdict
from portfolio.models import Connection, PermissionAudit
from portfolio.services import credentials, gateway, ledger
from portfolio.services.credentials import CredentialsUnreadable

Status = Connection.Status


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
        environment=environment,
        label=label.strip() or info.name,
        next_sync_at=timezone.now() + timedelta(seconds=15),
    )
    _seal_candidate(connection, credentials)
    connection.save()
    audit.note(user=user, action="connection registered", connection=str(connection.id))
    return connection


@transaction.atomic
def replace_credentials(*, connection: Connection, credentials: dict[str, str]) -> None:
    """Puts a new key beside the old one until it is checked. May raise ConnectionProblem."""
    if connection.status == Status.REMOVED:
        raise ConnectionProblem(_("This connection was removed; add a new one instead."))
    _seal_candidate(connection, credentials)
    if connection.sealed_credentials is None:
        connection.status = Status.PENDING
        connection.status_reason = ""
    connection.next_sync_at = timezone.now() + timedelta(seconds=15)
    connection.save()
    audit.note(
        user=connection.owner, action="connection key replaced", connection=str(connection.id)
    )


def _seal_candidate(connection: Connection, values: dict[str, str]) -> None:
    cleaned = catalogue.clean_credentials(connection.exchange, values)
    connection.sealed_candidate = credentials.seal(cleaned, row=connection.id)
    connection.credentials_saved_at = timezone.now()


def pause(*, connection: Connection) -> None:
    """Stops the schedule of an active connection. May raise ConnectionProblem."""
    if connection.status != Status.ACTIVE:
        raise ConnectionProblem(_("Only an active connection can be paused."))
    Connection.objects.filter(pk=connection.pk).update(status=Status.PAUSED)
    audit.note(user=connection.owner, action="connection paused", connection=str(connection.id))


def resume(*, connection: Connection) -> None:
    """Starts a paused or broken connection again. May raise ConnectionProblem."""
    if connection.status not in (Status.PAUSED, Status.BROKEN):
        raise ConnectionProblem(_("This connection is not paused."))
    if connection.sealed_credentials is None and connection.sealed_candidate is None:
        raise ConnectionProblem(_("There is no key any more; replace the key first."))
    known = connection.sealed_credentials is not None
    Connection.objects.filter(pk=connection.pk).update(
        status=Status.ACTIVE if known else Status.PENDING,
        status_reason="",
        failures=0,
        next_sync_at=timezone.now(),
    )
    audit.note(user=connection.owner, action="connection resumed", connection=str(connection.id))


def request_sync(*, connection: Connection) -> None:
    """Makes an active connection due at once. May raise ConnectionProblem."""
    if connection.status != Status.ACTIVE:
        raise ConnectionProblem(_("Only an active connection can be synced."))
    Connection.objects.filter(pk=connection.pk).update(next_sync_at=timezone.now())


@transaction.atomic
def remove(*, connection: Connection, with_history: bool) -> None:
    """Forgets the key, and the history too if asked."""
    user, ident = connection.owner, str(connection.id)
    action = "connection removed"
    if with_history:
        ledger.mark_stale_for_connection(connection)
        connection.delete()
        action = "connection removed with its history"
    else:
        Connection.objects.filter(pk=connection.pk).update(
            status=Status.REMOVED,
            status_reason="",
            sealed_credentials=None,
            sealed_candidate=None,
            next_sync_at=None,
            lease_holder="",
            lease_until=None,
        )
    audit.note(user=user, action=action, connection=ident)


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
        return _store_failure(connection, bytes(sealed), error)
    return _store_answer(connection, bytes(sealed), answer)


def _note_delay(connection: Connection, error: GatewayError) -> None:
    until = getattr(error, "until", timezone.now() + timedelta(seconds=30))
    Connection.objects.filter(pk=connection.pk).update(
        status_reason=error.message, next_sync_at=until
    )


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
    current.checked_at = timezone.now()
    if current.sealed_candidate is not None and current.sealed_credentials is not None:
        current.sealed_candidate = None
        current.status_reason = _("The new key was not taken: {reason}").format(reason=error)
    else:
        current.status = Status.BROKEN
        current.status_reason = str(error)
        current.next_sync_at = None
    current.save()
    return PermissionAudit.objects.create(
        connection=current,
        at=current.checked_at,
        verdict=PermissionAudit.Verdict.FAILED,
        message=str(error),
    )


def _store_answer(connection: Connection, sealed: bytes, answer: Answer) -> PermissionAudit | None:
    try:
        with transaction.atomic():
            return _judge(connection, sealed, answer, refusal=_refusal(answer))
    except IntegrityError:
        refusal = _(
            "This account is already connected here. A second key would double its history: "
            "replace the key of the existing connection instead."
        )
        with transaction.atomic():
            return _judge(connection, sealed, answer, refusal=refusal)


def _judge(
    connection: Connection, sealed: bytes, answer: Answer, *, refusal: str
) -> PermissionAudit | None:
    current = _locked(connection, sealed)
    if current is None:
        return None
    refusal = refusal or _other_account(current, answer)
    current.checked_at = now = timezone.now()
    if refusal:
        _refuse(current, sealed, refusal)
    else:
        _accept(current, sealed, answer)
    current.save()
    return _audit_row(current, answer, refusal, at=now)


def _locked(connection: Connection, sealed: bytes) -> Connection | None:
    """The row as it is now, unless the key was replaced or removed while the exchange was asked."""
    current = Connection.objects.select_for_update().filter(pk=connection.pk).first()
    if current is None or current.status == Status.REMOVED:
        return None
    held = current.sealed_candidate or current.sealed_credentials
    return current if held is not None and bytes(held) == sealed else None


def _refusal(answer: Answer) -> str:
    """Why a key is not accepted, and how to make a better one; "" if it is."""
    words = ", ".join(answer.dangerous)
    if answer.verdict == Verdict.CAN_WITHDRAW:
        return _(
            "Refused: this key may do more than read ({words}). Coffer takes only keys that cannot "
            "withdraw or move funds. Make a new key at the exchange with read permissions only, "
            "delete this one there, and add the new one here. The key was not kept."
        ).format(words=words)
    if answer.verdict == Verdict.CAN_TRADE and not settings.ALLOW_TRADE_KEYS:
        return _(
            "Refused: this key may trade ({words}). Make a new key at the exchange with read "
            "permissions only, delete this one there, and add the new one here. "
            "The key was not kept."
        ).format(words=words)
    return ""


def _other_account(current: Connection, answer: Answer) -> str:
    known, told = current.account_uid, answer.account_uid
    if known and told and known != told:
        return _(
            "Refused: this key belongs to another account at the exchange than the history stored "
            "here. Use a key of the same account, or add the other account as a new connection."
        )
    return ""


def _refuse(current: Connection, sealed: bytes, reason: str) -> None:
    """Erases the refused key; a former key that was fine goes on."""
    was_candidate = current.sealed_candidate is not None
    current.sealed_candidate = None
    if was_candidate and current.sealed_credentials is not None:
        current.status_reason = reason
        return
    current.sealed_credentials = None
    current.status = Status.REFUSED
    current.status_reason = reason
    current.next_sync_at = None


def _accept(current: Connection, sealed: bytes, answer: Answer) -> None:
    current.sealed_credentials = sealed
    current.sealed_candidate = None
    current.account_uid = answer.account_uid or current.account_uid
    current.status_reason = ""
    current.failures = 0
    if current.status in (Status.PENDING, Status.BROKEN, Status.REFUSED):
        current.status = Status.ACTIVE
        current.next_sync_at = timezone.now()


def _audit_row(
    current: Connection, answer: Answer, refusal: str, *, at: datetime
) -> PermissionAudit:
    return PermissionAudit.objects.create(
        connection=current,
        at=at,
        verdict=answer.verdict.value,
        permissions=list(answer.permissions),
        dangerous=list(answer.dangerous),
        missing=list(answer.missing),
        warnings=list(answer.warnings),
        ip_restricted=answer.ip_restricted,
        ip_allowlist=list(answer.ip_allowlist),
        key_created_at=answer.created_at,
        key_expires_at=answer.expires_at,
        message=refusal,
        raw=answer.raw,
    )


def mark_broken(connection: Connection, error: KeyBroken | CredentialsUnreadable) -> None:
    """A key that worked is refused by the exchange: stop and tell the owner."""
    Connection.objects.filter(pk=connection.pk, status=Status.ACTIVE).update(
        status=Status.BROKEN, status_reason=str(error), next_sync_at=None
    )
