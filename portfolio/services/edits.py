"""What a user changes of the ledger: reclassify, split, merge, add, hide, note, tag, and take back.

Each is one database transaction under the owner's lock, noted in the audit log. What cannot be done
to one transaction is refused in words; of many, those that it cannot be done to are left out.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import edits as engine
from portfolio.engine import money
from portfolio.engine.edits import DoesNotAddUp, Layer, Leg, Misfit, Part
from portfolio.engine.types import TransactionKind
from portfolio.models import Connection, Edit, EditPart, Holding, Posting, Transaction
from portfolio.selectors.edit_layers import layer
from portfolio.services import edit_layers
from portfolio.services.edit_annotations import set_note
from portfolio.services.edit_layers import Step
from portfolio.services.locks import lock_edits

MOST = 2000  # transactions edited at once: a page waits for it
MOST_LEGS = 20
Kind = Edit.Kind


class EditProblem(Exception):
    """The edit cannot be made; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Done:
    """What was edited; ``left_out`` counts what could not be, by why. One batch undoes it."""

    edits: tuple[Edit, ...]
    batch: UUID | None
    left_out: Counter[str]


@transaction.atomic
def reclassify(*, user: User, ids: Sequence[int], kind: TransactionKind, reason: str = "") -> Done:
    """Makes transactions of another kind; amounts stay. May raise EditProblem, DoesNotExist."""

    def step(row: Transaction) -> Step:
        told = engine.reclassify(layer(row), kind)
        if row.kind == kind:
            raise EditProblem(_("It is of that kind already."))
        require_fit(told)
        return Step(Kind.RECLASSIFY, [row], [told])

    return _each(user, ids, step, reason, gettext_noop("transactions reclassified"))


@transaction.atomic
def hide(*, user: User, ids: Sequence[int], reason: str = "") -> Done:
    """Leaves transactions out of everything. May raise EditProblem, Transaction.DoesNotExist."""

    def step(row: Transaction) -> Step:
        return Step(Kind.HIDE, [row], [])

    return _each(user, ids, step, reason, gettext_noop("transactions hidden"))


@transaction.atomic
def split(*, user: User, transaction_id: int, parts: Sequence[Part], reason: str = "") -> Edit:
    """Makes several of one; amounts of parts come in the order of ``selectors.edit_layers``.

    May raise EditProblem, Transaction.DoesNotExist.
    """

    def step(row: Transaction) -> Step:
        if len(parts) < 2:
            raise EditProblem(_("A split has two parts or more."))
        made = _shared_out(layer(row), parts)
        if any(not told.legs for told in made):
            raise EditProblem(_("Each part needs an amount."))
        for told in made:
            require_fit(told)
        return Step(Kind.SPLIT, [row], made)

    action = gettext_noop("transaction split")
    return _each(user, [transaction_id], step, reason, action).edits[0]


def _shared_out(whole: Layer, parts: Sequence[Part]) -> tuple[Layer, ...]:
    try:
        return engine.split(whole, parts)
    except DoesNotAddUp as problem:
        leg = whole.legs[problem.leg]
        words = (
            _("The parts of {amount} {asset} must add up to it: {missing} is missing.")
            if problem.missing
            else _("No part of {amount} {asset} may go the other way.")
        )
        raise EditProblem(
            words.format(
                amount=money.plain(leg.amount),
                asset=leg.asset,
                missing=money.plain(problem.missing),
            )
        ) from None


@transaction.atomic
def merge(*, user: User, ids: Sequence[int], kind: TransactionKind, reason: str = "") -> Edit:
    """Makes one of several of one connection. May raise EditProblem, Transaction.DoesNotExist."""
    rows, locked = _taken(user, ids)
    if len(rows) < 2:
        raise EditProblem(_("Choose two transactions or more to merge."))
    if len(locked) > 1:
        raise EditProblem(
            _("Only transactions of one connection can be merged; between two, link a transfer.")
        )
    for row in rows:
        require_editable(row)
    told = engine.merge([layer(row) for row in rows], kind)
    require_fit(told)
    (connection,) = locked.values()
    steps = [Step(Kind.MERGE, rows, [told])]
    (edit,) = edit_layers.apply(connection, steps, user=user, reason=reason)
    _log(user, gettext_noop("transactions merged"), [edit])
    return edit


@dataclass(frozen=True, slots=True)
class Added:
    """A transaction that no exchange tells of, as its user does."""

    kind: TransactionKind
    legs: tuple[Leg, ...]
    note: str = ""


@transaction.atomic
def add(*, user: User, connection_id: UUID, told: Added, reason: str = "") -> Edit:
    """Books a transaction by hand. May raise EditProblem, Connection.DoesNotExist."""
    locked = lock_edits(user.pk, [connection_id])
    if connection_id not in locked:
        raise Connection.DoesNotExist
    connection = locked[connection_id]
    _check_added(connection, told)
    at = min(leg.occurred_at for leg in told.legs)
    made = Layer("", told.kind, at, told.legs)
    require_fit(made)
    steps = [Step(Kind.ADD, [], [made])]
    (edit,) = edit_layers.apply(connection, steps, user=user, reason=reason)
    set_note(edit.made.values_list("pk", flat=True), told.note.strip())
    _log(user, gettext_noop("transaction added by hand"), [edit])
    return edit


def _check_added(connection: Connection, told: Added) -> None:
    if not told.legs:
        raise EditProblem(_("A transaction needs an amount."))
    if len(told.legs) > MOST_LEGS:
        raise EditProblem(_("At most {most} amounts can be entered.").format(most=MOST_LEGS))
    wallets = wallets_of(connection)
    for leg in told.legs:
        if leg.wallet not in wallets:
            raise EditProblem(_("This connection has no wallet “{name}”.").format(name=leg.wallet))
        if not leg.asset or len(leg.asset) > 40 or not leg.asset.isprintable():
            raise EditProblem(_("Each amount needs an asset."))
        if not leg.amount or not money.fits(leg.amount):
            raise EditProblem(_("An amount other than zero is needed."))
        if leg.occurred_at > timezone.now():
            raise EditProblem(_("Choose a time that has already come."))


def wallets_of(connection: Connection) -> tuple[str, ...]:
    """The wallets that a connection is known to have; a plain one where nothing is known yet."""
    known = Holding.objects.filter(connection=connection).values_list("wallet", flat=True)
    return tuple(sorted({*connection.wallets, *known})) or ("spot",)


# --- Checks -----------------------------------------------------------------------------------


def require_editable(row: Transaction) -> None:
    """Only the top layer can be edited, and no entry by hand. May raise EditProblem."""
    if row.is_replaced:
        raise EditProblem(_("An edit stands in its place; edit what it shows instead."))
    if hasattr(row, "manual_entry"):
        raise EditProblem(_("This is an entry by hand: change or withdraw it on its proof sheet."))


def require_fit(told: Layer) -> None:
    """The amounts must be such as the kind has. May raise EditProblem."""
    lacking = engine.misfit(told.kind, told.legs)
    if lacking is Misfit.NOTHING_CAME:
        raise EditProblem(_("Nothing came in, so it cannot be of that kind."))
    if lacking is Misfit.NOTHING_LEFT:
        raise EditProblem(_("Nothing went out, so it cannot be of that kind."))


# --- One or many ------------------------------------------------------------------------------


def _each(
    user: User,
    ids: Sequence[int],
    step: Callable[[Transaction], Step],
    reason: str,
    action: str,
) -> Done:
    """Edits each transaction by itself; all of them are one batch."""
    rows, locked = _taken(user, ids)
    steps, left_out = _steps(rows, step, is_one=len(rows) == 1)
    batch = uuid.uuid4() if len(rows) > 1 else None
    made: list[Edit] = []
    for connection_id, of_connection in steps.items():
        made += edit_layers.apply(
            locked[connection_id], of_connection, user=user, reason=reason, batch=batch
        )
    _log(user, action, made)
    return Done(tuple(made), batch, left_out)


def _steps(
    rows: Iterable[Transaction], step: Callable[[Transaction], Step], *, is_one: bool
) -> tuple[dict[UUID, list[Step]], Counter[str]]:
    steps: dict[UUID, list[Step]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for row in rows:
        try:
            require_editable(row)
            steps[row.connection_id].append(step(row))
        except EditProblem as problem:
            if is_one:
                raise
            left_out[problem.message] += 1
    if not steps:
        raise EditProblem(" ".join(left_out) or _("Choose at least one transaction."))
    return steps, left_out


def _taken(user: User, ids: Sequence[int]) -> tuple[list[Transaction], dict[UUID, Connection]]:
    """The transactions as they are under the lock, oldest first. May raise EditProblem.

    Raises Transaction.DoesNotExist where one is not the user's.
    """
    wanted = set(ids)
    if len(wanted) > MOST:
        raise EditProblem(_("At most {most} can be edited at once.").format(most=MOST))
    owned = Transaction.objects.of(user).filter(pk__in=wanted)
    locked = lock_edits(user.pk, list(owned.values_list("connection", flat=True).distinct()))
    rows = list(
        owned.select_related("manual_entry")
        .prefetch_related(Prefetch("postings", Posting.objects.order_by("id")))
        .order_by("occurred_at", "pk")
    )
    if len(rows) != len(wanted):
        raise Transaction.DoesNotExist
    return rows, locked


def _log(user: User, action: str, edits: Sequence[Edit]) -> None:
    number = EditPart.objects.filter(edit__in=edits).exclude(role=EditPart.Role.ORIGIN).count()
    told = {"number": str(number)} if number > 1 else {}
    if len(edits) == 1:
        told["edit"] = str(edits[0].pk)
    audit.note(user=user, action=action, **told)
