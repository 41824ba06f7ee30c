"""The pages of assets: all that was ever held, its codes, and deciding on them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import AssetRule, Connection
from portfolio.services import assets
from portfolio.services.assets import Target
from tests import factories
from tests.portfolio.conftest import Browser, Sent

LIST = reverse("portfolio:asset-list")


def _text(page: Client, url: str) -> str:
    html = page.get(url).content.decode()
    return " ".join(re.sub(r"<script.*?</script>|<[^>]+>", "", html, flags=re.DOTALL).split())


@pytest.fixture
def kraken(owner: User) -> Connection:
    made: Connection = factories.full_account(owner, now=timezone.now(), days=3)["kraken"]
    return made


def _codes(code: str) -> str:
    return reverse("portfolio:asset-codes", args=[code])


def test_an_empty_list_says_what_will_be_there(page: Client) -> None:
    text = _text(page, LIST)
    assert "No assets yet" in text
    assert "Add a connection" in text


def test_all_assets_are_listed_with_their_codes_and_what_is_not_known(
    page: Client, owner: User, kraken: Connection
) -> None:
    factories.holding(kraken, "MATIC", "5")
    factories.holding(kraken, "GONE", "0")
    text = _text(page, LIST)
    assert "POL unknown merged 5 MATIC Kraken sandbox 5 unknown" in text
    assert "NEWCOIN unknown 1,000 NEWCOIN Binance sandbox 1,000" in text
    assert "GONE unknown 0 GONE Kraken sandbox 0 –" in text
    assert "BTC Binance sandbox, Kraken sandbox 0.537353178901234567" in text


@pytest.mark.django_db(transaction=True)
def test_merging_asks_for_new_values_and_can_be_undone(
    page: Client, owner: User, kraken: Connection, sent: Sent
) -> None:
    url = reverse("portfolio:asset-merge", args=["NEWCOIN"])
    form = {"place": "binance:sandbox|NEWCOIN", "asset": "DOT", "factor": "2"}
    answer = page.post(url, form, follow=True)
    assert answer.redirect_chain[-1][0] == _codes("DOT")
    text = " ".join(re.sub(r"<[^>]+>", "", answer.content.decode()).split())
    assert "NEWCOIN is DOT from now on." in text
    assert "NEWCOIN is DOT × 2, Binance sandbox" in text
    overview = page.get(reverse("portfolio:dashboard")).context["overview"]
    row = next(row for row in overview.assets if row.asset == "DOT")
    assert row.quantity == Decimal("2120.0000451")
    assert [name for name, _ in sent.calls] == ["revalue", "match_transfers"]
    rule = AssetRule.objects.get()
    page.post(reverse("portfolio:asset-rule-undo", args=[rule.pk]))
    assert not AssetRule.objects.in_force().exists()
    assert len(sent.calls) == 4
    overview = page.get(reverse("portfolio:dashboard")).context["overview"]
    assert "NEWCOIN" in {row.asset for row in overview.assets}


def test_what_cannot_be_decided_is_said_in_the_form(
    page: Client, owner: User, kraken: Connection
) -> None:
    url = reverse("portfolio:asset-merge", args=["BTC"])
    answer = page.post(url, {"place": "|BTC", "asset": "DOT", "factor": "1"})
    assert answer.status_code == 422
    assert "Prices are worked out through BTC" in answer.content.decode()
    answer = page.post(url, {"place": "okx|BTC", "asset": "DOT", "factor": "1"})
    assert answer.status_code == 422
    assert not AssetRule.objects.exists()


def test_an_unknown_code_that_looks_like_many_coins_is_offered_as_that(
    page: Client, owner: User, kraken: Connection
) -> None:
    factories.holding(kraken, "1000WHY", "5")
    form = page.get(_codes("1000WHY")).context["forms"]["merge"]
    assert (form["asset"].value(), form["factor"].value()) == ("WHY", "1000")
    assert page.get(_codes("DOT")).context["forms"]["merge"]["asset"].value() is None


def test_the_exports_page_says_what_is_left_out(
    page: Client, owner: User, kraken: Connection
) -> None:
    url = reverse("portfolio:export-list")
    assert "Left out as spam" not in _text(page, url)
    assets.mark_spam(user=owner, source="", code="SHIB")
    assert "Left out as spam: SHIB." in _text(page, url)


def test_a_new_name_is_shown_everywhere(page: Client, owner: User, kraken: Connection) -> None:
    page.post(reverse("portfolio:asset-rename", args=["NEWCOIN"]), {"name": "My coin"})
    assert "My coin" in _text(page, reverse("portfolio:dashboard"))
    assert "My coin renamed, NEWCOIN" in _text(page, LIST).replace("unknown ", "")
    assert _text(page, reverse("portfolio:asset-detail", args=["NEWCOIN"])).startswith("My coin")


def test_spam_collapses_into_one_line(page: Client, owner: User, kraken: Connection) -> None:
    before = page.get(reverse("portfolio:dashboard")).context["overview"]
    page.post(reverse("portfolio:asset-spam", args=["SHIB"]), {"place": "|SHIB"})
    answer = page.get(reverse("portfolio:dashboard"))
    overview = answer.context["overview"]
    assert "SHIB" not in {row.asset for row in overview.assets}
    assert overview.worth.total == before.worth.total - 12500000 * Decimal("0.00000812")
    assert overview.compared == before.compared
    assert "1 asset marked as spam, not counted" in answer.content.decode()
    text = _text(page, LIST)
    assert text.index("Marked as spam, not counted") < text.index("SHIB spam")
    text = _text(page, reverse("portfolio:asset-detail", args=["SHIB"]))
    assert "You marked it as spam" in text


def test_the_page_of_an_asset_is_found_by_each_of_its_codes(
    page: Client, owner: User, kraken: Connection
) -> None:
    factories.holding(kraken, "MATIC", "5")
    for code in ("MATIC", "POL"):
        answer = page.get(reverse("portfolio:asset-detail", args=[code]))
        assert answer.context["asset"].asset == "POL"
        assert page.get(_codes(code)).context["line"].asset == "POL"
    assert page.get(_codes("NEVER")).status_code == 404


def test_the_pages_take_few_queries(
    page: Client,
    owner: User,
    kraken: Connection,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        factories.holding(kraken, f"A{number}", "1")
        target = Target(f"B{number}")
        assets.merge(user=owner, source="", code=f"A{number}", target=target)
    for url in (LIST, _codes("B1")):
        with django_assert_max_num_queries(12):
            page.get(url)
    with django_assert_max_num_queries(15):
        page.get(reverse("portfolio:dashboard"))


def test_what_another_person_decided_is_out_of_reach(
    page: Client, owner: User, other: User, kraken: Connection, browser: Browser
) -> None:
    rule = assets.mark_spam(user=owner, source="", code="SHIB")
    stranger = browser(other)
    undo = reverse("portfolio:asset-rule-undo", args=[rule.pk])
    assert stranger.post(undo).status_code == 404
    assert stranger.get(_codes("SHIB")).status_code == 404
    assert "SHIB" not in stranger.get(LIST).content.decode()
    assert AssetRule.objects.in_force().count() == 1
