"""What would be if something were sold now: worked out of the ledger as it is, and kept a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from portfolio.models import Stream, TaxProfile, WhatIf, WhatIfLine
from portfolio.services import edit_marks, holdings, tax_settings, what_if_today, what_ifs
from portfolio.services.tax_settings import TaxProblem, Told
from portfolio.services.what_if_case import Answer, Asked, Case
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return factories.user(reporting_currency="EUR", time_zone="UTC")


@pytest.fixture
def kraken(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, label="One"))


@pytest.fixture
def binance(owner: User) -> Stream:
    return factories.stream(factories.connection(owner, exchange="binance", label="Two"))


def on(year: int, month: int, day: int = 1) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def bought(stream: Stream, amount: str, asset: str, cost: str, at: datetime) -> int:
    """A purchase, with the holding it leaves."""
    row = factories.transaction(stream, (amount, asset), (f"-{cost}", "EUR"), kind="trade", at=at)
    return row.pk


def lived(kraken: Stream, binance: Stream) -> None:
    """Three lots of one coin, two of them at one exchange; and a coin of no known price."""
    bought(kraken, "1", "BTC", "100", on(2023, 1))
    bought(kraken, "1", "BTC", "900", on(2024, 6))
    bought(binance, "2", "BTC", "600", on(2024, 7))
    bought(kraken, "5", "ODD", "10", on(2024, 8))
    for stream, asset, quantity in (
        (kraken, "BTC", "2"),
        (binance, "BTC", "2"),
        (kraken, "ODD", "5"),
    ):
        factories.holding(stream.connection, asset, quantity)


def priced(owner: User, amount: str = "400") -> None:
    factories.own_price(owner, "BTC", amount, since=on(2023, 1))


def choose(owner: User, place: str, method: str) -> None:
    tax_settings.choose(user=owner, told=Told(place, method))


def answered(row: WhatIf) -> WhatIf:
    assert what_ifs.make(row.pk)
    row.refresh_from_db()
    return row


def sale(owner: User, asset: str = "BTC", **asked: Any) -> WhatIf:
    return answered(what_ifs.ask_sale(user=owner, asked=Asked(asset, **asked)))


def today(owner: User) -> WhatIf:
    return answered(what_ifs.ask_today(user=owner))


def methods(row: WhatIf) -> dict[str, dict[str, Any]]:
    return {told["method"]: told for told in row.told["methods"]}


def lots(row: WhatIf, part: str) -> list[tuple[Any, ...]]:
    found = WhatIfLine.objects.filter(answer=row, part=part)
    return [(line.asset, line.amount, line.cost, line.value) for line in found]


# --- A sale now -------------------------------------------------------------------------------


def test_a_sale_is_told_by_every_method(owner: User, kraken: Stream, binance: Stream) -> None:
    lived(kraken, binance)
    priced(owner)
    choose(owner, "neutral", "lifo")
    row = sale(owner, amount=Decimal("1.5"))
    assert row.state == "done", row.failure
    assert (row.currency, row.told["proceeds"], row.told["price"]) == ("EUR", "600", "400")
    assert row.told["price_source"] == "own"
    found = methods(row)
    assert {name: told["gain"] for name, told in found.items()} == {
        "fifo": "50",  # 600 less 100 and half of 900
        "lifo": "150",
        "hifo": "-450",
        "lofo": "350",
        "average": "0",
    }
    assert [name for name, told in found.items() if told["is_own"]] == ["lifo"]
    assert (found["fifo"]["left"], found["fifo"]["left_amount"]) == (2, "2.5")
    assert lots(row, "fifo") == [
        ("BTC", 1, 100, 400),
        ("BTC", Decimal("0.5"), 450, 200),
    ]
    assert WhatIfLine.objects.get(answer=row, part="lifo").lot_transaction
    assert row.told["wash"] is None


def test_all_of_it_at_a_price_that_is_typed(owner: User, kraken: Stream, binance: Stream) -> None:
    lived(kraken, binance)
    choose(owner, "us", "fifo")
    row = sale(owner, price=Decimal(1000))
    found = methods(row)["fifo"]
    assert row.told["amount"] == "4"
    assert row.told["price_source"] is None
    accounts = {str(kraken.connection_id): "2", str(binance.connection_id): "2"}
    assert dict(row.told["accounts"]) == accounts
    assert found["left"] == 0
    assert found["gain_long"] == found["gain"]
    long = next(f for f in found["figures"] if f[1] == "Long term: gain or loss")
    assert long[4] == "0.00" or Decimal(long[4]) == 0
    assert Decimal(long[5]) == Decimal(found["gain"]).quantize(Decimal("0.01"))


def test_a_place_that_counts_by_account_asks_which(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    priced(owner)
    choose(owner, "germany", "fifo")
    unclear = sale(owner, amount=Decimal(1))
    assert unclear.state == "failed"
    assert "choose one" in unclear.failure
    assert "One: 2, Two: 2" in unclear.failure
    row = sale(owner, amount=Decimal(1), account=str(binance.connection_id))
    assert lots(row, "fifo") == [("BTC", 1, 300, 400)]
    more = sale(owner, amount=Decimal(3), account=str(binance.connection_id))
    assert "there are 2 BTC in Two, less than the 3 asked for" in more.failure


def test_an_account_means_nothing_where_lots_are_counted_together(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    priced(owner)
    choose(owner, "neutral", "fifo")
    row = sale(owner, amount=Decimal(4), account=str(binance.connection_id))
    assert row.state == "done"
    assert row.told["accounts"] == []


def test_the_whole_portfolio_is_priced_where_the_law_asks_for_it(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    priced(owner)
    choose(owner, "france", "fr_portfolio")
    row = sale(owner, amount=Decimal(1))
    found = methods(row)["fr_portfolio"]
    assert Decimal(found["cost"]) == Decimal(1610) / 4
    assert found["left_amount"] is None  # of no one coin
    assert row.told["unpriced"] == ["ODD"]


def test_sales_of_one_day_are_one_where_the_law_says_so(owner: User, kraken: Stream) -> None:
    now = timezone.now()
    bought(kraken, "2", "BTC", "200", on(2023, 1))
    factories.holding(kraken.connection, "BTC", "1")
    factories.own_price(owner, "BTC", "400", since=on(2023, 1))
    factories.transaction(kraken, ("-1", "BTC"), ("300", "EUR"), kind="trade", at=now)
    choose(owner, "uk", "uk_share_pooling")
    row = sale(owner, price=Decimal(1000))
    found = methods(row)["uk_share_pooling"]
    assert row.told["amount"] == "1"
    assert found["amount"] == "2"
    assert Decimal(found["proceeds"]) > 1000


def test_what_the_law_denies_of_a_loss_is_told_with_its_days(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    now = timezone.now()
    bought(kraken, "1", "BTC", "2000", now - timedelta(days=10))
    choose(owner, "canada", "acb_superficial")
    row = sale(owner, amount=Decimal(1), price=Decimal(1))
    found = methods(row)["acb_superficial"]
    assert Decimal(found["denied"]) > 0
    assert Decimal(found["gain"]) == 0
    assert row.told["wash"]["bought"] is not None
    assert row.told["wash"]["free_from"] > now.date().isoformat()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked("BTC", Decimal(5)), "there are 4 BTC, less than the 5 asked for"),
        (Asked("ETH"), "there is no ETH to sell"),
        (Asked("ODD"), "No price of ODD is known in EUR: type one."),
    ],
)
def test_what_cannot_be_answered_says_why(
    owner: User, kraken: Stream, binance: Stream, asked: Asked, why: str
) -> None:
    lived(kraken, binance)
    priced(owner)
    choose(owner, "neutral", "fifo")
    row = answered(what_ifs.ask_sale(user=owner, asked=asked))
    assert row.state == "failed"
    assert why in row.failure
    assert not WhatIfLine.objects.exists()


def test_without_a_place_nothing_is_asked(owner: User) -> None:
    with pytest.raises(TaxProblem, match="where you pay taxes"):
        what_ifs.ask_today(user=owner)
    assert not WhatIf.objects.exists()


# --- Lots today -------------------------------------------------------------------------------


def test_lots_that_wait_and_lots_at_a_loss(owner: User, kraken: Stream, binance: Stream) -> None:
    lived(kraken, binance)
    priced(owner)
    new = timezone.now() - timedelta(days=100)
    source = bought(kraken, "1", "ETH", "70", new)
    bought(kraken, "1", "BTC", "50", new + timedelta(days=7))
    choose(owner, "germany", "fifo")
    row = today(owner)
    assert row.state == "done", row.failure
    assert lots(row, WhatIfLine.WAITING) == [("ETH", 1, 70, None), ("BTC", 1, 50, 400)]
    first = WhatIfLine.objects.get(answer=row, part=WhatIfLine.WAITING, position=0)
    assert first.lot_transaction == source
    assert first.long_from == first.acquired_at.date().replace(  # type: ignore[union-attr]
        year=first.acquired_at.year + 1  # type: ignore[union-attr]
    ) + timedelta(days=1)
    assert lots(row, WhatIfLine.LOSS) == [("BTC", 1, 900, 400)]
    assert [(one["asset"], one["loss"]) for one in row.told["assets"]] == [("BTC", "500")]
    # What has no price is no loss, and no nothing: it is told apart.
    assert row.told["unpriced"] == [
        {"asset": "ETH", "amount": "1"},
        {"asset": "ODD", "amount": "5"},
    ]


def test_without_terms_nothing_waits(owner: User, kraken: Stream, binance: Stream) -> None:
    lived(kraken, binance)
    choose(owner, "neutral", "average")
    row = today(owner)
    assert (row.told["waiting"], row.told["losses"]) == (0, 0)
    assert {one["asset"] for one in row.told["unpriced"]} == {"BTC", "ODD"}


def test_a_coin_of_unknown_origin_is_told_so(owner: User, kraken: Stream) -> None:
    now = timezone.now()
    factories.transaction(kraken, ("1", "BTC"), kind="deposit", at=now - timedelta(days=9))
    factories.holding(kraken.connection, "BTC", "1")
    choose(owner, "germany", "fifo")
    line = WhatIfLine.objects.get(answer=today(owner))
    assert line.assumed == "unknown_origin"
    assert line.cost == 0


def test_who_holds_nothing_is_told_so(owner: User) -> None:
    choose(owner, "us", "fifo")
    row = today(owner)
    assert (row.state, row.told["lots"]) == ("done", 0)
    assert "no BTC" in sale(owner).failure


# --- Kept -------------------------------------------------------------------------------------


def test_the_same_is_made_of_the_same(
    owner: User, kraken: Stream, binance: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(kraken, binance)
    choose(owner, "neutral", "fifo")
    asked: Any = {"amount": Decimal(1), "price": Decimal(7)}
    monkeypatch.setattr("portfolio.services.what_ifs.timezone.now", lambda: on(2025, 1))
    one, other = sale(owner, **asked), sale(owner, **asked)
    assert one.pk != other.pk
    assert one.fingerprint == other.fingerprint
    assert one.told == other.told
    assert sale(owner, amount=Decimal(2), price=Decimal(7)).fingerprint != one.fingerprint


def test_it_says_that_the_ledger_has_changed_since(
    owner: User, kraken: Stream, binance: Stream
) -> None:
    lived(kraken, binance)
    choose(owner, "us", "fifo")
    row, strange = today(owner), factories.user()
    assert row.changed_at is None
    holdings.mark_stale(strange.pk, on(2024, 1).date())
    row.refresh_from_db()
    assert row.changed_at is None
    holdings.mark_stale(owner.pk, on(2024, 1).date())
    row.refresh_from_db()
    assert row.changed_at is not None
    first = row.changed_at
    holdings.mark_stale(owner.pk, on(2024, 1).date())
    row.refresh_from_db()
    assert row.changed_at == first


def test_a_change_while_it_is_worked_out_is_told(
    owner: User, kraken: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(owner, "us", "fifo")
    real = what_if_today.of_today

    def meanwhile(case: Case) -> Answer:
        holdings.mark_stale(owner.pk, on(2024, 1).date())
        return real(case)

    monkeypatch.setattr("portfolio.services.what_if_today.of_today", meanwhile)
    assert today(owner).changed_at is not None
    monkeypatch.undo()
    row = what_ifs.ask_today(user=owner)
    holdings.mark_stale(owner.pk, on(2024, 1).date())  # before it began: it is in the answer
    assert answered(row).changed_at is None


def test_a_tag_changes_what_a_gift_is(owner: User, kraken: Stream) -> None:
    given = factories.transaction(kraken, ("-1", "BTC"), kind="gift", at=on(2024, 1))
    choose(owner, "uk", "uk_share_pooling")
    row = today(owner)
    edit_marks.tag(user=owner, ids=[given.pk], add=["spouse"])
    row.refresh_from_db()
    assert row.changed_at is not None


def test_what_is_asked_twice_is_worked_out_once(owner: User) -> None:
    choose(owner, "us", "fifo")
    asked = Asked("BTC", Decimal(1))
    first = what_ifs.ask_sale(user=owner, asked=asked)
    assert what_ifs.ask_sale(user=owner, asked=asked) == first
    for number in range(2, what_ifs.MOST_AT_ONCE + 1):
        what_ifs.ask_sale(user=owner, asked=Asked("BTC", Decimal(number)))
    with pytest.raises(TaxProblem, match="wait for one"):
        what_ifs.ask_today(user=owner)


def test_a_worker_that_died_is_followed_by_another(owner: User) -> None:
    choose(owner, "us", "fifo")
    row = what_ifs.ask_today(user=owner)
    now = timezone.now()
    assert what_ifs.left_alone(now) == []
    assert what_ifs.left_alone(now + timedelta(minutes=2)) == [row.pk]
    WhatIf.objects.update(state="running", attempt=1, worked_at=now - timedelta(minutes=11))
    assert what_ifs.left_alone(now) == [row.pk]
    assert answered(row).state == "done"
    assert not what_ifs.make(row.pk)
    again = what_ifs.ask_today(user=owner)
    WhatIf.objects.filter(pk=again.pk).update(attempt=what_ifs.MOST_ATTEMPTS)
    assert not what_ifs.make(again.pk)
    again.refresh_from_db()
    assert "several times" in again.failure


def test_an_error_of_our_own_is_told(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(owner, "us", "fifo")
    row = what_ifs.ask_today(user=owner)

    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("portfolio.services.what_if_today.of_today", fail)
    with pytest.raises(ZeroDivisionError):
        what_ifs.make(row.pk)
    row.refresh_from_db()
    assert "ZeroDivisionError" in row.failure
    assert "secret" not in row.failure


def test_old_answers_go_by_themselves(owner: User) -> None:
    choose(owner, "us", "fifo")
    today(owner)
    late = timezone.now() + timedelta(days=settings.WHAT_IFS_KEPT_DAYS)
    assert what_ifs.prune(late - timedelta(minutes=1)) == 0
    assert what_ifs.prune(late + timedelta(minutes=1)) == 1
    assert TaxProfile.objects.exists()


def test_it_is_nobody_elses(owner: User, kraken: Stream, binance: Stream) -> None:
    lived(kraken, binance)
    choose(owner, "us", "fifo")
    row, other = today(owner), factories.user()
    with pytest.raises(WhatIf.DoesNotExist):
        what_ifs.delete(user=other, answer_id=row.pk)
    choose(other, "us", "fifo")
    assert today(other).told["lots"] == 0
    what_ifs.delete(user=owner, answer_id=row.pk)
    assert not WhatIf.objects.of(owner).exists()


@pytest.mark.parametrize(
    ("told", "gain"),
    [
        (Told("neutral", "specific", rest="lifo"), "100"),
        (Told("neutral", "by_year", method_by_year={2000: "fifo", 2025: "hifo"}), "-500"),
    ],
)
def test_what_a_person_chose_is_among_the_methods(
    owner: User, kraken: Stream, binance: Stream, told: Told, gain: str
) -> None:
    lived(kraken, binance)
    priced(owner)
    tax_settings.choose(user=owner, told=told)
    row = sale(owner, amount=Decimal(1))
    found = methods(row)[told.method]
    assert found["is_own"]
    assert found["gain"] == gain
