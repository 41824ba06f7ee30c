"""Lots chosen by hand: looked up by a worker, chosen, counted, undone, and told when they fail."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio import tasks
from portfolio.models import LotOffer, Stream, TaxLine, TaxProfile, TaxReport, Transaction
from portfolio.selectors import tax_sums
from portfolio.services import tax_choices, tax_ledger, tax_settings
from portfolio.services.tax_settings import TaxProblem, Told
from tests import factories
from tests.portfolio.conftest import Browser, Sent
from tests.portfolio.test_tax_reports import made, on
from tests.portfolio.test_views_taxes import text

pytestmark = pytest.mark.django_db
Part = TaxLine.Part
US = Told("us", "specific", rest="hifo")
TRADE: dict[str, Any] = {"kind": "trade"}


@pytest.fixture
def kraken(owner: User) -> Stream:
    tax_settings.choose(user=owner, told=US)
    return factories.stream(factories.connection(owner, label="One"))


@pytest.fixture
def lots(kraken: Stream) -> list[Transaction]:
    """Three purchases, the second the dearest."""
    return [
        factories.transaction(kraken, ("1", "BTC"), (f"-{price}", "USD"), at=on(month), **TRADE)
        for month, price in ((1, 100), (2, 300), (3, 200))
    ]


@pytest.fixture
def sold(kraken: Stream, lots: list[Transaction]) -> Transaction:
    return factories.transaction(kraken, ("-1.5", "BTC"), ("600", "USD"), at=on(6), **TRADE)


def url(name: str, sold: Transaction | None = None) -> str:
    return reverse(f"portfolio:tax-{name}", args=[sold.pk] if sold else [])


def found(owner: User, sold: Transaction) -> LotOffer:
    offer = tax_choices.ask(user=owner, transaction_id=sold.pk)
    assert tax_choices.make(offer.pk)
    offer.refresh_from_db()
    return offer


def choose(owner: User, sold: Transaction, **more: Any) -> None:
    amounts = {lot.pk: Decimal(amount) for lot, amount in more["amounts"]}
    tax_choices.choose(user=owner, transaction_id=sold.pk, asset="BTC", amounts=amounts)


def costs(report: TaxReport) -> list[tuple[Any, Any]]:
    rows = TaxLine.objects.filter(report=report, part=Part.DISPOSAL)
    return [(row.lot_transaction, row.cost) for row in rows]


def test_lots_are_looked_up_chosen_and_taken(
    page: Client, owner: User, lots: list[Transaction], sold: Transaction, sent: Sent
) -> None:
    shown = text(page, url("lots", sold))
    assert "Find the lots" in shown
    assert "no later than the date and time of the sale" in shown
    page.post(url("lots-look", sold))
    offer = LotOffer.objects.get()
    assert "being looked up" in text(page, url("lots", sold))
    assert tasks.find_lots(offer.pk)
    assert not tasks.find_lots(offer.pk)
    shown = text(page, url("lots", sold))
    assert "1.5 BTC, 600.00 USD" in shown
    assert "Highest in, first out" in shown  # what meets the rest
    answer = page.post(
        url("lots-choose", sold),
        {"asset": "BTC", f"lot-{lots[0].pk}": "1", f"lot-{lots[2].pk}": ""},
    )
    assert answer.headers["Location"] == url("lots", sold)
    assert "chosen after the sale" in text(page, url("lots", sold))
    assert costs(made(owner)) == [(lots[0].pk, 100), (lots[1].pk, 150)]
    shown = text(page, url("choices"))
    assert "after the sale" in shown
    page.post(url("lots-undo", sold), {"asset": "BTC", "back": "all"})
    assert "Nothing is chosen" in text(page, url("choices"))
    assert costs(made(owner)) == [(lots[1].pk, 300), (lots[2].pk, 100)]


def test_reports_keep_their_choices_and_say_that_they_changed(
    page: Client, owner: User, lots: list[Transaction], sold: Transaction
) -> None:
    report = made(owner)
    address = reverse("portfolio:tax-report", args=[report.pk])
    assert "You chose other lots" not in text(page, address)
    found(owner, sold)
    choose(owner, sold, amounts=[(lots[0], "1")])
    shown = text(page, address)
    assert "You chose other lots since this report was made" in shown
    assert "You changed the settings" not in shown
    other = made(owner)
    assert other.fingerprint != report.fingerprint
    assert other.sha256 != report.sha256
    tax_settings.choose(user=owner, told=Told("us", "fifo"))
    assert "You changed the settings" in text(page, address)


def test_choices_that_are_late_or_cannot_be_met_are_told_in_the_report(
    owner: User, lots: list[Transaction], sold: Transaction
) -> None:
    found(owner, sold)
    choose(owner, sold, amounts=[(lots[0], "1")])
    report = made(owner)
    told = TaxLine.objects.filter(report=report, part=Part.ASSUMED)
    assert [(row.subkind, str(row.amount)) for row in told] == [("chosen_late", "1")]
    number = lots[0].pk
    lots[0].delete()
    told = TaxLine.objects.filter(report=made(owner), part=Part.ASSUMED)
    late, unmet = sorted(told, key=lambda row: row.subkind)
    assert (unmet.subkind, str(unmet.amount), unmet.value) == ("not_as_chosen", "1", Decimal(400))
    assert (unmet.transaction, unmet.lot_transaction) == (sold.pk, number)
    assert late.subkind == "chosen_late"
    sold.delete()
    told = TaxLine.objects.filter(report=made(owner), part=Part.ASSUMED, subkind="not_as_chosen")
    assert [row.asset for row in told] == ["BTC"]
    assert told[0].value is None
    assert not TaxLine.objects.filter(report=made(owner, 2025), part=Part.ASSUMED).exists()


def test_under_another_method_choices_do_not_count_and_the_page_says_so(
    page: Client, owner: User, lots: list[Transaction], sold: Transaction
) -> None:
    found(owner, sold)
    choose(owner, sold, amounts=[(lots[0], "1")])
    tax_settings.choose(user=owner, told=Told("us", "lifo"))
    assert costs(made(owner))[0] == (lots[2].pk, 200)
    assert "counts under “Specific identification” only" in text(page, url("lots", sold))
    assert "counts under “Specific identification” only" in text(page, url("choices"))


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("1.25", "there were only 1"),
        ("-1", "below zero"),
        ("1,5", "is no amount"),
        ("NaN", "is no amount"),
        ("1e-60", "is no amount"),
        ("", "Say how much"),
        ("0", "Say how much"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_kept(
    page: Client, owner: User, lots: list[Transaction], sold: Transaction, amount: str, why: str
) -> None:
    found(owner, sold)
    told = {"asset": "BTC", f"lot-{lots[0].pk}": amount}
    answer = page.post(url("lots-choose", sold), told)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert TaxProfile.objects.get().picks == {}


def test_lots_of_other_disposals_or_in_all_too_much_are_refused(
    page: Client, owner: User, kraken: Stream, lots: list[Transaction], sold: Transaction
) -> None:
    with pytest.raises(TaxProblem, match="looked up first"):
        choose(owner, sold, amounts=[(lots[0], "1")])
    found(owner, sold)
    with pytest.raises(TaxProblem, match=r"chose 2; only 1\.5"):
        choose(owner, sold, amounts=[(lots[0], "1"), (lots[1], "1")])
    with pytest.raises(TaxProblem, match="not held then"):
        choose(owner, sold, amounts=[(sold, "1")])
    answer = page.post(url("lots-choose", sold), {"asset": "ETH", f"lot-{lots[0].pk}": "1"})
    assert answer.status_code == 422
    assert TaxProfile.objects.get().picks == {}


def test_lots_of_another_account_are_not_offered_where_accounts_matter(
    owner: User, kraken: Stream, lots: list[Transaction]
) -> None:
    binance = factories.stream(factories.connection(owner, exchange="binance", label="Two"))
    own = factories.transaction(
        binance, ("1", "BTC"), ("-900", "USD"), at=on(2, year=2025), **TRADE
    )
    sale = factories.transaction(
        binance, ("-0.5", "BTC"), ("500", "USD"), at=on(3, year=2025), **TRADE
    )
    (offer,) = found(owner, sale).offers
    assert offer["account"] == str(binance.connection.pk)
    assert [row["lot"] for row in offer["lots"]] == [own.pk]


def test_a_place_without_choice_says_so(page: Client, owner: User, sold: Transaction) -> None:
    tax_settings.choose(user=owner, told=Told("uk", "uk_share_pooling"))
    assert "lots cannot be chosen there" in text(page, url("lots", sold))
    with pytest.raises(TaxProblem, match="does not let you choose"):
        tax_choices.ask(user=owner, transaction_id=sold.pk)
    page.post(url("lots-look", sold))
    assert not LotOffer.objects.exists()


def test_a_purchase_has_nothing_to_choose(
    page: Client, owner: User, lots: list[Transaction]
) -> None:
    found(owner, lots[0])
    assert "gives no coins" in text(page, url("lots", lots[0]))


def test_what_was_looked_up_and_overtaken_is_not_kept(
    owner: User, lots: list[Transaction], sold: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = tax_choices.ask(user=owner, transaction_id=sold.pk)
    later = datetime(2030, 1, 1, tzinfo=UTC)
    whole = tax_ledger.read

    def asked_again(*args: Any, **more: Any) -> Any:
        LotOffer.objects.update(asked_at=later)
        return whole(*args, **more)

    monkeypatch.setattr(tax_ledger, "read", asked_again)
    tax_choices.make(offer.pk)
    offer.refresh_from_db()
    assert (offer.state, offer.offers) == ("waiting", [])


def test_pages_lead_to_it(
    page: Client, owner: User, lots: list[Transaction], sold: Transaction
) -> None:
    address = url("lots", sold)
    detail = reverse("portfolio:transaction-detail", args=[sold.pk])
    assert address in page.get(detail).content.decode()
    bought = reverse("portfolio:transaction-detail", args=[lots[0].pk])
    assert "Choose the lots" in page.get(bought).content.decode()  # it gave dollars
    report = made(owner)
    line = reverse("portfolio:tax-disposal", args=[report.pk, 0])
    assert address in page.get(line).content.decode()


def test_it_is_nobody_elses(
    browser: Browser, other: User, owner: User, lots: list[Transaction], sold: Transaction
) -> None:
    found(owner, sold)
    choose(owner, sold, amounts=[(lots[0], "1")])
    stranger = browser(other)
    assert stranger.get(url("lots", sold)).status_code == 404
    for name in ("lots-look", "lots-choose", "lots-undo"):
        assert stranger.post(url(name, sold), {"asset": "BTC"}).status_code == 404
    assert TaxProfile.objects.get(owner=owner).picks
    assert "Nothing is chosen" in text(stranger, url("choices"))


# --- Methods by year --------------------------------------------------------------------------


def test_methods_follow_each_other_where_the_law_allows(
    page: Client, owner: User, kraken: Stream, lots: list[Transaction], sold: Transaction
) -> None:
    factories.transaction(kraken, ("-0.5", "BTC"), ("300", "USD"), at=on(6, year=2025), **TRADE)
    address = reverse("portfolio:tax-settings", args=["us"])
    assert "another order may be used from any year on" in text(page, address)
    told = {"method": "by_year", "rest": "fifo", "year_1": 2024, "method_1": "lifo"}
    answer = page.post(address, told | {"year_2": 2025, "method_2": "fifo"})
    assert answer.headers["Location"] == reverse("portfolio:tax-list")
    assert TaxProfile.objects.get().method_by_year == {"2024": "lifo", "2025": "fifo"}
    assert [lot for lot, _cost in costs(made(owner))] == [lots[2].pk, lots[1].pk]
    assert [lot for lot, _cost in costs(made(owner, 2025))] == [lots[0].pk]
    html = page.get(address).content.decode()
    assert 'value="2025"' in html


@pytest.mark.parametrize(
    ("place", "told", "why"),
    [
        ("us", {"method": "by_year"}, "Say from which year on"),
        ("us", {"method": "specific", "rest": "by_year"}, "Say from which year on"),
        ("us", {"method": "by_year", "year_1": "2024"}, "belong together"),
        ("us", {"method": "by_year", "method_1": "lifo"}, "belong together"),
        ("us", {"method": "fifo", "year_1": "1999", "method_1": "lifo"}, "2009"),
        ("us", {"method": "by_year", "year_1": "2024", "method_1": "average"}, "average"),
        ("australia", {"method": "by_year", "year_1": "2024", "method_1": "lofo"}, "lofo"),
        ("uk", {"method": "by_year", "year_1": "2024", "method_1": "fifo"}, "by_year"),
        ("germany", {"method": "specific", "rest": "lifo"}, "lifo"),
    ],
)
def test_what_the_law_does_not_allow_is_refused(
    page: Client, place: str, told: dict[str, str], why: str
) -> None:
    answer = page.post(reverse("portfolio:tax-settings", args=[place]), told)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not TaxProfile.objects.exists()


def test_two_methods_for_one_year_are_refused(page: Client) -> None:
    rows = {f"year_{n}": "2024" for n in (1, 2)} | {f"method_{n}": "lifo" for n in (1, 2)}
    answer = page.post(reverse("portfolio:tax-settings", args=["us"]), {"method": "by_year"} | rows)
    assert answer.status_code == 422
    assert "already" in answer.content.decode()


def test_services_refuse_what_the_form_cannot_say(owner: User) -> None:
    for told in (
        Told("australia", "by_year", method_by_year={2024: "lofo"}),
        Told("germany", "specific", rest="by_year", method_by_year={2024: "fifo"}),
    ):
        with pytest.raises(TaxProblem, match="does not know this method"):
            tax_settings.choose(user=owner, told=told)
    assert not TaxProfile.objects.exists()


# --- Lots given to accounts -------------------------------------------------------------------


@pytest.fixture
def two(owner: User, kraken: Stream, lots: list[Transaction]) -> Stream:
    """An account with a dear lot, beside one with three; something is sold there in 2025."""
    binance = factories.stream(factories.connection(owner, exchange="binance", label="Two"))
    factories.transaction(binance, ("1", "BTC"), ("-900", "USD"), at=on(4), **TRADE)
    factories.transaction(binance, ("-1", "BTC"), ("500", "USD"), at=on(3, year=2025), **TRADE)
    return binance


def given(report: TaxReport) -> list[tuple[str, str, Any]]:
    rows = TaxLine.objects.filter(report=report, part=Part.GIVEN)
    return [(row.account, str(row.amount), row.cost) for row in rows]


def test_lots_are_given_to_accounts_by_the_rule_chosen(
    page: Client, owner: User, kraken: Stream, two: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (str(stream.connection.pk) for stream in (kraken, two))
    tax_settings.choose(user=owner, told=Told("us", "fifo"))
    oldest = [(one, "1", 100), (one, "1", 300), (one, "1", 200), (other, "1", 900)]
    report = made(owner, 2025)
    assert given(report) == oldest
    assert costs(report)[0][1] == 900
    address = reverse("portfolio:tax-settings", args=["us"])
    assert "described in your books before that day" in text(page, address)
    told = {"method": "fifo", "placing": "cheapest", f"place_{other}": "1"}
    assert page.post(address, told).status_code == 302
    again = made(owner, 2025)
    assert given(again) == [(other, "1", 100), (one, "1", 200), (one, "1", 300), (one, "1", 900)]
    assert costs(again)[0][1] == 100
    assert again.fingerprint != report.fingerprint
    shown = text(page, reverse("portfolio:tax-lines", args=[again.pk, "given"]))
    assert "the lots of the lowest cost of a unit first, to binance" in shown.replace(
        "Two", "binance"
    )
    assert "What each account got" in shown
    assert "lines; the CSV has them all" not in shown
    monkeypatch.setattr(tax_sums, "GIVEN_SHOWN", 3)
    shown = text(page, reverse("portfolio:tax-lines", args=[again.pk, "given"]) + "?asset=BTC")
    assert "The first 3 of 4 lines; the CSV has them all." in shown
    html = page.get(address).content.decode()
    assert 'value="cheapest" selected' in html


def test_only_the_year_and_place_of_the_change_have_it(
    page: Client, owner: User, kraken: Stream, two: Stream
) -> None:
    report = made(owner, 2024)
    assert given(report) == []
    shown = text(page, reverse("portfolio:tax-report", args=[report.pk]))
    assert "Lots given to accounts" not in shown
    shown = text(page, reverse("portfolio:tax-lines", args=[report.pk, "given"]))
    assert "There is nothing of this kind" in shown


@pytest.mark.parametrize("told", [{"placing": "biggest"}, {"place_{}": "0"}, {"place_{}": "first"}])
def test_an_order_that_cannot_be_is_refused(
    page: Client, kraken: Stream, two: Stream, told: dict[str, str]
) -> None:
    told = {name.format(two.connection.pk): value for name, value in told.items()}
    address = reverse("portfolio:tax-settings", args=["us"])
    assert page.post(address, {"method": "fifo"} | told).status_code == 422
    assert "placing" not in TaxProfile.objects.get().choices
