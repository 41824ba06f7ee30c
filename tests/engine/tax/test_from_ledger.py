"""What the tax engine is told of a ledger: every kind, and what had to be assumed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portfolio.engine.export import Counterpart, ExportLeg, ExportTransaction
from portfolio.engine.money import total
from portfolio.engine.tax import TaxEvent, compute
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.from_ledger import OUTSIDE, Assumed, Translation, events
from portfolio.engine.tax.settings import Oversell, Scope
from portfolio.engine.types import PostingRole, TransactionKind
from tests.engine.tax.build import left, rows, settings


def leg(text: str) -> ExportLeg:
    """Reads "-1 BTC =100", "-0.1 BNB =3 fee"; without a value it is not known."""
    amount, asset, *rest = text.split()
    role = PostingRole.FEE if "fee" in rest else PostingRole.PRINCIPAL
    values = [Decimal(word[1:]) for word in rest if word.startswith("=")]
    return ExportLeg("spot", asset, Decimal(amount), role, values[0] if values else None)


def told(number: int, kind: str, *legs: str, account: str = "A", **more: object) -> (
    ExportTransaction
):  # fmt: skip
    """A transaction on the day of its number."""
    made = ExportTransaction(
        id=number,
        occurred_at=datetime(2023, 1, 1, 12, tzinfo=UTC).replace(day=number),
        kind=TransactionKind(kind),
        account=account,
        account_label=account,
        exchange="kraken",
        key=f"T{number}",
        legs=tuple(leg(text) for text in legs),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def translated(*transactions: ExportTransaction, **more: object) -> tuple[
    list[TaxEvent], Translation
]:  # fmt: skip
    made = Translation()
    return list(events(transactions, "EUR", made, **more)), made  # type: ignore[arg-type]


def other(account: str, amount: str, asset: str = "BTC") -> Counterpart:
    return Counterpart(9, account, account, "kraken", "spot", asset, Decimal(amount))


BOUGHT = told(1, "trade", "2 BTC =200", "-200 EUR =200", "-1 EUR =1 fee")


def test_a_trade_for_money_of_any_kind_is_a_purchase_or_a_sale() -> None:
    found, made = translated(
        BOUGHT,
        told(2, "trade", "-1 BTC =150", "165 USD =150", "-2.2 USD =2 fee"),
        told(3, "conversion", "-0.5 BTC =80", "10 ETH =80", "-0.1 BNB =3 fee"),
    )
    assert [row.kind for row in found] == ["buy", "sell", "trade"]
    assert made.sources == [1, 2, 3]
    assert made.assumptions == []
    assert rows(compute(settings(), found[:2])) == [("1", "148", "100.5", "47.5", "lot")]


def test_dust_is_sold_piece_by_piece_and_bought_as_one() -> None:
    found, _ = translated(
        told(1, "trade", "3 ADA =3", "-3 EUR =3"),
        told(2, "trade", "5 XRP =4", "-4 EUR =4"),
        told(3, "conversion", "-3 ADA =2", "-5 XRP =5", "0.02 BNB =7", "-0.001 BNB =0.35 fee"),
    )
    outcome = compute(settings(), found)
    assert [row[:3] for row in rows(outcome)] == [
        ("3", "1.65", "3"),
        ("5", "5", "4"),
        ("0.001", "0.35", "0.35"),
    ]
    assert left(outcome) == [("BNB", "0.019", "6.65")]


@pytest.mark.parametrize("kind", ["reward", "interest", "airdrop", "mining", "fork"])
def test_income_is_told_by_its_kind(kind: str) -> None:
    found, _ = translated(told(1, kind, "0.5 ETH =50"))
    assert [(row.kind, row.subkind) for row in found] == [("income", kind)]
    assert compute(settings(), found).income[0].value == 50


def test_income_in_money_is_income_without_a_coin() -> None:
    found, _ = translated(told(1, "reward", "10 EUR"), told(2, "interest", "11 USD =10"))
    outcome = compute(settings(), found)
    assert [(line.asset, line.amount) for line in outcome.income] == [("EUR", Decimal(10))] * 2
    assert sums.income(outcome.income) == 20
    assert left(outcome) == []


def test_what_the_law_takes_for_no_income_costs_nothing() -> None:
    found, made = translated(told(1, "fork", "1 BCH =50"), at_no_cost=frozenset({"fork"}))
    outcome = compute(settings(), found)
    assert list(outcome.income) == []
    assert left(outcome) == [("BCH", "1", "0")]
    assert made.assumptions == []


def test_a_transfer_keeps_its_lots_and_its_fee_is_what_did_not_arrive() -> None:
    sent = told(2, "withdrawal", "-0.5 BTC =75", "-0.001 BTC =0.15 fee",
                transfer=7, counterpart=other("B", "0.5"))  # fmt: skip
    received = told(3, "deposit", "0.5 BTC =75", account="B",
                    transfer=7, counterpart=other("A", "0.501"))  # fmt: skip
    found, made = translated(BOUGHT, sent, received)
    assert [row.kind for row in found] == ["buy", "transfer"]
    outcome = compute(settings(scope=Scope.PER_WALLET), found)
    assert [(r.wallet, r.amount) for r in outcome.remaining] == [
        ("A", Decimal("1.499")),
        ("B", Decimal("0.5")),
    ]
    assert rows(outcome) == [("0.001", "0.15", "0.1005", "0.0495", "lot")]
    assert made.assumptions == []


def test_what_goes_outside_is_still_ones_own_and_is_told() -> None:
    found, made = translated(BOUGHT, told(2, "withdrawal", "-0.5 BTC =75"))
    outcome = compute(settings(scope=Scope.PER_WALLET), found)
    assert rows(outcome) == []
    assert [r.wallet for r in outcome.remaining] == ["A", OUTSIDE]
    assert [(a.what, a.transaction, a.value) for a in made.assumptions] == [
        (Assumed.UNKNOWN_TARGET, 2, Decimal(75))
    ]


def test_what_comes_from_outside_cost_nothing_unless_its_owner_says() -> None:
    came = told(1, "deposit", "1 BTC =150")
    found, made = translated(came)
    assert left(compute(settings(), found)) == [("BTC", "1", "0")]
    assert [(a.what, a.value) for a in made.assumptions] == [(Assumed.UNKNOWN_ORIGIN, Decimal(150))]
    found, made = translated(came, costs={1: Decimal(90)})
    assert left(compute(settings(), found)) == [("BTC", "1", "90")]
    assert made.assumptions == []


def test_contracts_have_a_schedule_of_their_own() -> None:
    found, made = translated(
        told(1, "realised_pnl", "150 USDT =140", "-2 USDT =1.9 fee"),
        told(2, "funding", "-10 USDT =9"),
        told(3, "liquidation", "-5 EUR =5"),
    )
    assert [(c.kind, c.asset, c.value) for c in made.contracts] == [
        ("realised_pnl", "USDT", 140),
        ("realised_pnl", "USDT", Decimal("-1.9")),
        ("funding", "USDT", -9),
        ("liquidation", "EUR", -5),
    ]
    assert left(compute(settings(), found))[0][:2] == ("USDT", "138")


def test_payments_gifts_and_losses() -> None:
    found, _ = translated(
        BOUGHT,
        told(2, "payment", "-0.5 BTC =80"),
        told(3, "lost", "-0.5 BTC =80"),
        told(4, "gift", "-0.5 BTC =80"),
        told(5, "gift", "1 ETH =30"),
    )
    assert [(row.kind, row.subkind) for row in found[1:]] == [
        ("sell", "payment"),
        ("sell", "lost"),
        ("gift", "gift"),
        ("gift", "gift"),
    ]
    assert [row[1] for row in rows(compute(settings(), found))] == ["80", "0", "80"]


def test_money_in_and_out_of_a_bank_is_no_gain() -> None:
    found, made = translated(
        told(1, "deposit", "100 EUR"), told(2, "withdrawal", "-50 EUR", "-1 EUR fee")
    )
    assert [row.kind for row in found] == ["deposit", "withdrawal"]
    assert compute(settings(), found).disposals == ()
    assert made.assumptions == []


def test_what_nobody_knows_the_worth_of_is_unknown_and_costs_nothing() -> None:
    found, made = translated(told(1, "reward", "5 XYZ"), told(2, "trade", "-5 XYZ", "3 ABC"))
    outcome = compute(settings(), found)
    assert rows(outcome) == [("5", "unknown", "0", "unknown", "lot")]
    assert [line.value for line in outcome.income] == [None]
    assert left(outcome) == [("ABC", "3", "0")]
    assert [(a.what, a.transaction, a.asset) for a in made.assumptions] == [
        (Assumed.UNPRICED, 1, "XYZ"),
        (Assumed.NO_COST, 1, "XYZ"),
        (Assumed.NO_COST, 2, "ABC"),
        (Assumed.UNPRICED, 2, "XYZ"),
    ]


@pytest.mark.parametrize(
    ("legs", "proceeds", "cost"),
    [
        (("-1 BTC =150", "7 XYZ"), "150", "150"),
        (("-1 BTC", "7 XYZ =150"), "150", "150"),
        (("-1 BTC =150", "7 THB"), "150", None),  # money without a rate
        (("-1 BTC", "7 THB"), "unknown", None),
    ],
)
def test_of_a_trade_one_known_side_serves_both(
    legs: tuple[str, ...], proceeds: str, cost: str | None
) -> None:
    found, made = translated(BOUGHT, told(2, "trade", *legs))
    outcome = compute(settings(), found)
    assert [row[1] for row in rows(outcome)] == [proceeds]
    assert [row[2] for row in left(outcome) if row[0] == "XYZ"] == ([cost] if cost else [])
    expected = [Assumed.UNPRICED] if proceeds == "unknown" else []
    assert [row.what for row in made.assumptions] == expected


def test_a_purchase_with_money_of_no_rate_costs_what_the_coin_was_worth() -> None:
    for worth, cost, assumed in ((" =150", "150", []), ("", "0", [Assumed.NO_COST])):
        found, made = translated(told(1, "trade", f"1 BTC{worth}", "-7 THB"))
        assert left(compute(settings(), found)) == [("BTC", "1", cost)]
        assert [row.what for row in made.assumptions] == assumed


@pytest.mark.parametrize(
    ("kind", "legs"),
    [
        ("payment", ("-1 BTC",)),
        ("gift", ("-1 BTC",)),
        ("interest", ("-1 BTC",)),
        ("trade", ("-1 BTC",)),
        ("conversion", ("-1 BTC", "-1 ETH =3", "5 BNB =4")),
        ("withdrawal", ("-1 BTC fee",)),
        ("trade", ("5 EUR =5", "-5 USD =5", "-1 BTC fee")),
    ],
)
def test_whatever_goes_at_an_unknown_price_is_unpriced(kind: str, legs: tuple[str, ...]) -> None:
    found, made = translated(BOUGHT, told(1, "trade", "2 ETH =4", "-4 EUR"), told(3, kind, *legs))
    outcome = compute(settings(oversell=Oversell.ZERO_COST), found)
    (row,) = [row for row in outcome.disposals if row.asset == "BTC"]
    assert (row.proceeds, row.gain) == (None, None)
    assert [a.what for a in made.assumptions if a.asset == "BTC"] == [Assumed.UNPRICED]


def test_what_is_lost_brings_nothing_whatever_it_was_worth() -> None:
    found, made = translated(BOUGHT, told(2, "lost", "-1 BTC"))
    assert [row[1] for row in rows(compute(settings(), found))] == ["0"]
    assert made.assumptions == []


def test_a_fee_in_a_coin_of_unknown_worth_takes_nothing_off() -> None:
    paid = told(1, "trade", "1 XYZ =5", "-5 EUR")
    sold = told(2, "trade", "-1 BTC =150", "150 EUR", "-1 XYZ fee")
    found, made = translated(BOUGHT, paid, sold)
    assert [row[1] for row in rows(compute(settings(), found))] == ["150", "unknown"]
    assert {a.what for a in made.assumptions} == {Assumed.NO_COST, Assumed.UNPRICED}


def test_money_of_no_rate_that_came_as_income_is_in_no_sum() -> None:
    found, made = translated(told(1, "interest", "7 THB"))
    assert found == []
    assert [(a.what, a.asset) for a in made.assumptions] == [(Assumed.UNPRICED, "THB")]


def test_a_cash_flow_of_a_contract_without_a_worth_is_unknown() -> None:
    _, made = translated(told(1, "funding", "5 XYZ"), told(2, "funding", "-2 EUR"))
    assert [line.value for line in made.contracts] == [None, -2]
    assert [a.what for a in made.assumptions] == [Assumed.UNPRICED, Assumed.NO_COST]


def test_moves_between_pockets_of_an_account_are_nothing() -> None:
    found, made = translated(
        told(1, "transfer", "-4 DOT =8", "4 DOT =8"), told(2, "transfer", "-4 DOT =8")
    )
    assert found == []
    assert made.assumptions == []


@pytest.mark.parametrize("kind", list(TransactionKind))
def test_every_kind_moves_what_the_ledger_moves(kind: TransactionKind) -> None:
    """Units are neither lost nor made, but for moves within one account."""
    start = told(1, "trade", "9 BTC =900", "-900 EUR =900")
    for text in ("-3 BTC =300", "3 BTC =300"):
        found, _ = translated(start, told(2, kind.value, text, "-0.5 BTC =50 fee"))
        outcome = compute(settings(scope=Scope.PER_WALLET), found)
        held = total(r.amount for r in outcome.remaining if r.wallet == "A")
        moved = Decimal(0) if kind is TransactionKind.TRANSFER else Decimal(text.split()[0])
        assert held == 9 + moved - Decimal("0.5")


# --- The value of all coins ------------------------------------------------------------------


def test_a_sale_has_the_value_of_all_coins_where_prices_are_told() -> None:
    found, made = translated(
        told(1, "trade", "2 BTC =200", "-200 EUR =200"),
        told(2, "trade", "5 XYZ =50", "-50 EUR =50"),
        told(3, "trade", "-1 BTC =150", "150 EUR =150"),
        price=lambda asset, at: {"BTC": Decimal(160)}.get(asset),
    )
    assert [each.portfolio_value for each in found] == [None, None, 310]
    (row,) = made.assumptions
    assert (row.what, row.transaction, row.asset) == (Assumed.NO_VALUE, 3, "XYZ")
    assert row.amount == 5


def test_no_price_is_asked_for_where_none_is_told() -> None:
    found, _ = translated(
        told(1, "trade", "2 BTC =200", "-200 EUR =200"),
        told(2, "trade", "-1 BTC =150", "150 EUR =150"),
    )
    assert [each.portfolio_value for each in found] == [None, None]
