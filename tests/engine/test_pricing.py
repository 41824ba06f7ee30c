"""Which price is believed, and by which way it is found."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.money import plain
from portfolio.engine.pricing import HUBS, PriceBook, Quote, along, needed_pairs

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def quote(text: str, *, source: str = "binance", days: int = 0) -> Quote:
    """Reads "BTC/EUR 50000" as a quote some days old."""
    pair, price = text.split()
    asset, currency = pair.split("/")
    return Quote(asset, currency, Decimal(price), source, NOW - timedelta(days=days))


def book(*quotes: Quote | str) -> PriceBook:
    return PriceBook([quote(q) if isinstance(q, str) else q for q in quotes], now=NOW)


def way(found: PriceBook, asset: str = "BTC", currency: str = "EUR", *trusted: set[str]) -> str:
    price = found.price(asset, currency, trusted)
    if price is None:
        return "unknown"
    steps = [f"{s.asset}>{s.currency} {s.quote.source}" for s in price.steps]
    return ", ".join([plain(price.price), *steps])


def test_the_currency_itself_is_worth_one() -> None:
    assert way(book(), "EUR") == "1"


def test_a_direct_market_is_taken_before_a_crossing() -> None:
    found = book("BTC/USDT 60000", "EUR/USDT 1.2", "BTC/EUR 49000")
    assert way(found) == "49000, BTC>EUR binance"


def test_crossing_reads_a_market_backwards() -> None:
    assert (
        way(book("BTC/USDT 60000", "EUR/USDT 1.2")) == "50000, BTC>USDT binance, USDT>EUR binance"
    )


def test_three_steps_are_the_most() -> None:
    chain = ["XYZ/BNB 2", "BNB/BTC 0.01", "BTC/EUR 50000"]
    assert way(book(*chain), "XYZ") == "1000, XYZ>BNB binance, BNB>BTC binance, BTC>EUR binance"
    longer = ["XYZ/BNB 2", "BNB/BTC 0.01", "BTC/USDT 60000", "EUR/USDT 1.2"]
    assert way(book(*longer), "XYZ") == "unknown"


def test_a_crossing_goes_through_big_quote_assets_only() -> None:
    assert way(book("XYZ/DOGE 2", "DOGE/EUR 0.1"), "XYZ") == "unknown"


def test_a_stablecoin_is_not_assumed_to_be_a_dollar() -> None:
    found = book("BTC/USDT 60000", quote("EUR/USD 1.2", source="ecb"))
    assert way(found) == "unknown"
    sold_below = book(
        "BTC/USDT 60000", quote("EUR/USD 1.2", source="ecb"), quote("USDT/USD 0.9", source="kraken")
    )
    assert way(sold_below) == "45000, BTC>USDT binance, USDT>USD kraken, USD>EUR ecb"


def test_an_unknown_asset_has_no_price_rather_than_zero() -> None:
    assert book("BTC/EUR 49000").price("XYZ", "EUR") is None


def test_a_price_of_zero_is_no_price() -> None:
    assert book("XYZ/EUR 0").price("XYZ", "EUR") is None
    assert book("EUR/XYZ 0").price("XYZ", "EUR") is None


def test_the_exchange_that_holds_the_asset_is_believed_before_others() -> None:
    """The same ticker may name another coin elsewhere."""
    found = book(
        quote("STX/EUR 2", source="other"),
        quote("STX/USD 0.012", source="kraken"),
        quote("EUR/USD 1.2", source="kraken"),
    )
    assert way(found, "STX", "EUR", {"kraken"}) == "0.01, STX>USD kraken, USD>EUR kraken"
    assert way(found, "STX", "EUR", {"other"}, {"kraken"}) == "2, STX>EUR other"


def test_reference_rates_come_before_an_exchange_between_fiat_currencies() -> None:
    found = book(
        quote("BTC/USD 60000", source="kraken"),
        quote("EUR/USD 1.2", source="ecb", days=3),
        quote("EUR/USD 1.5", source="kraken"),
    )
    assert way(found, "BTC", "EUR", {"kraken"}) == "50000, BTC>USD kraken, USD>EUR ecb"


def test_an_old_reference_rate_is_the_last_resort() -> None:
    old = quote("EUR/USD 1.2", source="ecb", days=30)
    dollars = quote("BTC/USD 60000", source="kraken")
    market = quote("EUR/USD 1.5", source="elsewhere")
    assert way(book(dollars, old, market), "BTC", "EUR", {"kraken"}).startswith("40000")
    price = book(dollars, old).price("BTC", "EUR", [{"kraken"}])
    assert price is not None
    assert price.price == 50000
    # The price is as fresh as the market; the rate's own step says how old it is.
    assert price.at == NOW
    assert price.steps[1].quote.at == NOW - timedelta(days=30)
    assert price.sources == ("kraken", "ecb")


def test_a_market_price_is_carried_for_a_week_only() -> None:
    assert way(book(quote("BTC/EUR 7", days=7))) == "7, BTC>EUR binance"
    assert way(book(quote("BTC/EUR 7", days=8))) == "unknown"


def test_among_equals_the_freshest_is_taken() -> None:
    found = book(quote("BTC/EUR 1", source="a", days=2), quote("BTC/EUR 2", source="b", days=1))
    assert way(found) == "2, BTC>EUR b"


def test_among_ways_as_fresh_the_deepest_markets_are_taken() -> None:
    crossing = ["XYZ/BTC 2", "BTC/EUR 50000", "XYZ/BNB 3", "BNB/EUR 600"]
    dollars = ["XYZ/USDT 120000", "EUR/USDT 1.2"]
    assert way(book(*crossing, *dollars), "XYZ") == "100000, XYZ>USDT binance, USDT>EUR binance"
    assert way(book(*crossing), "XYZ") == "100000, XYZ>BTC binance, BTC>EUR binance"


def test_a_quotient_keeps_28_digits_and_a_product_all() -> None:
    third = book("EUR/BTC 3").price("BTC", "EUR")
    assert third is not None
    assert str(third.price) == "0." + "3" * 28
    exact = book("XYZ/BTC 0.000000000000000001", "BTC/EUR 0.000000000000000003").price("XYZ", "EUR")
    assert exact is not None
    assert exact.price == Decimal("3e-36")


names = st.sampled_from(["XYZ", "ABC", "GBP", *HUBS])
prices = st.decimals("0.00000001", "100000", places=8)
quotes = st.builds(
    Quote,
    asset=names,
    currency=names,
    price=prices,
    source=st.sampled_from(["kraken", "binance", "ecb"]),
    at=st.integers(0, 10).map(lambda days: NOW - timedelta(days=days)),
).filter(lambda q: q.asset != q.currency)


@given(st.lists(quotes, max_size=25, unique_by=lambda q: q.name), st.randoms())
def test_the_answer_does_not_depend_on_the_order_of_quotes(
    given_quotes: list[Quote], chance: random.Random
) -> None:
    shuffled = list(given_quotes)
    chance.shuffle(shuffled)
    for asset in ("XYZ", "USDT"):
        assert PriceBook(given_quotes, now=NOW).price(asset, "EUR", [{"kraken"}]) == PriceBook(
            shuffled, now=NOW
        ).price(asset, "EUR", [{"kraken"}])


@given(st.lists(quotes, max_size=25, unique_by=lambda q: q.name))
def test_a_way_joins_up_uses_given_quotes_and_gives_its_price(given_quotes: list[Quote]) -> None:
    found = PriceBook(given_quotes, now=NOW).price("XYZ", "EUR")
    if found is None:
        return
    stops = ["XYZ", *(step.currency for step in found.steps)]
    assert stops[-1] == "EUR"
    assert [step.asset for step in found.steps] == stops[:-1]
    assert 1 <= len(found.steps) <= 3
    assert all(step.quote in given_quotes for step in found.steps)
    assert found.price == along(found.steps) > 0


def test_only_the_markets_on_the_way_are_needed() -> None:
    markets = [("BTC", "EUR"), ("BTC", "USDT"), ("XYZ", "USDT"), ("EUR", "USDT"), ("ABC", "EUR")]
    needed, lost = needed_pairs({"BTC", "XYZ", "GONE", "EUR"}, {"EUR"}, markets, [("EUR", "USD")])
    assert needed == {("BTC", "EUR"): {"BTC"}, ("XYZ", "USDT"): {"XYZ"}, ("EUR", "USDT"): {"XYZ"}}
    assert lost == {"GONE"}


def test_reference_rates_need_no_market() -> None:
    needed, lost = needed_pairs(
        {"BTC"}, {"EUR", "GBP"}, [("BTC", "EUR")], [("EUR", "GBP"), ("EUR", "USD")]
    )
    assert needed == {("BTC", "EUR"): {"BTC"}}
    assert lost == set()
