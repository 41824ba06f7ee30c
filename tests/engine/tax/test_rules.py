"""The rules of each place, by the examples that the authorities print and by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portfolio.engine.money import total
from portfolio.engine.tax import InsufficientHoldings, TaxEvent
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.compute import totals
from portfolio.engine.tax.method import UnknownMethod, methods
from portfolio.engine.tax.operations import BadEvent
from portfolio.engine.tax.settings import (
    DisposalFee,
    HifoKey,
    LongTerm,
    Oversell,
    TradeFee,
    TradeValues,
    TransferFee,
)
from portfolio.engine.tax.types import Shortfall
from tests.engine.tax.build import (
    CONSUME,
    PER_WALLET,
    UK,
    US,
    at,
    buy,
    event,
    left,
    rows,
    run,
    sell,
    settings,
)

TWO_LOTS = (buy("2023-01-01", "1 BTC", "100"), buy("2023-02-01", "1 BTC", "300"))


# --- Lots ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "cost", "kept"),
    [
        ("fifo", "100", "300"),
        ("lifo", "300", "100"),
        ("hifo", "300", "100"),
        ("lofo", "100", "300"),
    ],
)
def test_methods_differ_in_the_lot_they_take(method: str, cost: str, kept: str) -> None:
    found = run([*TWO_LOTS, sell("2023-06-01", "1 BTC", "500")], method)
    assert [row[2] for row in rows(found)] == [cost]
    assert left(found) == [("BTC", "1", kept)]


def test_lots_that_were_chosen_go_first() -> None:
    picks = {2: ((1, Decimal("0.5")),)}
    found = run([*TWO_LOTS, sell("2023-06-01", "1 BTC", "500")], "specific", picks=picks)
    assert [row[:3] for row in rows(found)] == [("0.5", "250", "150"), ("0.5", "250", "50")]
    assert [row.lot for row in found.disposals] == [1, 0]


def test_the_method_may_change_with_the_year() -> None:
    events = [*TWO_LOTS, buy("2023-03-01", "1 BTC", "200")]
    events += [sell("2023-06-01", "1 BTC", "500"), sell("2024-06-01", "1 BTC", "500")]
    found = run(events, "by_year", method_by_year={2023: "fifo", 2024: "hifo"})
    assert [row[2] for row in rows(found)] == ["100", "300"]
    with pytest.raises(UnknownMethod):
        run(events, "by_year", method_by_year={2023: "average"})


def test_the_dearest_by_price_or_by_cost() -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100", fee="50 EUR 50"),
        buy("2023-02-01", "1 BTC", "120"),
        sell("2023-03-01", "1 BTC", "500"),
    ]
    assert rows(run(events, "hifo"))[0][2] == "120"
    assert rows(run(events, "hifo", hifo_key=HifoKey.COST))[0][2] == "150"


def test_of_one_moment_acquisitions_count_first_and_the_later_one_is_newer() -> None:
    events = [
        sell("2023-01-01", "1 BTC", "500"),
        buy("2023-01-01", "1 BTC", "100"),
        buy("2023-01-01", "1 BTC", "300"),
    ]
    assert rows(run(events, "fifo"))[0][2] == "100"
    assert rows(run(events, "lifo"))[0][2] == "300"


def test_a_cost_in_thirds_is_whole_in_the_end() -> None:
    events = [buy("2023-01-01", "3 BTC", "100")]
    events += [sell(f"2023-0{month}-01", "1 BTC", "50") for month in (2, 3, 4)]
    found = run(events)
    assert total(row.cost_basis for row in found.disposals) == 100
    assert left(found) == []


# --- How long it was held --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bought", "sold", "term"),
    [
        ("2023-03-10", "2024-03-10", "short"),
        ("2023-03-10", "2024-03-11", "long"),
        ("2020-02-29", "2021-02-28", "short"),
        ("2020-02-29", "2021-03-01", "long"),
        ("2023-03-10", "2024-03-09", "short"),
    ],
)
def test_more_than_a_calendar_year(bought: str, sold: str, term: str) -> None:
    found = run([buy(bought, "1 BTC", "1"), sell(sold, "1 BTC", "2")], **US)
    assert [row.term for row in found.disposals] == [term]


def test_whole_days_of_24_hours() -> None:
    events = [buy("2023-01-01", "1 BTC", "1"), sell("2024-01-01T11:59:59", "1 BTC", "2")]
    days = {"long_term": LongTerm.ELAPSED_DAYS}
    assert run(events, **days).disposals[0].term == "short"
    later = [events[0], sell("2024-01-01", "1 BTC", "2")]
    assert run(later, **days).disposals[0].term == "long"


def test_the_day_and_the_year_are_those_of_the_place() -> None:
    events = [buy("2022-01-01", "2 BTC", "2"), sell("2023-01-01T03:00:00", "1 BTC", "5")]
    there = settings(tax_timezone="America/New_York", **US)
    found = run(events, tax_timezone="America/New_York", **US)
    assert list(totals(there, found)) == ["2022"]
    uk = settings("uk_share_pooling", **UK)
    late = [buy("2022-01-01", "2 BTC", "2"), sell("2024-04-05T23:30:00", "1 BTC", "5")]
    assert list(totals(uk, run(late, "uk_share_pooling", **UK))) == ["2024-25"]


# --- Fees and trades -------------------------------------------------------------------------


def test_fees_in_money_are_part_of_cost_and_taken_off_proceeds() -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100", fee="1 EUR 1"),
        sell("2023-02-01", "1 BTC", "200", fee="2 EUR 2"),
    ]
    assert rows(run(events)) == [("1", "198", "101", "97", "lot")]
    assert rows(run(events, disposal_fee=DisposalFee.ADD_TO_COST)) == [
        ("1", "200", "103", "97", "lot")
    ]


@pytest.mark.parametrize(
    ("bearer", "proceeds", "cost"),
    [
        (TradeFee.DISPOSAL, "190", "200"),
        (TradeFee.ACQUISITION, "200", "210"),
        (TradeFee.SPLIT, "195", "205"),
    ],
)
def test_a_fee_in_a_third_coin_is_disposed_of_and_borne(
    bearer: TradeFee, proceeds: str, cost: str
) -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100"),
        buy("2023-01-01", "1 BNB", "5"),
        event("trade", "2023-02-01", out="1 BTC 200", into="2 ETH 200", fee="1 BNB 10"),
    ]
    found = run(events, trade_fee=bearer)
    assert rows(found) == [
        ("1", proceeds, "100", str(int(proceeds) - 100), "lot"),
        ("1", "10", "5", "5", "lot"),
    ]
    assert left(found) == [("ETH", "2", cost)]


def test_a_fee_in_the_coin_sold_may_join_the_disposal() -> None:
    events = [
        buy("2023-01-01", "2 BTC", "200"),
        sell("2023-02-01", "1 BTC", "300", fee="0.1 BTC 30"),
    ]
    assert rows(run(events, **CONSUME)) == [("1.1", "300", "110", "190", "lot")]
    apart = rows(run(events))
    assert apart == [("1", "270", "100", "170", "lot"), ("0.1", "30", "10", "20", "lot")]


def test_two_values_of_one_trade() -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100"),
        event("trade", "2023-02-01", out="1 BTC 190", into="2 ETH 200"),
    ]
    assert left(run(events)) == [("ETH", "2", "200")]
    crossed = run(events, trade_values=TradeValues.CROSS)
    assert rows(crossed)[0][1] == "200"
    assert left(crossed) == [("ETH", "2", "190")]
    given = [events[0], event("trade", "2023-02-01", out="1 BTC 190", into="2 ETH")]
    assert left(run(given)) == [("ETH", "2", "190")]


def test_one_value_of_a_trade_serves_both_sides() -> None:
    trade = event("trade", "2023-02-01", out="1 BTC", into="20 ETH 300")
    for values in TradeValues:
        found = run([buy("2023-01-01", "1 BTC", "100"), trade], trade_values=values)
        assert rows(found) == [("1", "300", "100", "200", "lot")]
        assert left(found) == [("ETH", "20", "300")]


# --- Own transfers ---------------------------------------------------------------------------


def moved() -> list[TaxEvent]:
    return [
        buy("2023-01-01", "1 BTC", "100"),
        buy("2023-02-01", "2 BTC", "400"),
        event(
            "transfer",
            "2023-03-01",
            out="2 BTC",
            into="1.99 BTC",
            fee="0.01 BTC 3",
            to_wallet="B",
        ),
    ]


def test_a_transfer_keeps_lots_and_its_fee_is_disposed_of() -> None:
    events = [*moved(), sell("2023-04-01", "1.5 BTC", "600", wallet="B")]
    found = run(events, "lifo", **PER_WALLET)
    assert rows(found) == [
        ("0.01", "3", "2", "1", "lot"),
        ("0.99", "396", "198", "198", "lot"),
        ("0.51", "204", "51", "153", "lot"),
    ]
    assert left(found) == [("BTC", "1", "200"), ("BTC", "0.49", "49")]
    assert [row.acquired for row in found.remaining] == [at("2023-02-01"), at("2023-01-01")]


def test_units_of_a_fee_may_vanish_and_leave_their_cost() -> None:
    found = run(moved(), transfer_fee=TransferFee.KEEP_COST)
    assert rows(found) == []
    assert left(found) == [("BTC", "0.99", "100"), ("BTC", "2", "400")]


def test_the_cost_of_a_lot_that_vanishes_whole_goes_to_the_oldest_left() -> None:
    events = [
        buy("2023-01-01", "0.01 BTC", "1"),
        buy("2023-02-01", "2 BTC", "400"),
        event("transfer", "2023-03-01", out="2 BTC", into="1.99 BTC", fee="0.01 BTC 3"),
    ]
    assert left(run(events, transfer_fee=TransferFee.KEEP_COST)) == [("BTC", "2", "401")]


def test_the_cost_of_a_fee_goes_along_where_nothing_else_is_left() -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100"),
        event(
            "transfer", "2023-02-01", out="1 BTC", into="0.9 BTC", fee="0.1 BTC 12", to_wallet="B"
        ),
    ]
    found = run(events, transfer_fee=TransferFee.KEEP_COST, **PER_WALLET)
    assert left(found) == [("BTC", "0.9", "100")]


# --- More than is held -----------------------------------------------------------------------


@pytest.mark.parametrize("method", sorted(methods().keys() - {"by_year", "fr_portfolio"}))
def test_more_than_is_held_is_an_error_or_told(method: str) -> None:
    events = [buy("2023-01-01", "1 BTC", "100"), sell("2023-02-01", "1.5 BTC", "450")]
    with pytest.raises(InsufficientHoldings) as caught:
        run(events, method)
    assert (caught.value.event, caught.value.asset, caught.value.missing) == (
        *(1, "BTC"),
        Decimal("0.5"),
    )
    found = run(events, method, oversell=Oversell.ZERO_COST)
    assert sums.net(found.disposals) == 350
    assert [(s.event, s.asset, s.missing) for s in found.shortfalls] == [(1, "BTC", Decimal("0.5"))]


def test_a_fee_that_vanishes_may_be_more_than_is_held() -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100"),
        event(
            "transfer", "2023-02-01", out="2 BTC", into="0.5 BTC", fee="1.5 BTC 12", to_wallet="B"
        ),
    ]
    for method in ("fifo", "average"):
        found = run(events, method, transfer_fee=TransferFee.KEEP_COST, oversell=Oversell.ZERO_COST)
        assert found.shortfalls == (Shortfall(1, "BTC", Decimal("0.5")),)
        assert left(found) == []
        with pytest.raises(InsufficientHoldings):
            run(events, method, transfer_fee=TransferFee.KEEP_COST)


# --- Places ----------------------------------------------------------------------------------


def test_canada_denies_the_part_of_a_loss_that_is_bought_back() -> None:
    """IT-456R paragraph 12: 50 held, 20 sold at a loss, 15 bought again: 15/20 is denied."""
    events = [
        buy("2023-01-10", "50 BTC", "5000"),
        sell("2023-06-01", "20 BTC", "1400"),
        buy("2023-06-15", "15 BTC", "1125"),
    ]
    found = run(events, "acb_superficial")
    assert rows(found) == [("20", "1400", "2000", "-150", "pool")]
    assert found.disposals[0].denied == 450
    assert left(found) == [("BTC", "45", "4575")]
    late = [*events[:2], buy("2023-07-02", "15 BTC", "1125")]
    assert run(late, "acb_superficial").disposals[0].denied == 0
    on_day_30 = [*events[:2], buy("2023-07-01", "15 BTC", "1125")]
    assert run(on_day_30, "acb_superficial").disposals[0].denied == 450


def test_canada_coins_that_were_never_held_deny_nothing_and_are_not_owed() -> None:
    zero = {"oversell": Oversell.ZERO_COST}
    sold = sell("2022-01-01", "3 BTC", "10", fee="50 EUR 50")
    found = run([sold, buy("2022-01-05", "1 BTC", "100")], "acb_superficial", **zero)
    assert found.disposals[0].denied == 0
    assert left(found) == [("BTC", "1", "100")]
    later = [
        buy("2023-01-10", "50 BTC", "5000"),
        sell("2023-06-01", "20 BTC", "1400"),
        buy("2023-06-15", "15 BTC", "1125"),
    ]
    oversold = sell("2022-01-01", "45 BTC", "10")
    assert run([oversold, *later], "acb_superficial", **zero).disposals[1].denied == 450


def test_uk_same_day_then_30_days_then_the_pool() -> None:
    """The three rules of CRYPTO22256, with figures of our own."""
    events = [
        buy("2018-07-01", "14000 X", "200000"),
        sell("2018-08-30", "4000 X", "160000"),
        buy("2018-09-11", "500 X", "17500"),
        buy("2018-08-30T18:00:00", "500 X", "15000"),
    ]
    found = run(events, "uk_share_pooling", base_currency="EUR", **UK)
    assert [row.match.value for row in found.disposals] == [
        *("same_day", "thirty_day", "section_104"),
    ]
    assert rows(found)[0] == ("500", "20000", "15000", "5000", "same_day")
    assert rows(found)[1] == ("500", "20000", "17500", "2500", "thirty_day")
    assert rows(found)[2][:2] == ("3000", "120000")
    assert left(found)[0][:2] == ("X", "11000")
    # 200,000 * 3,000 / 14,000 does not end: part and rest are together what was paid.
    assert total([found.disposals[2].cost_basis, found.remaining[0].cost_basis]) == 200000


def test_uk_day_30_counts_and_day_31_does_not() -> None:
    before = [buy("2023-01-01", "10 X", "100"), sell("2023-06-01", "10 X", "200")]
    on_30 = run([*before, buy("2023-07-01", "10 X", "150")], "uk_share_pooling", **UK)
    assert rows(on_30) == [("10", "200", "150", "50", "thirty_day")]
    on_31 = run([*before, buy("2023-07-02", "10 X", "150")], "uk_share_pooling", **UK)
    assert rows(on_31) == [("10", "200", "100", "100", "section_104")]


def test_uk_a_gift_to_a_spouse_makes_no_gain_and_is_never_matched() -> None:
    events = [
        buy("2024-01-10", "100 X", "1000"),
        event("gift", "2024-05-01", out="40 X 900", subkind="spouse"),
        buy("2024-05-10", "10 X", "250"),
    ]
    found = run(events, "uk_share_pooling", **UK)
    assert rows(found) == [("40", "400", "400", "0", "no_gain_no_loss")]
    assert left(found) == [("X", "70", "850")]


def test_ireland_takes_the_last_four_weeks_first() -> None:
    events = [
        buy("2023-03-05", "0.5 ETH", "950"),
        buy("2023-05-10", "0.5 ETH", "900"),
        buy("2023-06-02", "1 ETH", "1600"),
        sell("2023-06-06", "1.5 ETH", "2400"),
    ]
    assert rows(run(events, "ie_fifo_4week")) == [
        ("1", "1600", "1600", "0", "lot"),
        ("0.5", "800", "900", "-100", "lot"),
    ]


def test_japan_has_one_unit_cost_for_the_year() -> None:
    events = [
        buy("2021-02-01", "1 BTC", "1000000"),
        buy("2021-04-01", "1 BTC", "1500000"),
        sell("2021-06-01", "1 BTC", "2000000"),
        buy("2021-09-01", "1 BTC", "2750000"),
    ]
    assert rows(run(events, "total_average")) == [("1", "2000000", "1750000", "250000", "pool")]
    assert rows(run(events, "average")) == [("1", "2000000", "1250000", "750000", "pool")]


def test_france_counts_the_whole_portfolio() -> None:
    """CGI art. 150 VH bis III: the price times the share of what all of it cost."""
    events = [
        buy("2023-01-10", "10 BTC", "2000"),
        sell("2023-03-10", "4 BTC", "1000", portfolio_value=Decimal(2500)),
        event("trade", "2023-04-10", out="2 BTC 500", into="20 ETH 500"),
        sell("2023-06-10", "1 BTC", "500", portfolio_value=Decimal(3000)),
    ]
    found = run(events, "fr_portfolio")
    assert rows(found) == [
        ("4", "1000", "800", "200", "portfolio"),
        ("1", "500", "200", "300", "portfolio"),
    ]
    assert left(found) == [("*portfolio*", "23", "1000")]
    with pytest.raises(BadEvent, match="value of the whole portfolio"):
        run([events[0], sell("2023-03-10", "4 BTC", "1000")], "fr_portfolio")


def test_income_is_counted_and_becomes_the_cost() -> None:
    events = [
        event("income", "2023-01-01", into="1 ETH 50", subkind="staking"),
        sell("2023-02-01", "1 ETH", "80"),
    ]
    found = run(events)
    assert [(line.asset, line.amount, line.value) for line in found.income] == [
        ("ETH", Decimal(1), Decimal(50))
    ]
    assert rows(found) == [("1", "80", "50", "30", "lot")]
    assert totals(settings(), found) == {
        "2023": {"proceeds": 80, "cost_basis": 50, "gain": 30, "income": 50}
    }


def test_money_that_moves_is_no_event() -> None:
    events = [
        event("deposit", "2023-01-01", into="100 EUR 100"),
        event("withdrawal", "2023-01-02", out="100 EUR 100"),
        *TWO_LOTS,
    ]
    assert left(run(events)) == [("BTC", "1", "100"), ("BTC", "1", "300")]
