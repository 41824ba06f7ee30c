"""Which connection each account of a draft goes into: proposed, chosen, made when confirmed."""

from __future__ import annotations

import re
import uuid

from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.exchanges import catalogue
from portfolio.models import Connection, Import, ImportAccount

NEW = "new"
_WORD = re.compile(r"[\W_]+")


def propose(job: Import) -> None:
    """Gives each account that nobody decided on the connection it most likely is."""
    connections = list(usable(job))
    for account in job.accounts.filter(is_decided=False, connection=None, new_label=""):
        _propose(job, account, connections)
        account.save()


def usable(job: Import) -> list[Connection]:
    """The owner's connections that records can go into."""
    kept = Connection.objects.filter(owner=job.owner_id)
    return list(kept.exclude(status=Connection.Status.REFUSED).order_by("created_at"))


def _propose(job: Import, account: ImportAccount, connections: list[Connection]) -> None:
    former = _former(job, account)
    likely = [each for each in connections if _fits(account, each)]
    account.is_decided = True
    if former is not None:
        account.connection = former.connection
    elif len(likely) == 1:
        account.connection = likely[0]
    else:
        # Of several it may be any: the owner says which. A new one is proposed meanwhile.
        account.is_decided = not likely and bool(account.exchange or account.name)
        account.new_exchange = account.exchange or guess_exchange(account.name)
        account.new_label = new_label(account)


def _former(job: Import, account: ImportAccount) -> ImportAccount | None:
    """The same account in an earlier import; what has no name may be another each time."""
    if not (account.exchange or account.name):
        return None
    rows = ImportAccount.objects.filter(
        job__owner=job.owner_id, exchange=account.exchange, name=account.name
    )
    earlier = rows.exclude(job=job).exclude(connection=None).order_by("-pk")
    return earlier.select_related("connection").first()


def _fits(account: ImportAccount, connection: Connection) -> bool:
    if account.exchange:
        return connection.account_family == account.exchange or (
            connection.exchange == account.exchange
        )
    both = connection.label + connection.exchange
    names = {_plain(name) for name in (connection.label, connection.exchange, both)} - {""}
    return bool(account.name) and _plain(account.name) in names


def _plain(text: str) -> str:
    return _WORD.sub("", text).casefold()


def guess_exchange(name: str) -> str:
    """The exchange that an account is called after; "" where it is called otherwise."""
    wanted = _plain(name)
    for known in catalogue.all_exchanges():
        if wanted and wanted in (_plain(known.id), _plain(known.name)):
            return known.id
    return ""


def new_label(account: ImportAccount) -> str:
    """What a connection that is made for an account is called."""
    if account.name:
        return account.name[:80]
    if account.exchange:
        return exchange_name(account.exchange)
    return _("Imported")


def exchange_name(exchange: str) -> str:
    """The name of an exchange for people."""
    try:
        return catalogue.get(exchange).name
    except catalogue.UnknownExchange:
        return exchange


def choose(job: Import, account: ImportAccount, choice: str, label: str = "") -> bool:
    """Takes the owner's choice: the id of a connection, or NEW; returns whether it is another."""
    before = (account.connection_id, account.new_label, account.is_decided)
    if choice == NEW:
        account.connection = None
        account.new_exchange = account.exchange or guess_exchange(account.name)
        account.new_label = label.strip()[:80] or new_label(account)
    else:
        account.connection = Connection.objects.get(owner=job.owner_id, pk=uuid.UUID(choice))
    account.is_decided = True
    changed = before != (account.connection_id, account.new_label, True)
    account.is_compared = account.is_compared and not changed
    account.save()
    return changed


def make(job: Import) -> None:
    """Makes the connections that are wanted; of accounts with one name and exchange one."""
    made: dict[tuple[str, str], Connection] = {}
    for account in job.accounts.filter(connection=None):
        key = (account.new_exchange, account.new_label)
        if key not in made:
            made[key] = _make(job, *key)
            account.is_made = True
        account.connection = made[key]
        account.save()


def _make(job: Import, exchange: str, label: str) -> Connection:
    now = timezone.now()
    return Connection.objects.create(
        owner_id=job.owner_id,
        kind=Connection.Kind.MANUAL,
        exchange=exchange or "other",
        label=label,
        status=Connection.Status.ACTIVE,
        backfilled_at=now,
    )
