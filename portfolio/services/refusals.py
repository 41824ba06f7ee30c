"""Why a key is not accepted, in words that say what to do instead; "" where it is."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portfolio.exchanges import catalogue
from portfolio.exchanges.types import PermissionAudit as Answer
from portfolio.exchanges.types import Verdict
from portfolio.models import Connection, RawRecord

Status = Connection.Status


def reason(current: Connection, answer: Answer) -> str:
    """The first reason against a key, from what the exchange says of it and what is stored."""
    return _rights(answer) or _other_account(current, answer) or _kept_history(current, answer)


def already_connected(connection: Connection, account_uid: str = "") -> str:
    """Says so, and as which connection, where that can be found.

    Of another exchange of the family it says which of them shows the whole account.
    """
    twins = _of_account(connection, account_uid or connection.account_uid)
    twin = twins.exclude(status__in=[Status.REMOVED, Status.REFUSED]).first()
    if twin is not None and twin.exchange != connection.exchange:
        return _(
            "This account is already connected here, as “{label}”, and would be counted twice. "
            "{whole} shows all of its wallets: keep a connection to that one only."
        ).format(label=twin, whole=catalogue.get(connection.account_family).name)
    return _(
        "This account is already connected here, as “{label}”. A second key would double its "
        "history: replace the key of that connection instead."
    ).format(label=twin or connection)


def _of_account(connection: Connection, account_uid: str) -> QuerySet[Connection]:
    """The owner's other connections to the same account, under whichever name of the exchange."""
    return Connection.objects.filter(
        owner=connection.owner_id,
        account_family=connection.account_family,
        environment=connection.environment,
        account_uid=account_uid,
    ).exclude(pk=connection.pk)


def _rights(answer: Answer) -> str:
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


def _kept_history(current: Connection, answer: Answer) -> str:
    """The history of a connection without a key still counts: a second copy would double all."""
    if not answer.account_uid:
        return ""
    kept = _of_account(current, answer.account_uid).filter(
        Exists(RawRecord.objects.filter(connection=OuterRef("pk"))),
        status__in=[Status.REMOVED, Status.REFUSED],
    )
    twin = kept.first()
    if twin is None:
        return ""
    return _(
        "Refused: the history of this account is still here, under the connection “{label}” that "
        "has no key any more, and a second copy would double it. Open that connection and give it "
        "a key, or delete its history first. The key was not kept."
    ).format(label=twin.label)
