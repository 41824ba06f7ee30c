"""An account with something in every table of an archive, made by the services that make it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from accounts.models import User
from portfolio.engine.edits import Leg
from portfolio.engine.types import PostingRole
from portfolio.engine.types import TransactionKind as K
from portfolio.models import (
    Asking,
    BalanceMark,
    BrokerForm,
    Checkpoint,
    Connection,
    ExportSymbol,
    Finding,
    Import,
    ImportAccount,
    ImportedRecord,
    ImportFile,
    ImportLine,
    ImportProfile,
    MomentPrice,
    NoticeSettings,
    Position,
    RawRecord,
    TaxDocument,
    TaxLine,
    TaxProfile,
    TaxReport,
    Transaction,
    TransferLink,
    WitnessConflict,
)
from portfolio.services import (
    assets,
    edit_marks,
    edits,
    findings,
    holdings,
    manual_entries,
    saved_filters,
    transfer_matching,
    transfers,
    valuation,
)
from portfolio.services.manual_entries import Told
from tests import factories
from tests.portfolio.small_lives import AT, RECORDS
from tests.portfolio.test_any_order import store

D = Decimal
DAY = timedelta(days=1)


def live(owner: User) -> dict[str, Connection]:
    """All of it, by exchange."""
    pages = [[(record, text)] for record in RECORDS for text in record.texts]
    made = store(owner, pages)
    _ask(made["kraken"])
    _move(owner, made["kraken"], made["binance"])
    _edit(owner, made["coinbase"])
    _enter(owner, made["kraken"])
    _price(owner)
    _import(owner, made["kraken"])
    _tax(owner, made["kraken"])
    valuation.recompute(owner.pk)
    findings.refresh(owner.pk)
    _dismiss(owner)
    return made


def _ask(of: Connection) -> None:
    """What was asked, and what the exchange reported."""
    stream = of.streams.get(key="ledger")
    stream.cursor, stream.state = {"v": 1, "since": 7}, "running"
    stream.save()
    factories.coverage(stream, AT - 9 * DAY, AT)
    factories.sync_run(of)
    factories.sync_run(of, finished_at=None, outcome="running")
    Asking.objects.create(
        stream=stream, outcome="fetched", first_at=AT, last_at=AT, start_at=AT - DAY, end_at=AT
    )
    holding = of.holdings.order_by("pk")[0]
    holding.reported = D("1.50")
    holding.save()
    Checkpoint.objects.create(holding=holding, at=AT, reported=D("1.50"), ledger=D("1.5"))
    BalanceMark.objects.create(holding=holding, reported=D(1), quantity=D("1.000"), at=AT)
    Position.objects.create(
        owner=of.owner,
        connection=of,
        wallet="futures",
        symbol="BTC-PERP",
        side="long",
        quantity=D("0.10"),
        unit="BTC",
        price_asset="USD",
        settle_asset="USD",
    )


def _move(owner: User, one: Connection, other: Connection) -> None:
    """Coins on their way from one account to the other; a side of the second is hidden after."""
    sides = []
    for number in (1, 2):
        at = AT - number * DAY
        detail = {"txid": f"0xabc{number}", "network": "ETH", "address": "0x1"}
        for of, amount, kind, when in (
            (one, f"-{number}.5", "withdrawal", at),
            (other, f"{number}.499", "deposit", at + timedelta(minutes=9)),
        ):
            stream = of.streams.order_by("pk")[0]
            row = factories.transaction(stream, (amount, "ETH"), kind=kind, at=when, detail=detail)
            holdings.add_to_holdings(of, row.postings.all(), sign=1)
            sides.append(row)
    transfer_matching.match(owner.pk)
    for link in TransferLink.objects.of(owner).filter(status="proposed", asset="ETH"):
        transfers.accept(user=owner, link_id=link.pk)
    edits.hide(user=owner, ids=[sides[-1].pk])


def _edit(owner: User, of: Connection) -> None:
    """Layers on layers, one of them taken back, with notes and tags."""
    rows = list(Transaction.objects.filter(connection=of).order_by("occurred_at", "pk"))
    first = edits.reclassify(user=owner, ids=[rows[0].pk], kind=K.OTHER, reason="as I know").edits
    (upper,) = first[0].made.all()
    edits.reclassify(user=owner, ids=[upper.pk], kind=K.CONVERSION)
    edits.hide(user=owner, ids=[row.pk for row in rows[1:3]])
    leg = Leg("spot", "SOL", D("3.0"), PostingRole.PRINCIPAL, AT - 3 * DAY)
    added = edits.add(
        user=owner, connection_id=of.pk, told=edits.Added(K.AIRDROP, (leg,), note="from a friend")
    )
    (made,) = added.made.all()
    edits.reclassify(user=owner, ids=[made.pk], kind=K.REWARD)
    kraken = Connection.objects.get(owner=owner, exchange="kraken")
    some = list(Transaction.objects.current().filter(connection=kraken).order_by("pk"))
    edit_marks.note(user=owner, transaction_id=some[0].pk, text='A "note"\nin two lines: 1 €')
    edit_marks.tag(user=owner, ids=[row.pk for row in some[:2]], add=["old", "to do"])


def _enter(owner: User, of: Connection) -> None:
    """Entries by hand: one stands, one was changed, one was withdrawn."""
    factories.holding(of, "EUR2", "0", reported=None)
    entries = []
    for number in range(3):
        told = Told("opening", D(f"1{number}.50"), AT - 5 * DAY, cost=D(300), cost_currency="EUR")
        entries.append(
            manual_entries.enter(user=owner, connection=of, wallet="spot", asset="EUR2", told=told)
        )
    manual_entries.change(
        user=owner, entry=entries[1], told=Told("adjustment", D(-1), AT - DAY, note="lost")
    )
    manual_entries.withdraw(user=owner, entry=entries[2])


def _price(owner: User) -> None:
    for days in range(12):
        factories.daily_price("BTC", f"{60000 + days}.50", (AT - days * DAY).date())
    factories.daily_price("DOGE", "1", AT.date())  # nobody has it
    MomentPrice.objects.create(
        asset="BTC",
        currency="EUR",
        source="kraken:sandbox",
        width="hour",
        at=AT,
        price=D("61000.0"),
        asked_at=AT,
    )
    factories.own_price(owner, "SOL", "150.10", since=AT - 9 * DAY)
    kraken = Connection.objects.get(owner=owner, exchange="kraken")
    factories.holding(kraken, "NEWCOIN", "0", reported=None)
    rule = assets.mark_spam(user=owner, source="", code="NEWCOIN")
    assets.undo(user=owner, rule=rule)
    assets.mark_spam(user=owner, source="", code="NEWCOIN")
    NoticeSettings.objects.create(owner=owner, not_mailed=["stale"])
    saved_filters.save(user=owner, name="Ours", query=f"asset=BTC&connection={kraken.pk}")


def _import(owner: User, of: Connection) -> None:
    """A file that was imported, with a line that contradicted what was there."""
    job = Import.objects.create(
        owner=owner, state="done", created_at=AT, worked_at=AT, finished_at=AT, booked=1
    )
    table = ImportFile.objects.create(job=job, name="a.csv", format="kraken", facts={"rows": 2})
    account = ImportAccount.objects.create(job=job, exchange="kraken", connection=of)
    raw = RawRecord.objects.filter(connection=of).order_by("pk")[0]
    ImportLine.objects.create(
        job=job,
        file=table,
        account=account,
        line=3,
        state="conflict",
        movements=[["spot", "BTC", "1", "principal"]],
        transaction=raw.transaction,
    )
    ImportedRecord.objects.create(job=job, raw_record=raw)
    WitnessConflict.objects.create(
        owner=owner, connection=of, raw_record=raw, key=f"manual:{7**9}", why="fee", found_at=AT
    )
    draft = Import.objects.create(owner=owner, created_at=AT, worked_at=AT)
    ImportFile.objects.create(job=draft, name="not confirmed.csv")
    ImportProfile.objects.create(
        owner=owner, name="Mine", heading=["a", "b"], fingerprint="ab", settings={"a": "time"}
    )
    ExportSymbol.objects.create(owner=owner, format="koinly", asset="BTC", symbol="XBT")


def _tax(owner: User, of: Connection) -> None:
    """A report that was made, of a sale whose lot was chosen."""
    row = Transaction.objects.filter(connection=of).order_by("pk")[1]
    picks = {str(row.pk): [[row.pk, "0.10", "BTC", AT.isoformat(), None], [7**9, "1"]]}
    choices = {"rest": "lifo", "account_order": [str(of.pk)]}
    BrokerForm.objects.create(
        owner=owner,
        connection=of,
        year=2025,
        name="Form",
        added_at=AT,
        sales=[["BTC", "2025-03-01", "100.10", "", "H"]],
    )
    TaxProfile.objects.create(
        owner=owner, place="neutral", method="specific", picks=picks, choices=choices
    )
    report = TaxReport.objects.create(
        owner=owner,
        place="neutral",
        year=2025,
        year_name="2025",
        currency="EUR",
        environment="sandbox",
        settings={
            "profile": {"picks": picks, "choices": choices},
            "engine": {"method": "specific", "wallet_order": [str(of.pk)]},
        },
        state="done",
        asked_at=AT,
        worked_at=AT,
        finished_at=AT,
        fingerprint="f" * 64,
        figures=[["", "Gains", "1.50", "", True]],
        evidence={str(of.pk): {"coverage": "fetched"}},
        locked_at=AT,
    )
    TaxReport.objects.create(
        owner=owner, place="neutral", year=2024, environment="live", asked_at=AT, worked_at=AT
    )
    TaxDocument.objects.create(report=report, data=bytes(range(256)), sha256="d" * 64)
    TaxLine.objects.create(
        report=report,
        part="disposal",
        position=0,
        asset="BTC",
        account=str(of.pk),
        amount=D("0.10"),
        proceeds=D("6000.00"),
        transaction=row.pk,
        lot_transaction=7**9,
    )


def _dismiss(owner: User) -> None:
    """One finding of each cause is put aside."""
    seen = {row.cause: row.pk for row in Finding.objects.of(owner).open().order_by("-pk")}
    findings.dismiss(user=owner, ids=list(seen.values()), reason="known")
