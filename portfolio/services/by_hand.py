"""Accounts that nothing is asked for: a closed exchange, a hardware wallet, a paper notebook.

Such a connection has wallets that its owner names, what files and its owner tell, and balances that
its owner reads off somewhere and types in: they are kept as checkpoints and reconciled like those
that an exchange reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.exchanges import catalogue, closed
from portfolio.models import Checkpoint, Connection, Holding
from portfolio.services import checkpoints, holdings

LONGEST_NAME = 40
MOST_WALLETS = 20


class ByHandProblem(Exception):
    """It cannot be done so; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@transaction.atomic
def create(*, user: User, label: str, exchange: str, wallets: Sequence[str]) -> Connection:
    """Makes an account by hand; ``exchange`` may be ``closed.NONE``. May raise ByHandProblem."""
    known = catalogue.is_known(exchange)
    if not known and exchange != closed.NONE and not closed.name_of(exchange):
        raise ByHandProblem(_("There is no such exchange in the list."))
    made = Connection.objects.create(
        owner=user,
        kind=Connection.Kind.MANUAL,
        exchange=exchange,
        account_family=catalogue.get(exchange).family if known else exchange,
        label=label.strip(),
        wallets=_named(wallets),
        status=Connection.Status.ACTIVE,
        # All that will be told of it is told by its owner: nothing is awaited.
        backfilled_at=timezone.now(),
    )
    audit.note(user=user, action=gettext_noop("account by hand added"), connection=str(made.pk))
    return made


@transaction.atomic
def change(*, user: User, connection_id: UUID, label: str, wallets: Sequence[str]) -> None:
    """Gives it another name, or more wallets; those in use stay. May raise ByHandProblem."""
    connection = _locked(user, connection_id)
    connection.label, connection.wallets = label.strip(), _named(wallets)
    connection.save(update_fields=["label", "wallets"])
    action = gettext_noop("account by hand changed")
    audit.note(user=user, action=action, connection=str(connection.pk))


def _named(wallets: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in wallets if name.strip()))
    if not names:
        raise ByHandProblem(_("It needs a wallet at least."))
    if len(names) > MOST_WALLETS:
        raise ByHandProblem(_("At most {most} wallets can be named.").format(most=MOST_WALLETS))
    if any(len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        raise ByHandProblem(_("A wallet\u2019s name has at most 40 characters."))
    return names


def _locked(user: User, connection_id: UUID) -> Connection:
    """The row, if it is by hand. May raise Connection.DoesNotExist."""
    rows = Connection.objects.select_for_update(no_key=True).of(user)
    return rows.get(pk=connection_id, kind=Connection.Kind.MANUAL)


# --- Reported balances ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reported:
    """A balance that a person read off somewhere, and when it was so."""

    wallet: str
    asset: str
    quantity: Decimal
    at: datetime


@transaction.atomic
def report(*, user: User, connection_id: UUID, told: Reported) -> Checkpoint:
    """Keeps a balance; one of the same moment is replaced.

    May raise ByHandProblem, Connection.DoesNotExist.
    """
    connection = _locked(user, connection_id)
    _check(connection, told)
    holding, _made = Holding.objects.get_or_create(
        owner=user, connection=connection, wallet=told.wallet, asset=told.asset
    )
    later = checkpoints.booked_after(connection, told.at)[told.wallet, told.asset]
    ledger = money.add(holding.quantity, money.negate(later))
    values = {"reported": told.quantity, "ledger": ledger}
    point, _made = Checkpoint.objects.update_or_create(values, holding=holding, at=told.at)
    _follow(connection)
    _note(point, gettext_noop("balance of an account by hand typed in"))
    return point


@transaction.atomic
def withdraw_report(*, user: User, connection_id: UUID, checkpoint_id: int) -> None:
    """Takes a balance back. May raise DoesNotExist."""
    connection = _locked(user, connection_id)
    rows = Checkpoint.objects.select_related("holding__connection__owner")
    point = rows.get(pk=checkpoint_id, holding__connection=connection)
    _note(point, gettext_noop("balance of an account by hand taken back"))
    point.delete()
    _follow(connection)


def _check(connection: Connection, told: Reported) -> None:
    known = {*connection.wallets, *connection.holdings.values_list("wallet", flat=True)}
    if told.wallet not in known:
        raise ByHandProblem(_("This account has no wallet “{name}”.").format(name=told.wallet))
    if not told.asset or len(told.asset) > LONGEST_NAME or not told.asset.isprintable():
        raise ByHandProblem(_("Name the asset."))
    if not money.fits(told.quantity):
        raise ByHandProblem(_("An amount of so many digits cannot be kept."))
    if told.at > timezone.now():
        raise ByHandProblem(_("Choose a time that has already come."))


def _follow(connection: Connection) -> None:
    latest = Checkpoint.objects.filter(holding__connection=connection).aggregate(at=Max("at"))
    Connection.objects.filter(pk=connection.pk).update(balances_at=latest["at"])
    holdings.bring_forward(connection)


def bring_forward(owner_id: int) -> None:
    """Brings what was typed in forward to now, wherever files were imported since."""
    rows = Connection.objects.filter(owner=owner_id, kind=Connection.Kind.MANUAL)
    for connection in rows.exclude(balances_at=None):
        holdings.bring_forward(connection)


def _note(point: Checkpoint, action: str) -> None:
    holding = point.holding
    audit.note(
        user=holding.owner,
        action=action,
        connection=str(holding.connection_id),
        wallet=holding.wallet,
        amount=f"{money.plain(point.reported)} {holding.asset}",
        dated=point.at.isoformat(timespec="minutes"),
    )
