"""The dashboard: worth, holdings, what is unknown, what agrees, what needs attention."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Connection, Stream
from portfolio.services import findings
from tests import factories

HOME = reverse("portfolio:dashboard")


def _text(page: Client, query: str = "") -> str:
    """What a person reads: tags and runs of white space taken out."""
    html = page.get(HOME + query).content.decode()
    return " ".join(re.sub(r"<script.*?</script>|<[^>]+>", "", html, flags=re.DOTALL).split())


def test_an_empty_account_is_led_to_its_first_connection(page: Client) -> None:
    html = page.get(HOME).content.decode()
    assert "Connect your first exchange" in html
    assert reverse("portfolio:connection-add") in html
    assert "echarts" not in html


def test_worth_holdings_and_shares(page: Client, owner: User) -> None:
    factories.full_account(owner, now=timezone.now())
    overview = page.get(HOME).context["overview"]
    btc = Decimal("0.512345678901234567") + Decimal("0.0250075")
    rows = {row.asset: row for row in overview.assets}
    assert rows["BTC"].quantity == btc
    assert rows["BTC"].value == btc * Decimal("61234.5")
    assert overview.worth.total == sum(row.value for row in overview.assets if row.value)
    assert sum(row.share for row in overview.assets if row.share) == pytest.approx(100)
    assert overview.assets[0].asset == "BTC"
    assert {row.label: row.assets for row in overview.exchanges} == {"Kraken": 3, "Binance": 4}
    text = _text(page)
    assert "Total worth" in text
    assert "0.537353178901234567" in text  # every digit, none rounded away


def test_an_unknown_price_is_said_and_left_out(page: Client, owner: User) -> None:
    factories.full_account(owner, now=timezone.now())
    overview = page.get(HOME).context["overview"]
    row = next(row for row in overview.assets if row.asset == "NEWCOIN")
    assert (row.price, row.value, row.share) == (None, None, None)
    text = _text(page)
    assert "NEWCOIN 1,000 1,000 unknown unknown" in text
    assert "without 1 asset of unknown price" in text
    findings.refresh(owner.pk)
    assert "What is this asset? 1 How much money that concerns is unknown. Review" in _text(page)


def test_every_figure_opens(page: Client, owner: User) -> None:
    made = factories.full_account(owner, now=timezone.now())
    html = page.get(HOME).content.decode()
    assert 'href="#holdings"' in html
    assert reverse("portfolio:asset-detail", args=["DOT"]) in html
    assert reverse("portfolio:connection-detail", args=[made["kraken"].pk]) + "#balances" in html


def test_a_difference_is_shown_with_its_size_and_place(page: Client, owner: User) -> None:
    factories.full_account(owner, now=timezone.now())
    text = _text(page)
    assert "1 of 7 holdings differs" in text
    assert "BNB, Binance (spot) −0.01" in text
    findings.refresh(owner.pk)
    assert "The ledger and the exchange disagree 1 5.40 EUR at risk." in _text(page)


def test_agreement_is_said_too(page: Client, owner: User) -> None:
    factories.holding(factories.connection(owner), "EUR", "5")
    assert "1 holding agrees to the last digit" in _text(page)


def test_a_holding_that_only_the_exchange_knows_differs(page: Client, owner: User) -> None:
    factories.holding(factories.connection(owner), "EUR", "0", reported="5")
    assert "1 of 1 holdings differs" in _text(page)


def test_changes_are_told_with_sign_and_percent(page: Client, owner: User) -> None:
    now = timezone.now()
    factories.holding(factories.connection(owner), "EUR", "110")
    days = [((now - timedelta(days=ago)).date(), value) for ago, value in ((7, "200"), (1, "100"))]
    factories.daily_values(owner, days)
    overview = page.get(HOME).context["overview"]
    assert (overview.day.amount, overview.day.percent) == (Decimal(10), Decimal(10))
    assert (overview.week.amount, overview.week.percent) == (Decimal(-90), Decimal(-45))
    text = _text(page)
    assert "Since yesterday +10.00 EUR +10.0 %" in text
    assert "Since 7 days ago −90.00 EUR −45.0 %" in text


def test_a_change_since_a_day_that_is_not_known_is_not_known(page: Client, owner: User) -> None:
    now = timezone.now()
    factories.holding(factories.connection(owner), "EUR", "110")
    factories.daily_values(owner, [((now - timedelta(days=2)).date(), "100")])
    assert "Since yesterday not known" in _text(page)


def test_the_chart_gets_its_values_as_text_and_ends_with_the_total(
    page: Client, owner: User
) -> None:
    now = timezone.now()
    factories.full_account(owner, now=now, days=90)
    answer = page.get(HOME, {"range": "1m"})
    html = answer.content.decode()
    found = re.search(r'data-chart="([^"]*)"', html)
    assert found
    data = json.loads(unescape(found.group(1)))
    values, days = data["values"].split(), data["days"].split()
    total = answer.context["overview"].worth.total
    assert values[-1] == str(total.quantize(Decimal("0.01")))
    assert 30 <= len(days) == len(values) <= 33
    assert list(data["unpriced"]) == [str(len(days) - 1)]
    whole = page.get(HOME, {"range": "all"}).context["chart"]["days"].split()
    assert whole[0] == (now - timedelta(days=90)).date().isoformat()
    assert "Values as a table" in html


def test_htmx_gets_the_worth_alone_and_an_unknown_span_is_all(page: Client, owner: User) -> None:
    factories.full_account(owner, now=timezone.now(), days=40)
    answer = page.get(HOME, {"range": "1m"}, headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<section class="card cf-card pf-worth"')
    assert "HX-Request" in answer.headers["Vary"]
    assert page.get(HOME, {"range": "never"}).context["asked"].preset == "all"


def test_a_range_between_two_days_has_its_own_course_sums_and_movers(
    page: Client, owner: User
) -> None:
    connection = factories.connection(owner)
    factories.holding(connection, "BTC", "2")
    factories.price("BTC", "150", at=timezone.now())
    today = timezone.now().date()
    days = [today - timedelta(days=ago) for ago in (5, 4, 3, 2)]
    rows = factories.daily_values(owner, zip(days, ("100", "90", "240", "300"), strict=True))
    for row, bitcoin in zip(rows, ("50", "45", "60", "75"), strict=True):
        row.bitcoin, row.income, row.fees = Decimal(bitcoin), Decimal(3), Decimal(1)
        row.put_in = Decimal(120 if row.on == days[2] else 0)
        row.save()
        factories.daily_price("BTC", bitcoin, row.on)
    asked = {"from": str(days[1]), "to": str(days[3])}
    answer = page.get(HOME, asked)
    course, movers = answer.context["course"], answer.context["overview"].movers
    assert [point.on for point in course.points] == days
    assert list(course.untouched) == [100, 100, 220, 220]
    assert list(course.bitcoin) == [100, 90, 240, 300]  # two bitcoins, then two more
    assert (course.income, course.fees) == (9, 3)  # the day before the range is not in it
    (mover,) = movers.up
    assert (mover.asset, mover.change, mover.effect) == ("BTC", Decimal("0.5"), 50)
    text = _text(page, f"?from={days[1]}&to={days[3]}")
    assert "BTC 50.00 EUR 75.00 EUR +50.00 % +50.00 EUR" in text
    assert "Over the range shown +200.00 EUR +200.0 %" in text
    data = json.loads(unescape(re.findall(r'data-chart="([^"]*)"', answer.content.decode())[0]))
    assert [line["name"] for line in data["more"]] == ["left in EUR", "in BTC"]
    assert data["more"][0]["values"] == "100.00 100.00 220.00 220.00"


def test_a_range_that_ends_today_has_the_worth_and_prices_of_now(page: Client, owner: User) -> None:
    factories.holding(factories.connection(owner), "BTC", "2")
    factories.price("BTC", "150", at=timezone.now())
    yesterday = timezone.now().date() - timedelta(days=1)
    factories.daily_values(owner, [(yesterday, "200")])
    factories.daily_price("BTC", "200", yesterday)
    answer = page.get(HOME, {"range": "all"})
    assert answer.context["course"].points[-1].value == 300
    (mover,) = answer.context["overview"].movers.down
    assert (mover.change, mover.effect) == (Decimal("-0.25"), -100)


def test_an_unknown_comparison_is_not_drawn_and_a_gap_is_said(page: Client, owner: User) -> None:
    factories.holding(factories.connection(owner), "NEWCOIN", "2")
    yesterday = timezone.now().date() - timedelta(days=1)
    (day,) = factories.daily_values(owner, [(yesterday, "200")])
    day.gaps, day.put_in = 2, Decimal(200)
    day.save()
    text = _text(page)
    assert "the same in BTC" not in text
    assert "without 2 amounts of unknown worth or cost" in text
    assert "No price at one of the ends: NEWCOIN" in text


def test_a_range_that_cannot_be_is_said_and_all_is_shown(page: Client, owner: User) -> None:
    factories.full_account(owner, now=timezone.now(), days=40)
    text = _text(page, "?from=2026-03-01&to=2026-02-01")
    assert "This day is after the last one. All days are shown." in text


def test_the_first_sync_is_told_while_it_runs(page: Client, owner: User) -> None:
    connection = factories.connection(owner, backfilled_at=None, last_synced_at=None)
    factories.stream(connection, "ledger")
    factories.stream(connection, "trades", state=Stream.State.WAITING, caught_up_at=None)
    factories.connection(owner, label="New", status=Connection.Status.PENDING)
    text = _text(page)
    assert "History is being fetched" in text
    assert "1 of 2 parts" in text
    assert "New the key is being checked" in text


def test_the_progress_follows_by_itself_and_ends_with_the_whole_page(
    page: Client, owner: User
) -> None:
    connection = factories.connection(owner, backfilled_at=None)
    factories.stream(connection, state=Stream.State.RUNNING, caught_up_at=None)
    url = reverse("portfolio:dashboard-progress")
    assert f'hx-get="{url}"' in page.get(HOME).content.decode()
    assert "0 of 1 part" in page.get(url).content.decode()
    connection.backfilled_at = timezone.now()
    connection.save()
    assert page.get(url).headers["HX-Refresh"] == "true"
    assert f'hx-get="{url}"' not in page.get(HOME).content.decode()


def test_attention_names_what_is_wrong(page: Client, owner: User) -> None:
    now = timezone.now()
    factories.connection(
        owner, label="Broken one", status="broken", status_reason="Invalid signature."
    )
    factories.connection(owner, label="Refused one", status="refused", status_reason="Too much.")
    expiring = factories.connection(owner, label="Old one")
    factories.audit(expiring, key_expires_at=now + timedelta(days=3), missing=["Query Ledger"])
    trader = factories.connection(owner, label="Trader")
    factories.audit(trader, verdict="can_trade")
    factories.connection(owner, label="Gone", status="removed", status_reason="never shown")
    text = _text(page)
    for words in (
        "5 things need attention",
        "Broken one: the key does not work. Invalid signature.",
        "Refused one: the key was refused. Too much.",
        "Old one: the key expires.",
        "Old one: the key lacks a permission to read. Query Ledger",
        "Trader: the key may trade.",
    ):
        assert words in text
    assert "never shown" not in text


def test_names_that_people_chose_are_not_markup(page: Client, owner: User) -> None:
    connection = factories.connection(owner, label="<b>x</b>")
    factories.holding(connection, "<i>C</i>", "1")
    html = page.get(HOME).content.decode()
    assert "<b>x</b>" not in html
    assert "<i>C</i>" not in html


def test_the_number_of_queries_is_fixed(
    page: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    factories.full_account(owner, now=timezone.now())
    for number in range(20):
        factories.holding(factories.connection(owner), f"C{number}", "1")
    with django_assert_max_num_queries(15):
        page.get(HOME)


def test_a_worth_with_no_figure_behind_it_is_unknown_not_zero(page: Client, owner: User) -> None:
    factories.connection(owner, status=Connection.Status.BROKEN, backfilled_at=None)
    text = _text(page)
    assert "Total worth not known" in text
    assert "0.00 EUR" not in text


def test_empty_accounts_are_worth_zero(page: Client, owner: User) -> None:
    factories.connection(owner, backfilled_at=timezone.now())
    assert "Total worth 0.00 EUR" in _text(page)
