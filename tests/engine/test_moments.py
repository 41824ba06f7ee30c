"""A moment by the finest candle on the way of its day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from portfolio.engine.closes import Close, Closes
from portfolio.engine.moments import FineClose, Found, MomentBook, Width, floor
from portfolio.engine.own_prices import OwnPrice, OwnPrices

DAY = date(2024, 5, 4)


def at(text: str, on: date = DAY) -> datetime:
    return datetime.fromisoformat(f"{on}T{text}").replace(tzinfo=UTC)


def close(pair: str, price: str, source: str = "binance", on: date = DAY) -> Close:
    asset, currency = pair.split("/")
    return Close(asset, currency, on, Decimal(price), source)


def fine(
    pair: str, price: str, opened: datetime, width: Width, source: str = "binance"
) -> FineClose:
    asset, currency = pair.split("/")
    return FineClose(asset, currency, source, width, opened, Decimal(price))


def book(closes: list[Close], *known: FineClose, own: OwnPrices | None = None) -> MomentBook:
    return MomentBook(Closes(closes, currency="EUR"), "EUR", own or OwnPrices(), known)


def told(found: Found | None) -> tuple[str, str, str]:
    assert found is not None
    return (f"{found.price:f}", found.width.value, f"{found.at:%H:%M}")


def test_the_minute_comes_before_the_hour_before_the_day() -> None:
    known = book(
        [close("BTC/EUR", "100")],
        fine("BTC/EUR", "103", at("09:00"), Width.HOUR),
        fine("BTC/EUR", "101", at("09:30"), Width.MINUTE),
    )
    assert told(known.price("BTC", at("09:30:59"))) == ("101", "minute", "09:31")
    assert told(known.price("BTC", at("09:29"))) == ("103", "hour", "10:00")
    assert told(known.price("BTC", at("09:31"))) == ("103", "hour", "10:00")
    assert told(known.price("BTC", at("08:59"))) == ("100", "day", "00:00")


def test_a_crossing_is_as_near_as_its_widest_step() -> None:
    minute = [
        fine("BTC/USDT", "200", at("09:30"), Width.MINUTE),
        fine("USDT/EUR", "0.5", at("09:30"), Width.MINUTE),
    ]
    closes = [close("BTC/USDT", "180"), close("USDT/EUR", "0.9")]
    assert told(book(closes, *minute).price("BTC", at("09:30"))) == ("100.0", "minute", "09:31")
    assert told(book(closes, minute[0]).price("BTC", at("09:30"))) == ("180.0", "day", "09:31")


def test_a_reference_rate_does_not_widen_a_price() -> None:
    closes = [close("BTC/USD", "200"), close("EUR/USD", "2", "ecb")]
    known = book(closes, fine("BTC/USD", "300", at("09:30"), Width.MINUTE))
    assert told(known.price("BTC", at("09:30"))) == ("150", "minute", "09:31")
    assert told(known.price("USD", at("09:30")))[:2] == ("0.5", "day")


def test_a_minute_of_another_source_or_day_is_not_taken() -> None:
    known = book(
        [close("BTC/EUR", "100"), close("BTC/EUR", "110", on=DAY + timedelta(days=1))],
        fine("BTC/EUR", "7", at("09:30"), Width.MINUTE, source="kraken"),
        fine("BTC/EUR", "101", at("09:30"), Width.MINUTE),
        fine("BTC/EUR", "111", at("09:31", DAY + timedelta(days=1)), Width.MINUTE),
    )
    assert told(known.price("BTC", at("09:30")))[0] == "101"
    assert told(known.price("BTC", at("09:30", DAY + timedelta(days=1))))[0] == "110"
    assert told(known.price("BTC", at("09:31", DAY + timedelta(days=1))))[0] == "111"


def test_a_price_of_the_user_is_its_own_width() -> None:
    given = OwnPrice("XYZ", "BTC", Decimal(2), at("00:00"), None, at("00:00"))
    known = book(
        [close("BTC/EUR", "100")],
        fine("BTC/EUR", "101", at("09:30"), Width.MINUTE),
        own=OwnPrices([given]),
    )
    assert told(known.price("XYZ", at("09:30")))[:2] == ("202", "own")


def test_minutes_and_hours_begin_in_utc() -> None:
    moment = at("09:30:59.000005").astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert floor(moment, Width.MINUTE) == at("09:30")
    assert floor(moment, Width.HOUR) == at("09:00")


def test_an_answer_is_that_of_its_own_day_source_and_moment() -> None:
    """What was asked before must not matter."""
    closes = [
        *(close("BTC/EUR", "100"), close("BTC/EUR", "90", "kraken")),
        *(close("ETH/EUR", "10"), close("XYZ/EUR", "1")),
        *(close("BTC/EUR", "200", on=date(2024, 5, 5)), close("ETH/EUR", "20", on=DAY)),
    ]
    given = OwnPrice("XYZ", "EUR", Decimal(7), at("12:00"), None, at("12:00"), is_first=True)
    sources = ((frozenset(["binance"]),), (frozenset(["kraken"]),))
    asked = [
        (asset, at(hour, day), trusted)
        for day in (DAY, date(2024, 5, 5), date(2024, 5, 6))
        for hour in ("09:30:10", "09:31", "12:30")
        for asset in ("BTC", "ETH", "XYZ", "EUR", "NONE")
        for trusted in sources
    ]

    def made() -> MomentBook:
        minute = fine("ETH/EUR", "12", at("09:30", date(2024, 5, 5)), Width.MINUTE)
        return book(closes, minute, own=OwnPrices([given]))

    one = made()
    answers = [one.price(*question) for question in asked]
    assert answers == [made().price(*question) for question in asked]
    assert {told(a)[0] for a in answers if a and a.source == "kraken"} == {"90"}
    assert {
        told(a)[0] for a, (asset, *_) in zip(answers, asked, strict=True) if asset == "XYZ"
    } == {*("1", "7")}
