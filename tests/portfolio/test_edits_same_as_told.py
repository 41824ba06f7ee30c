"""An edited ledger reads as one whose records said so from the first, and back again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.edits import Layer, Leg, Part
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import (
    BalanceMark,
    Checkpoint,
    Connection,
    DailyHolding,
    DailySum,
    DailyTotal,
    DailyValue,
    Edit,
    Holding,
    Note,
    Posting,
    Stream,
    Tagging,
    Transaction,
    TransferLink,
)
from portfolio.selectors import (
    dashboard,
    exports,
    ledger,
    locating,
    reconciliation,
    running_balance,
    transfer_legs,
    transfers,
    valuation,
)
from portfolio.selectors.edit_layers import layer
from portfolio.selectors.export_rows import Selection
from portfolio.selectors.ranges import Preset, Range
from portfolio.services import (
    checkpoints,
    edit_marks,
    edit_reverts,
    edits,
    falls,
    holdings,
    price_needs,
    transfer_matching,
)
from portfolio.services import valuation as values
from portfolio.services.edits import Added, EditProblem
from tests import factories

D = Decimal
K = TransactionKind
NOW = factories.NOW
WALLETS, ASSETS = ("spot", "earn"), ("BTC", "ETH", "EUR")


# --- Two ledgers ------------------------------------------------------------------------------


def account(email: str) -> tuple[Stream, Stream]:
    """Two connections of one person, balances reported, with a checkpoint in the middle."""
    owner = factories.user(email)
    one = factories.connection(owner, exchange="kraken", label="One", account_uid=f"1-{email}")
    two = factories.connection(owner, exchange="binance", label="Two", account_uid=f"2-{email}")
    return factories.stream(one), factories.stream(two)


def book(stream: Stream, told: Layer) -> Transaction:
    """Stores a transaction as if a record had told of it just so."""
    of = stream.connection
    row = Transaction.objects.create(
        owner=of.owner,
        connection=of,
        key=told.key,
        kind=told.kind.value,
        occurred_at=told.occurred_at,
        detail=told.detail,
    )
    raw = factories.raw_record(stream, transaction=row, occurred_at=told.occurred_at)
    made = [
        Posting.objects.create(
            owner=of.owner,
            connection=of,
            transaction=row,
            raw_record=raw,
            position=position,
            wallet=leg.wallet,
            asset=leg.asset,
            amount=leg.amount,
            role=leg.role.value,
            occurred_at=leg.occurred_at,
        )
        for position, leg in enumerate(told.legs)
    ]
    holdings.add_to_holdings(of, made, sign=1)
    if made:
        holdings.mark_stale(of.owner_id, told.occurred_at.date())
    return row


def settle(streams: Sequence[Stream]) -> None:
    """Reported balances, checkpoints, marks, prices and daily values, the same for all ledgers."""
    for stream in streams:
        of = stream.connection
        for wallet in WALLETS:
            for asset in ASSETS:
                Holding.objects.update_or_create(
                    connection=of,
                    owner=of.owner,
                    wallet=wallet,
                    asset=asset,
                    defaults={"reported": D("100.5")},
                )
        for holding in of.holdings.all():
            for days in (40, 10):
                at, said = NOW - timedelta(days=days), D("90.25")
                Checkpoint.objects.create(holding=holding, at=at, reported=said, ledger=said)
    values.recompute(streams[0].connection.owner_id)


# --- What every selector says -----------------------------------------------------------------


def plain(value: Any) -> Any:
    """Amounts as they read: 1.50 and 1.5 are the same."""
    if isinstance(value, Decimal):
        return money.plain(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def _listed(user: User) -> Any:
    rows = ledger.page(user, ledger.Filters(), size=500).rows
    return sorted(
        (r.connection.label, r.key, r.kind, r.occurred_at, sorted(r.detail.items()),
         sorted((p.wallet, p.asset, money.plain(p.amount), p.role) for p in r.postings.all()))
        for r in rows
    )  # fmt: skip


def _filtered(user: User) -> Any:
    asked = [ledger.Filters(asset=a) for a in ASSETS] + [ledger.Filters(kind=k) for k in K]
    asked += [ledger.Filters(wallet=w) for w in WALLETS]
    return [len(ledger.page(user, filters, size=500).rows) for filters in asked]


def _exported(user: User) -> Any:
    return sorted(
        (t.account_label, t.key, t.kind, t.occurred_at, sorted(t.detail.items()),
         sorted((m.wallet, m.asset, money.plain(m.amount), m.role) for m in t.legs))
        for t in exports.transactions(user, Selection(), "EUR")
    )  # fmt: skip


def _held(user: User) -> Any:
    rows = Holding.objects.filter(owner=user).select_related("connection")
    return sorted((h.connection.label, h.wallet, h.asset, money.plain(h.quantity)) for h in rows)


def _summed(user: User) -> Any:
    """Holdings as the postings add up to them."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.label, p.wallet, p.asset, SUM(p.amount) FROM portfolio_posting p
            JOIN portfolio_connection c ON c.id = p.connection_id
            WHERE p.owner_id = %s AND p.counts GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """,
            [user.pk],
        )
        return cursor.fetchall()


def _daily(user: User) -> Any:
    values.recompute(user.pk)
    held = DailyHolding.objects.filter(owner=user).order_by("source", "asset", "on")
    worth = DailyValue.objects.filter(owner=user).order_by("on")
    return [
        # A day whose changes cancel out may be stored or not: it says the same.
        _changes(list(held.values_list("source", "asset", "on", "quantity"))),
        list(worth.values_list("on", "value", "unpriced")),
        [(p.on, p.value) for p in valuation.daily_values(user)],
    ]


def _changes(rows: list[Any]) -> list[Any]:
    found: list[Any] = []
    last: dict[tuple[str, str], Decimal] = {}
    for source, asset, on, quantity in rows:
        if last.get((source, asset), D(0)) != quantity:
            found.append((source, asset, on, quantity))
        last[source, asset] = quantity
    return found


def _day_sums(user: User) -> Any:
    """What performance and proof sheets are added up from."""
    sums = DailySum.objects.filter(owner=user).order_by("on", "source", "asset")
    totals = DailyTotal.objects.filter(owner=user).values_list(
        "connection__label", "wallet", "asset", "on", "kind", "is_fee", "came", "went", "number"
    )
    left_out = {"id", "owner_id"}
    return [
        [{k: v for k, v in row.items() if k not in left_out} for row in sums.values()],
        sorted(totals, key=str),
    ]


def _running(user: User) -> Any:
    told: list[Any] = []
    for h in Holding.objects.filter(owner=user).order_by("connection__label", "wallet", "asset"):
        of = (user, h.connection_id, h.wallet, h.asset)
        lines = running_balance.page(*of, size=500).lines
        told.append(sorted((n.posting.occurred_at, n.posting.amount) for n in lines))
        told.append([lines[0].balance if lines else None])
    return told


def _proofs(user: User) -> Any:
    told = []
    for of in Connection.objects.of(user).order_by("label"):
        proof = reconciliation.proof(user, of.pk)
        told.append([
            (r.wallet, r.asset, r.opening, r.ledger, r.difference,
             [(s.kind, s.amount, s.number) for s in r.sums if s.amount])
            for r in sorted(proof.rows, key=lambda row: (row.wallet, row.asset))
        ])  # fmt: skip
    return told


def _located(user: User) -> Any:
    told = []
    for h in Holding.objects.filter(owner=user).order_by("connection__label", "wallet", "asset"):
        found = locating.explained(h, unserved=frozenset())
        told.append([
            found.row.ledger,
            [(j.at, j.reported, j.difference) for j in found.checkpoints],
            [(f.step.after, f.step.until, f.step.amount) for f in found.findings],
        ])  # fmt: skip
    return told


def _legs(user: User) -> Any:
    found = transfer_legs.open_legs(user.pk)
    return [
        sorted((g.exchange, g.asset, money.plain(g.amount), g.occurred_at, g.wallet) for g in side)
        for side in (found.outgoing, found.incoming)
    ]


def _addresses(user: User) -> Any:
    known = transfer_legs.decisions(user.pk).addresses
    labels = {str(c.pk): c.label for c in Connection.objects.of(user)}
    return sorted((a, sorted(labels[c] for c in owners)) for a, owners in known.items())


def _matched(user: User) -> Any:
    transfer_matching.match(user.pk)
    page = transfers.page(user, transfers.Filters(weak=True), size=500)
    return sorted((t.asset, money.plain(t.sent), t.status, t.occurred_at) for t in page.rows)


def _needs(user: User) -> Any:
    # An asset that is held no more may be asked for longer than needed, never for less.
    return [
        (n.source, sorted((a, d) for a, d in n.since.items())) for n in price_needs.find(user.pk)
    ]


def _worth(user: User) -> Any:
    view = dashboard.overview(user, Range.named(Preset.ALL, NOW.date()), now=NOW)
    rows = [
        (r.connection_label, r.wallet, r.asset, r.quantity, r.discrepancy) for r in view.worth.rows
    ]
    return [view.worth.total, sorted(rows, key=str)]


def _after(user: User) -> Any:
    """What checkpoints and falls take off for what is booked after a moment."""
    told = []
    for of in Connection.objects.of(user).order_by("label"):
        booked = checkpoints.booked_after(of, NOW - timedelta(days=20))
        told.append(sorted((*place, total) for place, total in booked.items() if total))
        told.append([
            (h.wallet, h.asset, falls.happened(h, NOW - timedelta(days=20)))
            for h in of.holdings.order_by("wallet", "asset")
        ])  # fmt: skip
    return told


SELECTORS: dict[str, Callable[[User], Any]] = {
    "list": _listed,
    "filters": _filtered,
    "export": _exported,
    "holdings": _held,
    "sums": _summed,
    "daily": _daily,
    "day sums": _day_sums,
    "running": _running,
    "proof": _proofs,
    "located": _located,
    "legs": _legs,
    "addresses": _addresses,
    "prices": _needs,
    "dashboard": _worth,
    "later": _after,
    "years": lambda user: ledger.years(user),
    "matching": _matched,
}


def everything(user: User) -> dict[str, Any]:
    return {name: plain(read(user)) for name, read in SELECTORS.items()}


# --- Random histories and edits ---------------------------------------------------------------


def history(random_: random.Random, stream: int, number: int) -> list[Layer]:
    told = []
    for n in range(number):
        at = NOW - timedelta(hours=random_.randrange(1, 60 * 24), seconds=random_.randrange(3600))
        told.append(_told(random_, f"S{stream}-{n:03d}", at))
    return told


def _told(random_: random.Random, key: str, at: datetime) -> Layer:
    kind = random_.choice([K.TRADE, K.DEPOSIT, K.WITHDRAWAL, K.REWARD, K.TRANSFER, K.OTHER])
    amount = D(random_.randrange(1, 10**9)).scaleb(-random_.randrange(0, 9))
    wallet, asset = random_.choice(WALLETS), random_.choice(ASSETS)
    sign = -1 if kind in (K.WITHDRAWAL, K.TRANSFER) else 1
    legs = [Leg(wallet, asset, amount * sign, PostingRole.PRINCIPAL, at)]
    if kind == K.TRADE:
        paid = random_.choice([a for a in ASSETS if a != asset])
        legs.append(Leg(wallet, paid, -amount * 3, PostingRole.PRINCIPAL, at))
    if random_.random() < 0.4:
        legs.append(Leg(wallet, "EUR", D("-0.01"), PostingRole.FEE, at))
    detail = {"address": f"addr-{random_.randrange(4)}"} if kind == K.DEPOSIT else {}
    return Layer(key, kind, at, tuple(legs), detail)


def prices() -> None:
    """A price now and then, so that quantities show in values."""
    for days in range(0, 60, 2):
        factories.daily_price("BTC", str(60000 + days), (NOW - timedelta(days=days)).date())
        factories.daily_price("ETH", str(3000 - days), (NOW - timedelta(days=days)).date())


class Scene:
    """A ledger that is edited, and the layers that a ledger told so would have."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        prices()
        self.streams = account(f"edited{seed}@example.org")
        self.user = self.streams[0].connection.owner
        self.told: list[dict[int, Layer]] = []
        for number, stream in enumerate(self.streams):
            rows = [book(stream, told) for told in history(self.random, number, 14)]
            self.told.append({row.pk: layer(row) for row in rows})
        settle(self.streams)

    def edit(self) -> None:
        side = self.random.randrange(2)
        known = self.told[side]
        kinds = [self._reclassify, self._hide, self._split, self._merge, self._add]
        self.random.choice(kinds)(side, known)

    def _replace(self, known: dict[int, Layer], old: Sequence[int], edit: Edit) -> None:
        for pk in old:
            del known[pk]
        for row in edit.made.all():
            known[row.pk] = layer(row)

    def _reclassify(self, side: int, known: dict[int, Layer]) -> None:
        pk = self.random.choice(sorted(known))
        told, kind = known[pk], self.random.choice([K.REWARD, K.AIRDROP, K.DEPOSIT, K.TRANSFER])
        try:
            done = edits.reclassify(user=self.user, ids=[pk], kind=kind)
        except EditProblem:
            return
        self._replace(known, [pk], done.edits[0])
        (made,) = done.edits[0].made.all()
        known[made.pk] = Layer(told.key, kind, told.occurred_at, told.legs, told.detail)

    def _hide(self, side: int, known: dict[int, Layer]) -> None:
        if len(known) > 4:
            pk = self.random.choice(sorted(known))
            edits.hide(user=self.user, ids=[pk])
            del known[pk]

    def _split(self, side: int, known: dict[int, Layer]) -> None:
        pk = self.random.choice(sorted(known))
        told = known[pk]
        halves = [D(leg.amount) / 4 for leg in told.legs]
        rest = [leg.amount - half for leg, half in zip(told.legs, halves, strict=True)]
        parts = [Part(told.kind, tuple(halves)), Part(told.kind, tuple(rest))]
        edit = edits.split(user=self.user, transaction_id=pk, parts=parts)
        made = sorted(edit.made.all(), key=lambda row: row.pk)
        self._replace(known, [pk], edit)
        for number, (row, part) in enumerate(zip(made, parts, strict=True), 1):
            legs = tuple(
                Leg(leg.wallet, leg.asset, share, leg.role, leg.occurred_at)
                for leg, share in zip(told.legs, part.amounts, strict=True)
            )
            key = f"{told.key}/{number}"
            known[row.pk] = Layer(key, told.kind, told.occurred_at, legs, told.detail)

    def _merge(self, side: int, known: dict[int, Layer]) -> None:
        pks = self.random.sample(sorted(known), 2)
        edit = edits.merge(user=self.user, ids=pks, kind=K.OTHER)
        first, second = sorted((known[pk] for pk in pks), key=lambda t: (t.occurred_at, t.key))
        self._replace(known, pks, edit)
        (made,) = edit.made.all()
        detail = {**second.detail, **first.detail}
        legs = (*first.legs, *second.legs)
        known[made.pk] = Layer(first.key, K.OTHER, first.occurred_at, legs, detail)

    def _add(self, side: int, known: dict[int, Layer]) -> None:
        at = NOW - timedelta(hours=self.random.randrange(1, 900))
        legs = (Leg("spot", "BTC", D("0.125"), PostingRole.PRINCIPAL, at),)
        connection = self.streams[side].connection
        told = Added(K.AIRDROP, legs)
        edit = edits.add(user=self.user, connection_id=connection.pk, told=told)
        (made,) = edit.made.all()
        known[made.pk] = Layer(made.key, K.AIRDROP, at, legs)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_every_selector_reads_edits_as_if_records_had_said_so(seed: int) -> None:
    scene = Scene(seed)
    for _ in range(12):
        scene.edit()
    told_so = account(f"told{seed}@example.org")
    for stream, known in zip(told_so, scene.told, strict=True):
        for told in known.values():
            book(stream, told)
    settle(told_so)
    assert everything(scene.user) == everything(told_so[0].connection.owner)
    assert DailySum.objects.filter(owner=scene.user).exists()


def _stored(user: User) -> Any:
    """Every row of the ledger as it is, but for what was edited in between."""
    kept = {
        "transactions": Transaction.objects.filter(owner=user),
        "postings": Posting.objects.filter(owner=user),
        "links": TransferLink.objects.filter(owner=user).exclude(status="proposed"),
        "notes": Note.objects.filter(transaction__owner=user),
        "tags": Tagging.objects.filter(transaction__owner=user),
        "marks": BalanceMark.objects.filter(holding__owner=user),
    }
    return {name: plain(list(rows.order_by("pk").values())) for name, rows in kept.items()}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4, 6))
def test_taking_all_back_leaves_the_original(seed: int) -> None:
    scene = Scene(seed)
    for holding in scene.streams[0].connection.holdings.all():
        BalanceMark.objects.create(holding=holding, reported=D(1), quantity=D(1), at=NOW)
    everything(scene.user)  # finds the transfers
    before, rows = everything(scene.user), _stored(scene.user)
    for _ in range(8):
        scene.edit()
        standing = [pk for known in scene.told for pk in known]
        some = scene.random.sample(sorted(standing), 3)
        edit_marks.tag(user=scene.user, ids=some, add=[f"tag {scene.random.randrange(3)}"])
        edit_marks.note(user=scene.user, transaction_id=some[0], text=str(scene.random.random()))
    assert _stored(scene.user) != rows
    done = edit_reverts.revert_all(user=scene.user)
    assert done.left == 0
    assert Edit.objects.of(scene.user).standing().count() == 0
    assert _stored(scene.user) == rows
    assert everything(scene.user) == before
