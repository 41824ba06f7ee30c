"""What codes stand for: decisions before what is known, chains, multiples, spam, quotes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portfolio.engine.identities import (
    EVERYWHERE,
    Identities,
    Rule,
    RuleKind,
    Standing,
    closes_a_circle,
    looks_like,
    merged_quotes,
)
from portfolio.engine.known_assets import MULTIPLES, OWN_CODES, RENAMED
from portfolio.engine.pricing import Quote

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def alias(code: str, asset: str, *, source: str = EVERYWHERE, factor: str = "1") -> Rule:
    return Rule(RuleKind.ALIAS, source, code, asset, Decimal(factor))


def quote(asset: str, price: str, source: str = "kraken", *, to: str = "EUR") -> Quote:
    return Quote(asset, to, Decimal(price), source, NOW)


def test_an_unknown_code_stands_for_itself_and_keeps_its_amount() -> None:
    nothing = Identities()
    assert nothing.of("kraken", "XYZ") == "XYZ"
    assert nothing.name("XYZ") == "XYZ"
    amount = Decimal("0.1234567890123456789012345678901234567890")
    assert nothing.amount("kraken", "XYZ", amount) == amount
    assert not nothing.is_spam("kraken", "XYZ")


def test_a_renamed_coin_is_its_successor_at_every_exchange() -> None:
    assert Identities().of("kraken", "MATIC") == Identities().of("okx:sandbox", "MATIC") == "POL"


def test_a_code_that_collides_is_another_coin_at_its_exchange_only() -> None:
    known = Identities()
    assert known.of("bingx", "TRUMP") == "TRUMPMAGA"
    assert known.of("bingx:sandbox", "TRUMPSOL") == known.of("kraken", "TRUMP") == "TRUMP"
    quotes = [quote("TRUMP", "1", "bingx"), quote("TRUMP", "8"), quote("TRUMPSOL", "8", "bingx")]
    read = {(q.asset, q.source): q.price for q in merged_quotes(quotes, known)}
    assert read == {
        ("TRUMPMAGA", "bingx"): 1,
        ("TRUMP", "kraken"): 8,
        ("TRUMP", "bingx"): 8,
    }


def test_a_decision_goes_before_what_is_known() -> None:
    apart = Identities([alias("MATIC", "MATIC", source="kraken")])
    assert apart.of("kraken", "MATIC") == "MATIC"
    assert apart.of("binance", "MATIC") == "POL"
    assert Identities([alias("MATIC", "MATIC")]).of("binance", "MATIC") == "MATIC"


def test_what_is_said_of_one_exchange_goes_before_what_is_said_of_all() -> None:
    known = Identities([alias("ABC", "ONE"), alias("ABC", "TWO", source="kraken")])
    assert (known.of("kraken", "ABC"), known.of("okx", "ABC")) == ("TWO", "ONE")


def test_chains_are_followed_and_their_factors_multiplied() -> None:
    known = Identities([alias("A", "B", source="okx", factor="10"), alias("B", "C", factor="100")])
    assert known.standing("okx", "A") == Standing("C", Decimal(1000))
    assert known.of("kraken", "A") == "A"
    assert Identities([alias("OLD", "MATIC", source="okx")]).of("okx", "OLD") == "POL"


def test_a_circle_ends() -> None:
    known = Identities([alias("A", "B"), alias("B", "A")])
    assert known.of("okx", "A") in ("A", "B")


@pytest.mark.parametrize(
    ("rules", "added", "is_one"),
    [
        ([], alias("A", "B"), False),
        ([alias("B", "C")], alias("A", "B"), False),
        ([alias("B", "A")], alias("A", "B"), True),
        ([alias("B", "C"), alias("C", "A")], alias("A", "B"), True),
        ([alias("B", "A", source="okx")], alias("A", "B"), False),
    ],
)
def test_circles_are_known_before_they_are_made(
    rules: list[Rule], added: Rule, *, is_one: bool
) -> None:
    assert closes_a_circle(rules, added) is is_one


def test_many_coins_as_one_are_scaled_exactly_in_amount_and_price() -> None:
    known = Identities()
    amount, price = Decimal("123.000000000000000001"), Decimal("0.00012345")
    pair, scaled = known.read("binance", ("1000SATS", "USDT"), price)
    assert pair == ("SATS", "USDT")
    assert scaled == Decimal("0.00000012345")
    coins = known.amount("binance", "1000SATS", amount)
    assert coins == Decimal("123000.000000000000001")
    assert coins * scaled == amount * price
    assert known.of("kraken", "1000SATS") == "1000SATS"


def test_a_price_in_many_coins_as_one_is_scaled_the_other_way() -> None:
    known = Identities([alias("KSHIB", "SHIB", factor="1000")])
    assert known.read("okx", ("DOGE", "KSHIB"), Decimal(5))[1] == 5000


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("1000PEPE", Standing("PEPE", Decimal(1000))),
        ("1000000MOG", Standing("MOG", Decimal(1_000_000))),
        ("1MBABYDOGE", Standing("BABYDOGE", Decimal(1_000_000))),
        *[(code, None) for code in ("1INCH", "100X", "1000", "10SET", "MATIC", "1000X")],
    ],
)
def test_many_coins_as_one_are_seen_by_the_look_of_the_code(
    code: str, meant: Standing | None
) -> None:
    assert looks_like(code) == meant


def test_spam_is_said_of_a_code_or_of_what_it_stands_for() -> None:
    spam = Rule(RuleKind.SPAM, EVERYWHERE, "B")
    known = Identities([alias("A", "B", source="okx"), spam])
    assert known.is_spam("okx", "A")
    assert known.is_spam("kraken", "B")
    assert not known.is_spam("kraken", "A")
    assert Identities([Rule(RuleKind.SPAM, "okx", "A")]).is_spam("okx", "A")
    assert not Identities([Rule(RuleKind.SPAM, "okx", "A")]).is_spam("kraken", "A")


def test_a_name_is_only_how_it_is_shown() -> None:
    known = Identities([Rule(RuleKind.NAME, EVERYWHERE, "XYZ", name="My coin")])
    assert (known.of("okx", "XYZ"), known.name("XYZ")) == ("XYZ", "My coin")


def test_codes_are_all_that_may_stand_for_an_asset() -> None:
    known = Identities([alias("ABC", "SATS", source="okx"), alias("D", "ABC", source="okx")])
    assert known.codes(["SATS"]) == {"SATS", "1000SATS", "ABC"}
    assert known.codes(["POL"]) == {"POL", "MATIC"}


def test_quotes_are_read_as_what_their_codes_stand_for() -> None:
    known = Identities([alias("ABC", "ABC (okx)", source="okx")])
    read = merged_quotes([quote("ABC", "1"), quote("ABC", "9", "okx")], known)
    assert {(q.asset, q.source) for q in read} == {("ABC", "kraken"), ("ABC (okx)", "okx")}


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_codes_for_one_coin_its_own_counts_unless_it_is_older(turn: int) -> None:
    both = [quote("MATIC", "1"), quote("POL", "2")]
    (read,) = merged_quotes(both[::turn], Identities())
    assert (read.asset, str(read.price)) == ("POL", "2")
    later = Quote("MATIC", "EUR", Decimal(3), "kraken", datetime(2026, 11, 21, tzinfo=UTC))
    (read,) = merged_quotes([later, *both][::turn], Identities())
    assert read.price == 3


def test_what_is_known_leads_somewhere_and_ends() -> None:
    for code, renamed in RENAMED.items():
        assert renamed.asset not in RENAMED, code
    for (_, code), many in MULTIPLES.items():
        assert many.asset in code
        assert many.factor > 1
    assert not OWN_CODES.keys() & MULTIPLES.keys()
