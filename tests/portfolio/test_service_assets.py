"""Decisions on assets: made, replaced, undone, logged; what they change; nothing booked is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import AuditEvent, User
from portfolio.models import (
    AssetRule,
    Connection,
    DailyHolding,
    DailyPrice,
    DailyValue,
    Holding,
    LatestPrice,
    Posting,
    TransferLink,
    ValuationState,
)
from portfolio.selectors import exports
from portfolio.selectors import ledger as ledger_selector
from portfolio.selectors.assets import identities
from portfolio.selectors.export_rows import Selection
from portfolio.selectors.ledger import Filters
from portfolio.selectors.transfer_legs import open_legs
from portfolio.selectors.valuation import holdings_valued
from portfolio.services import (
    assets,
    ledger,
    price_needs,
    transfer_matching,
    transfers,
    valuation,
)
from portfolio.services.assets import AssetProblem, Target
from tests import factories

TODAY = factories.TODAY
KRAKEN, BINANCE = "kraken:sandbox", "binance:sandbox"


def _book(of: Connection, days: int, amount: str, asset: str) -> None:
    stream = of.streams.first() or factories.stream(of)
    at = datetime.combine(TODAY - timedelta(days=days), time(12), tzinfo=UTC)
    factories.transaction(stream, (amount, asset), at=at)
    row, _ = of.holdings.get_or_create(owner=of.owner, wallet="spot", asset=asset)
    row.quantity += Decimal(amount)
    row.save()
    ledger.mark_stale(of.owner_id, at.date())


def _price(asset: str, price: str, days: int, source: str = KRAKEN) -> None:
    day = TODAY - timedelta(days=days)
    DailyPrice.objects.update_or_create(
        {"price": Decimal(price)}, asset=asset, currency="EUR", on=day, source=source
    )
    if not days:
        LatestPrice.objects.update_or_create(
            {"price": Decimal(price), "at": timezone.now()},
            asset=asset,
            currency="EUR",
            source=source,
        )


def _days(owner: User) -> list[tuple[Any, ...]]:
    valuation.recompute(owner.pk)
    return list(
        DailyValue.objects.filter(owner=owner).order_by("on").values_list("on", "value", "unpriced")
    )


def _worth(owner: User) -> dict[str, Decimal | None]:
    return {row.asset: row.value for row in holdings_valued(owner).rows}


@pytest.fixture
def kraken(owner: User) -> Connection:
    return factories.connection(owner)


@pytest.fixture
def binance(owner: User) -> Connection:
    return factories.connection(owner, exchange="binance", label="Binance")


def merge(user: User, code: str, asset: str, source: str = "", factor: str = "1") -> AssetRule:
    return assets.merge(user=user, source=source, code=code, target=Target(asset, Decimal(factor)))


# --- Merging ----------------------------------------------------------------------------------


def test_a_merged_code_is_priced_and_added_up_as_its_asset(
    owner: User, kraken: Connection, binance: Connection
) -> None:
    _book(kraken, 2, "2", "ABC")
    _book(binance, 2, "3", "XYZ")
    for days in (2, 1, 0):
        _price("ABC", "10", days)
    assert _worth(owner) == {"ABC": 20, "XYZ": None}
    assert [row[1:] for row in _days(owner)] == [(20, ["XYZ"])] * 3
    merge(owner, "XYZ", "ABC", BINANCE)
    assert holdings_valued(owner).total == 50
    assert {row.asset for row in holdings_valued(owner).rows} == {"ABC"}
    assert [row[1:] for row in _days(owner)] == [(50, [])] * 3


def test_a_code_that_is_another_coin_elsewhere_is_kept_apart_with_its_own_price(
    owner: User, kraken: Connection, binance: Connection
) -> None:
    _book(kraken, 1, "1", "ABC")
    _book(binance, 1, "1", "ABC")
    for days in (1, 0):
        _price("ABC", "100", days)
    merge(owner, "ABC", "ABC at Binance", BINANCE)
    assert _worth(owner) == {"ABC": 100, "ABC at Binance": None}
    assert _days(owner)[-1][1:] == (100, ["ABC at Binance"])
    for days in (1, 0):
        _price("ABC", "7", days, BINANCE)
    ledger.mark_stale(owner.pk, TODAY - timedelta(days=1))
    assert _worth(owner) == {"ABC": 100, "ABC at Binance": 7}
    assert [row[1] for row in _days(owner)] == [107, 107]


def test_many_coins_as_one_are_scaled_in_amount_and_price(
    owner: User, kraken: Connection, binance: Connection
) -> None:
    _book(binance, 1, "3", "KXYZ")
    _book(kraken, 1, "500", "XYZ")
    for days in (1, 0):
        _price("KXYZ", "0.5", days, BINANCE)
        _price("XYZ", "0.0004", days)
    before = holdings_valued(owner).total
    merge(owner, "KXYZ", "XYZ", BINANCE, "1000")
    rows = {row.code: row for row in holdings_valued(owner).rows}
    assert {row.asset for row in rows.values()} == {"XYZ"}
    assert rows["KXYZ"].quantity == 3000
    assert rows["KXYZ"].price == Decimal("0.0005")
    assert holdings_valued(owner).total == before == Decimal("1.7")
    assert [row[1] for row in _days(owner)] == [before, before]


def test_a_renamed_coin_is_one_asset_with_its_successor(owner: User, kraken: Connection) -> None:
    _book(kraken, 3, "5", "MATIC")
    _book(kraken, 1, "2", "POL")
    _price("MATIC", "0.4", 3)
    _price("POL", "0.5", 1)
    _price("POL", "0.6", 0)
    assert {row.quantity for row in holdings_valued(owner).rows} == {Decimal(5), Decimal(2)}
    assert {row.asset for row in holdings_valued(owner).rows} == {"POL"}
    assert holdings_valued(owner).total == Decimal("4.2")
    assert [row[1] for row in _days(owner)] == [Decimal(v) for v in ("2", "2", "3.5", "4.2")]


def test_what_is_known_can_be_kept_apart(owner: User, kraken: Connection) -> None:
    _book(kraken, 1, "5", "MATIC")
    _price("POL", "0.5", 0)
    assert _worth(owner) == {"POL": Decimal("2.5")}
    merge(owner, "MATIC", "MATIC")
    assert _worth(owner) == {"MATIC": None}


def test_prices_are_fetched_by_both_names(owner: User, kraken: Connection) -> None:
    _book(kraken, 1, "5", "XYZ")
    _book(kraken, 1, "5", "MATIC")
    merge(owner, "XYZ", "ABC", KRAKEN)
    (need,) = price_needs.find(owner.pk)
    assert set(need.since) == {"XYZ", "ABC", "MATIC", "POL"}


# --- Spam and names ---------------------------------------------------------------------------


def test_spam_is_in_no_sum_and_still_told(owner: User, kraken: Connection) -> None:
    _book(kraken, 1, "1000000", "SCAM")
    _book(kraken, 1, "1", "ABC")
    for days in (1, 0):
        _price("SCAM", "3", days)
        _price("ABC", "10", days)
    assets.mark_spam(user=owner, source="", code="SCAM")
    worth = holdings_valued(owner)
    assert worth.total == 10
    assert [row.code for row in worth.spam] == ["SCAM"]
    assert [row[1] for row in _days(owner)] == [10, 10]


def test_a_name_changes_nothing_but_what_is_shown(owner: User, kraken: Connection) -> None:
    _book(kraken, 1, "1", "ABC")
    valuation.recompute(owner.pk)
    assets.rename(user=owner, asset="ABC", name="My coin")
    (row,) = holdings_valued(owner).rows
    assert (row.asset, row.name) == ("ABC", "My coin")
    assert ValuationState.objects.get(owner=owner).stale_from is None


# --- Where it is applied ----------------------------------------------------------------------


def _listed(owner: User, asset: str) -> set[str]:
    rows = ledger_selector.page(owner, Filters(asset=asset)).rows
    return {p.asset for row in rows for p in row.postings.all()}


def test_the_list_of_transactions_finds_all_codes_of_an_asset(
    owner: User, kraken: Connection, binance: Connection
) -> None:
    for of, code in ((kraken, "ABC"), (binance, "ABC"), (binance, "XYZ"), (kraken, "MATIC")):
        _book(of, 1, "1", code)
    assert _listed(owner, "POL") == _listed(owner, "MATIC") == {"MATIC"}
    merge(owner, "XYZ", "ABC", BINANCE)
    merge(owner, "ABC", "Other", BINANCE)
    rows = ledger_selector.page(owner, Filters(asset="ABC")).rows
    found = {(row.connection.label, p.asset) for row in rows for p in row.postings.all()}
    assert found == {("Kraken", "ABC"), ("Binance", "XYZ")}
    assert _listed(owner, "XYZ") == {"XYZ"}
    offered = dict(ledger_selector.choices(owner).assets)
    assert set(offered) == {"ABC", "Other", "XYZ", "MATIC", "POL"}


def test_exports_tell_the_asset_and_leave_out_what_moves_nothing_but_spam(
    owner: User, kraken: Connection, binance: Connection
) -> None:
    _book(kraken, 3, "5", "MATIC")
    _book(binance, 2, "2", "1000SATS")
    _book(kraken, 1, "1000", "SCAM")
    stream = kraken.streams.first()
    assert stream is not None
    factories.transaction(stream, ("-1000", "SCAM"), ("3", "EUR"), at=timezone.now())
    assets.mark_spam(user=owner, source="", code="SCAM")
    told = [
        [(m.asset, m.amount) for m in row.legs]
        for row in exports.transactions(owner, Selection(), "EUR")
    ]
    assert told == [
        [("POL", Decimal(5))],
        [("SATS", Decimal(2000))],
        [("SCAM", Decimal(-1000)), ("EUR", Decimal(3))],
    ]


def test_the_command_says_what_a_code_is(
    owner: User, kraken: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    for code in ("MATIC", "SCAM", "ABC"):
        _book(kraken, 1, "1", code)
    assets.mark_spam(user=owner, source="", code="SCAM")
    call_command("holdings", owner.email)
    lines = {line.split()[2]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["MATIC"].endswith("is POL")
    assert lines["SCAM"].endswith("spam")
    assert lines["ABC"].endswith("unknown")
    call_command("holdings", owner.email, "--json")
    rows = {row["asset"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["MATIC"]["identity"], rows["SCAM"]["is_spam"]) == ("POL", True)


def test_a_transfer_is_found_between_two_codes_of_one_asset(
    owner: User, kraken: Connection, binance: Connection
) -> None:
    out, into = factories.stream(kraken, "w"), factories.stream(binance, "d")
    at = factories.NOW
    told = {"txid": "0x" + "ab" * 32}
    sent = factories.transaction(out, ("-5", "MATIC"), kind="withdrawal", at=at, detail=told)
    came = factories.transaction(
        into, ("5", "POL"), kind="deposit", at=at + timedelta(hours=1), detail=told
    )
    assert transfer_matching.match(owner.pk).accepted == 1
    link = TransferLink.objects.get()
    assert (link.outgoing, link.incoming) == (sent, came)
    assert (link.asset, link.received_asset) == ("MATIC", "POL")
    again = transfer_matching.match(owner.pk)
    assert (again.accepted, again.proposed, again.dropped) == (0, 0, 0)
    transfers.undo(user=owner, link_id=link.pk)
    legs = open_legs(owner.pk)
    assert [leg.asset for leg in (*legs.outgoing, *legs.incoming)] == ["POL", "POL"]
    assert transfer_matching.match(owner.pk).accepted == 0
    transfers.link_by_hand(
        user=owner, outgoing=legs.outgoing[0], parts={legs.incoming[0].id: Decimal(5)}
    )
    link.refresh_from_db()
    assert (link.status, link.received_asset) == ("accepted", "POL")
    assert open_legs(owner.pk).incoming == ()


def test_codes_that_are_kept_apart_are_no_transfer(
    owner: User, kraken: Connection, binance: Connection
) -> None:
    _book(kraken, 1, "1", "MATIC")
    out, into = factories.stream(kraken, "w"), factories.stream(binance, "d")
    told = {"txid": "0x" + "ab" * 32}
    factories.transaction(out, ("-5", "MATIC"), kind="withdrawal", detail=told)
    factories.transaction(into, ("5", "POL"), kind="deposit", detail=told)
    merge(owner, "MATIC", "MATIC")
    assert transfer_matching.match(owner.pk) == transfer_matching.Matched(0, 0, 0)


# --- Undoing ----------------------------------------------------------------------------------


def test_undoing_brings_back_what_held_before(owner: User, kraken: Connection) -> None:
    _book(kraken, 1, "1", "ABC")
    first = merge(owner, "ABC", "ONE")
    second = merge(owner, "ABC", "TWO")
    assert identities(owner).of(KRAKEN, "ABC") == "TWO"
    assets.undo(user=owner, rule=second)
    assert identities(owner).of(KRAKEN, "ABC") == "ONE"
    assets.undo(user=owner, rule=first)
    assert identities(owner).of(KRAKEN, "ABC") == "ABC"
    with pytest.raises(AssetProblem):
        assets.undo(user=owner, rule=first)


def test_each_step_is_in_the_log(owner: User, kraken: Connection) -> None:
    _book(kraken, 1, "1", "ABC")
    rule = merge(owner, "ABC", "ONE", KRAKEN, "10")
    assets.undo(user=owner, rule=rule)
    assets.mark_spam(user=owner, source="", code="ABC")
    assets.rename(user=owner, asset="ABC", name="My coin")
    log = list(AuditEvent.objects.order_by("id").values_list("action", "detail"))
    assert log == [
        ("asset merged", {"code": "ABC", "at": KRAKEN, "asset": "ONE", "times": "10"}),
        (
            "decision on an asset undone",
            {"code": "ABC", "at": KRAKEN, "asset": "ONE", "times": "10"},
        ),
        ("asset marked as spam", {"code": "ABC", "at": "all exchanges"}),
        ("asset renamed", {"code": "ABC", "at": "all exchanges", "name": "My coin"}),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_merging_and_undoing_changes_no_quantity_and_gives_the_same_days(
    seed: int, owner: User, kraken: Connection, binance: Connection
) -> None:
    rng = random.Random(seed)
    codes = ("AAA", "BBB", "CCC", "DDD")
    for _ in range(25):
        of = rng.choice((kraken, binance))
        _book(of, rng.randrange(30), f"{rng.randint(-(10**20), 10**21)}e-18", rng.choice(codes))
    for code in codes[:3]:
        for day in range(30):
            if rng.random() < 0.8:
                source = rng.choice((KRAKEN, BINANCE))
                _price(code, f"{rng.randint(1, 10**6)}e-4", day, source)
    days, held = _days(owner), list(Holding.objects.order_by("pk").values())
    postings = list(Posting.objects.order_by("pk").values())
    quantities = list(DailyHolding.objects.order_by("source", "asset", "on").values())
    made: list[AssetRule] = []
    for act in rng.choices(_acts(owner), k=8):
        try:
            made.append(act(rng))
        except AssetProblem:
            continue
        total = sum(abs(row.quantity) for row in _rows(owner))
        assert total == sum(abs(Decimal(row["quantity"])) for row in held)
        if rng.random() < 0.5:
            valuation.recompute(owner.pk)
    assert made
    for rule in reversed(made):
        assets.undo(user=owner, rule=rule)
    assert _days(owner) == days
    assert list(Holding.objects.order_by("pk").values()) == held
    assert list(Posting.objects.order_by("pk").values()) == postings
    kept = DailyHolding.objects.order_by("source", "asset", "on").values()
    assert [{**row, "id": 0} for row in kept] == [{**row, "id": 0} for row in quantities]


def _rows(owner: User) -> list[Holding]:
    known = identities(owner)
    rows = list(Holding.objects.filter(owner=owner).select_related("connection"))
    for row in rows:
        source = f"{row.connection.exchange}:{row.connection.environment}"
        row.quantity = known.amount(source, row.asset, row.quantity)
    return rows


def _acts(owner: User) -> list[Callable[[random.Random], AssetRule]]:
    codes = ("AAA", "BBB", "CCC", "DDD")

    def place(rng: random.Random) -> tuple[str, str]:
        return rng.choice(("", KRAKEN, BINANCE)), rng.choice(codes)

    def merged(rng: random.Random) -> AssetRule:
        source, code = place(rng)
        return merge(owner, code, rng.choice((*codes, "NEW")), source)

    def spam(rng: random.Random) -> AssetRule:
        source, code = place(rng)
        return assets.mark_spam(user=owner, source=source, code=code)

    return [merged, merged, merged, spam]


# --- What cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "code", "asset", "factor"),
    [
        ("", "ABC", "", "1"),
        ("", "ABC", "X" * 41, "1"),
        ("", "ABC", "ABC", "2"),
        ("", "ABC", "XYZ", "0"),
        ("", "ABC", "XYZ", "-1"),
        ("", "BTC", "XYZ", "1"),
        ("", "NEVER", "XYZ", "1"),
        (BINANCE, "ABC", "XYZ", "1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    owner: User, kraken: Connection, source: str, code: str, asset: str, factor: str
) -> None:
    for held in ("ABC", "BTC"):
        _book(kraken, 1, "1", held)
    with pytest.raises(AssetProblem):
        merge(owner, code, asset, source, factor)
    assert not AssetRule.objects.exists()


def test_circles_are_refused(owner: User, kraken: Connection) -> None:
    for code in ("AAA", "BBB"):
        _book(kraken, 1, "1", code)
    merge(owner, "AAA", "BBB")
    with pytest.raises(AssetProblem):
        merge(owner, "BBB", "AAA")


def test_a_decision_of_another_is_out_of_reach(
    owner: User, other: User, kraken: Connection
) -> None:
    _book(kraken, 1, "1", "ABC")
    rule = merge(owner, "ABC", "ONE")
    with pytest.raises(AssetProblem):
        merge(other, "ABC", "TWO")
    with pytest.raises(AssetRule.DoesNotExist):
        assets.undo(user=other, rule=rule)
    assert identities(other).of(KRAKEN, "ABC") == "ABC"
