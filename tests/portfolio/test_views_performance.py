"""The performance page: figures that add up, open to their rows, and say what they leave out."""

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
from portfolio.engine import money
from portfolio.models import DailyValue, LatestPrice
from portfolio.selectors import performance
from portfolio.selectors.ranges import Preset, Range
from portfolio.services import valuation
from tests import factories
from tests.portfolio.conftest import Browser
from tests.portfolio.test_daily_sums import TODAY, ago, book, closes, life

PAGE, DAYS, SUMS = (
    reverse(f"portfolio:{name}") for name in ("performance", "performance-days", "performance-sums")
)
D = Decimal
ALL = Range.named(Preset.ALL, TODAY)


def text(page: Client, url: str = PAGE, **query: str) -> str:
    html = page.get(url, query).content.decode()
    return " ".join(re.sub(r"<script.*?</script>|<[^>]+>", "", html, flags=re.DOTALL).split())


@pytest.fixture
def lived(owner: User) -> User:
    """Somebody with 25 days over two exchanges, valued."""
    kraken = factories.connection(owner)
    binance = factories.connection(owner, exchange="binance", label="Binance")
    closes("BTC", *[str(100 + n * 7 % 40) for n in range(30)])
    life(kraken, binance, days=25, seed=5)
    valuation.recompute(owner.pk)
    return owner


def test_without_a_worth_it_says_what_to_do(page: Client) -> None:
    assert "No day of this range has a worth yet" in text(page)
    assert reverse("portfolio:connection-list") in page.get(PAGE).content.decode()


def test_the_table_ends_at_the_daily_worth_and_adds_up(lived: User) -> None:
    for first, last in ((None, TODAY), (ago(12), TODAY), (ago(20), ago(3))):
        found = performance.of_range(lived, Range(first, last))
        assert found is not None
        worths = dict(DailyValue.objects.filter(owner=lived).values_list("on", "value"))
        cents = D("0.01")
        assert found.total.end == worths[last].quantize(cents, context=money.EXACT)
        start = worths.get(found.base, D(0))
        assert found.total.start == start.quantize(cents, context=money.EXACT)
        for rows in (found.by_asset, found.by_exchange):
            ends = [row.line.end for row in rows if row.line.end is not None]
            assert money.total(ends) == found.total.end
        parts = [found.total.start, found.total.flows, found.total.gain]
        assert money.total(part for part in parts if part is not None) == found.total.end
        assert found.total.flows == (found.put_in - found.taken_out).quantize(cents)
        assert not found.total.is_partial


def test_returns_are_those_of_the_days(lived: User) -> None:
    found = performance.of_range(lived, Range(ago(10), TODAY))
    assert found is not None
    assert len(found.links) == 11
    assert found.gain == found.last_value - found.days[0].value - found.put_in + found.taken_out
    assert found.time_weighted.ratio is not None
    assert found.money_weighted.ratio is not None
    assert found.drawdown is not None


def test_the_page_shows_returns_with_formula_falls_and_tables(page: Client, lived: User) -> None:
    words = text(page)
    for told in (
        "Time-weighted",
        "Money-weighted, per year",
        "Simple",
        "(1 + day 1) × (1 + day 2)",
        "Deepest fall",
        "By asset",
        "By exchange",
        "Kraken sandbox",
        "worked out",
    ):
        assert told in words
    html = page.get(PAGE).content.decode()
    data = json.loads(unescape(re.findall(r'data-chart="([^"]*)"', html)[0]))
    assert data["unit"] == "%"
    assert len(data["days"].split()) == len(data["values"].split()) == 27
    assert "Values as a table" in words


def test_every_line_opens_to_its_sums_and_those_to_transactions(page: Client, lived: User) -> None:
    html = page.get(PAGE, {"range": "1m"}).content.decode()
    assert f"{SUMS}?range=1m&amp;asset=BTC" in html
    assert f"{SUMS}?range=1m&amp;source=kraken%3Asandbox" in html
    assert f"{DAYS}?range=1m&amp;flows=1" in html
    answer = page.get(SUMS, {"range": "all", "asset": "BTC", "source": "kraken:sandbox"})
    rows = answer.context["page"].object_list
    assert {(row.asset, row.source) for row in rows} == {("BTC", "kraken:sandbox")}
    day = rows[0].on.isoformat()
    link = f"{reverse('portfolio:transaction-list')}?asset=BTC&amp;since={day}&amp;until={day}"
    assert link in answer.content.decode()
    assert "BTC, Kraken sandbox" in text(page, SUMS, asset="BTC", source="kraken:sandbox")


def test_days_show_what_a_return_is_made_of(page: Client, lived: User) -> None:
    links = page.get(DAYS, {"from": str(ago(5)), "to": str(ago(2))}).context["page"].object_list
    assert [link.day.on for link in links] == [ago(2), ago(3), ago(4), ago(5)]
    flows = page.get(DAYS, {"range": "all", "flows": "1"}).context["page"].object_list
    assert all(link.day.has_flow for link in flows)
    assert "Flows by day" in text(page, DAYS, flows="1")
    assert "There is no such day in this range." in text(page, DAYS, **{"to": "2001-01-01"})


def test_a_range_between_two_days_and_one_that_cannot_be(page: Client, lived: User) -> None:
    found = page.get(PAGE, {"from": str(ago(9)), "to": str(ago(4))}).context["found"]
    assert (found.base, found.last) == (ago(10), ago(4))
    words = text(page, **{"from": str(ago(2)), "to": str(ago(8))})
    assert "This day is after the last one. All days are shown." in words
    assert "Enter a valid date." in text(page, **{"from": "yesterday"})
    ahead = {"from": str(TODAY + timedelta(days=3))}
    assert "This day has not come yet." in text(page, **ahead)
    assert page.get(PAGE, {"range": "never"}).context["asked"].preset == "all"


def test_htmx_gets_what_depends_on_the_range(page: Client, lived: User) -> None:
    answer = page.get(PAGE, {"range": "1m"}, headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="performance">')


def test_unknown_is_said_and_never_zero(page: Client, lived: User) -> None:
    book(factories.connection(lived), 3, ("5", "NEW"), kind="airdrop")
    valuation.recompute(lived.pk)
    found = performance.of_range(lived, ALL)
    assert found is not None
    (new,) = [row.line for row in found.by_asset if row.key == "NEW"]
    assert (new.end, new.gain, new.is_partial) == (None, None, True)
    assert found.total.is_partial
    assert found.time_weighted.is_partial
    words = text(page)
    assert "1 asset has no price at an end of the range: NEW." in words
    assert "1 day cannot be compared with the day before" in words
    assert "NEW partial 0.00 0.00 unknown unknown" in words


def test_the_end_of_today_is_at_the_prices_of_now(lived: User) -> None:
    LatestPrice.objects.create(
        asset="BTC", currency="EUR", price=D(1000), source="kraken:sandbox", at=timezone.now()
    )
    found = performance.of_range(lived, ALL)
    assert found is not None
    assert found.last_value == found.total.end
    assert found.total.end != DailyValue.objects.get(owner=lived, on=TODAY).value


def test_nobody_sees_the_figures_of_another(browser: Browser, lived: User, other: User) -> None:
    theirs = browser(other)
    assert "No day of this range has a worth yet" in text(theirs)
    assert "There is no such day" in text(theirs, DAYS)
    assert "Nothing was booked" in text(theirs, SUMS, asset="BTC", source="kraken:sandbox")


def test_the_number_of_queries_is_fixed(
    page: Client, lived: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        live = factories.connection(lived, environment="live", exchange="bitvavo")
        book(live, 4, ("1", f"C{number}"), kind="deposit")
    valuation.recompute(lived.pk)
    for url in (PAGE, DAYS, SUMS):
        with django_assert_max_num_queries(13):
            page.get(url)
