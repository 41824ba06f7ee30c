"""What the amounts of one event are for returns."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portfolio.engine.average_cost import Leg, Nature, Place
from portfolio.engine.flows import Amount, Passage, legs
from portfolio.engine.types import PostingRole

D = Decimal
BTC, EUR, WAY = Place("kraken", "BTC"), Place("kraken", "EUR"), Place("under way", "BTC")


def amount(
    size: str, worth: str | None = None, asset: str = "BTC", role: str = "principal"
) -> Amount:
    return Amount(asset, PostingRole(role), D(size), None if worth is None else D(worth))


@pytest.mark.parametrize(
    ("kind", "size", "nature"),
    [
        ("trade", "1", "trade"),
        ("conversion", "-1", "trade"),
        ("deposit", "1", "flow"),
        ("withdrawal", "-1", "flow"),
        ("transfer", "-1", "flow"),
        ("adjustment", "1", "flow"),
        ("other", "1", "flow"),
        ("unclassified", "1", "flow"),
        ("reward", "1", "income"),
        ("interest", "1", "income"),
        ("interest", "-1", "fee"),
        ("airdrop", "1", "income"),
        ("mining", "1", "income"),
        ("fork", "1", "income"),
        ("gift", "1", "flow"),
        ("gift", "-1", "flow"),
        ("payment", "-1", "flow"),
        ("lost", "-1", "flow"),
        ("fee", "-1", "fee"),
        ("funding", "-1", "derivative"),
        ("realised_pnl", "1", "derivative"),
        ("liquidation", "-1", "derivative"),
    ],
)
def test_each_kind_has_its_nature(kind: str, size: str, nature: str) -> None:
    assert [leg.nature for leg in legs("kraken", kind, [amount(size)])] == [nature]


def test_a_fee_is_a_fee_in_any_kind_and_a_liquidation_may_trade() -> None:
    sides = [amount("-1"), amount("50", asset="EUR"), amount("-1", asset="EUR", role="fee")]
    natures = [leg.nature for leg in legs("kraken", "liquidation", sides)]
    assert natures == ["trade", "trade", "fee"]


def test_what_was_linked_is_a_move_the_difference_a_fee_the_rest_a_flow() -> None:
    passage = Passage("BTC", sent=D("0.6"), received=D("0.5"), via=WAY)
    assert list(legs("kraken", "withdrawal", [amount("-1", "-100")], [passage])) == [
        Leg(BTC, Nature.MOVE, D("-0.5"), D(-50), via=WAY),
        Leg(BTC, Nature.FEE, D("-0.1"), D(-10)),
        Leg(BTC, Nature.FLOW, D("-0.4"), D(-40)),
    ]


def test_parts_of_a_split_are_moves_of_their_own() -> None:
    passages = [Passage("BTC", D(size), D(size), via=WAY) for size in ("0.25", "0.75")]
    made = list(legs("kraken", "withdrawal", [amount("-1", "-100")], passages))
    assert [(leg.nature, leg.amount, leg.worth) for leg in made] == [
        ("move", D("-0.25"), D(-25)),
        ("move", D("-0.75"), D(-75)),
    ]


def test_what_arrives_knows_where_it_came_from() -> None:
    sender = Place("binance", "BTC")
    passage = Passage("BTC", D("1.1"), D(1), via=WAY, sender=sender)
    assert list(legs("kraken", "deposit", [amount("1")], [passage])) == [
        Leg(BTC, Nature.MOVE, D(1), None, via=WAY, sender=sender)
    ]


def test_more_than_was_sent_came_from_elsewhere() -> None:
    passage = Passage("BTC", D("0.9"), D(1), via=WAY, sender=BTC)
    made = list(legs("kraken", "deposit", [amount("1", "10")], [passage]))
    assert [(leg.nature, leg.amount) for leg in made] == [("move", D("0.9")), ("flow", D("0.1"))]


def test_another_asset_of_a_linked_transaction_is_no_move() -> None:
    passage = Passage("BTC", D(1), D(1), via=WAY)
    made = legs("kraken", "withdrawal", [amount("-1", asset="EUR")], [passage])
    assert [leg.nature for leg in made] == ["flow"]
