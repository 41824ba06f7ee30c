"""What must hold for any history, whatever the method."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.money import EXACT, ZERO, total
from portfolio.engine.tax import Outcome, TaxEvent, case, compute
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.method import methods
from portfolio.engine.tax.settings import Scope, TransferFee
from tests.engine.tax.build import at, event, settings

METHODS = sorted(methods().keys() - {"at_old_and_new", "by_year", "specific", "fr_portfolio"})
OF_LOTS = ("fifo", "lifo", "hifo", "lofo", "ie_fifo_4week")
ORACLES = sorted((Path(__file__).parents[4] / "shared" / "oracles").glob("*.json"))

cents = st.integers(1, 10**9).map(lambda number: Decimal(number) / 100)
units = st.integers(1, 10**12).map(lambda number: Decimal(number) / 10**8)


@st.composite
def histories(draw: st.DrawFn) -> list[TaxEvent]:
    """Buys, sells of what is held, income, fees in coins, transfers."""
    held: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    moment = at("2021-01-01")
    events: list[TaxEvent] = []
    for _ in range(draw(st.integers(1, 25))):
        # Of one moment a sale counts before a transfer, whose coins it could not have.
        at_once = not events or events[-1].kind != "transfer"
        moment += timedelta(hours=draw(st.integers(0 if at_once else 1, 900)))
        kind = draw(st.sampled_from(["buy", "sell", "income", "trade", "transfer"]))
        asset = draw(st.sampled_from(["BTC", "ETH"]))
        wallet, to = draw(st.sampled_from([("A", "B"), ("B", "A")]))
        amount, worth = draw(units), draw(cents)
        place = (asset, wallet)
        if kind in ("sell", "trade", "transfer"):
            amount = min(amount, held[place])
            if not amount:
                continue
            held[place] -= amount
        told = f"{amount:f} {asset} {worth:f}"
        money = f"{worth:f} EUR {worth:f}"
        when = {"when": moment.isoformat(), "wallet": wallet}
        if kind == "buy":
            events.append(event(kind, into=told, out=money, **when))
            held[place] += amount
        elif kind == "income":
            events.append(event(kind, into=told, **when))
            held[place] += amount
        elif kind == "sell":
            events.append(event(kind, out=told, into=money, **when))
        elif kind == "trade":
            other = "ETH" if asset == "BTC" else "BTC"
            got = draw(units)
            events.append(event(kind, out=told, into=f"{got:f} {other} {worth:f}", **when))
            held[other, wallet] += got
        else:
            events.append(event(kind, out=told, into=told, to_wallet=to, **when))
            held[asset, to] += amount
    return events


def acquired(events: list[TaxEvent]) -> tuple[dict[str, Decimal], Decimal]:
    """Units by asset, and what all of them cost."""
    amounts: dict[str, Decimal] = defaultdict(lambda: ZERO)
    cost = ZERO
    for row in events:
        if row.into and row.kind != "transfer" and row.into.asset != "EUR":
            amounts[row.into.asset] += row.into.amount
            cost += row.into.value or ZERO
    return amounts, cost


def assert_conserved(events: list[TaxEvent], found: Outcome) -> None:
    amounts, cost = acquired(events)
    for asset, amount in amounts.items():
        out = total(row.amount for row in found.disposals if row.asset == asset)
        kept = total(row.amount for row in found.remaining if row.asset == asset)
        assert EXACT.add(out, kept) == amount
    used = total(row.cost_basis for row in found.disposals)
    kept = total(row.cost_basis for row in found.remaining)
    assert EXACT.add(used, kept) == cost


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"acb_superficial"}))
@given(events=histories())
def test_units_and_cost_are_conserved(method: str, events: list[TaxEvent]) -> None:
    assert_conserved(events, compute(settings(method), events))


@given(events=histories())
def test_a_denied_loss_is_kept_in_the_pool(events: list[TaxEvent]) -> None:
    found = compute(settings("acb_superficial"), events)
    denied = total(row.denied for row in found.disposals)
    _, cost = acquired(events)
    used = total(row.cost_basis for row in found.disposals)
    kept = total(row.cost_basis for row in found.remaining)
    assert EXACT.add(used, kept) == EXACT.add(cost, denied)


@pytest.mark.parametrize("method", [*OF_LOTS, "average"])
@given(events=histories())
def test_by_wallet_too_units_and_cost_are_conserved(method: str, events: list[TaxEvent]) -> None:
    found = compute(settings(method, scope=Scope.PER_WALLET), events)
    assert_conserved(events, found)


@given(events=histories())
def test_all_methods_agree_once_everything_is_sold(events: list[TaxEvent]) -> None:
    amounts, _ = acquired(events)
    held = dict(amounts)
    for row in events:
        if row.out and row.kind != "transfer" and row.out.asset != "EUR":
            held[row.out.asset] -= row.out.amount
    last = (events[-1].time if events else at("2021-01-01")) + timedelta(days=400)
    sales = [
        event("sell", last.isoformat(), out=f"{amount:f} {asset} 7", into="7 EUR 7")
        for asset, amount in held.items()
        if amount
    ]
    gains = {
        method: sums.net(compute(settings(method), [*events, *sales]).disposals)
        for method in METHODS
    }
    assert len(set(gains.values())) == 1, gains


@given(events=histories(), method=st.sampled_from(METHODS))
def test_a_transfer_without_a_fee_changes_no_total(events: list[TaxEvent], method: str) -> None:
    without = [row for row in events if row.kind != "transfer"]
    one, other = compute(settings(method), events), compute(settings(method), without)
    told = [
        (row.time, row.asset, row.amount, row.proceeds, row.cost_basis) for row in one.disposals
    ]
    assert told == [
        (row.time, row.asset, row.amount, row.proceeds, row.cost_basis) for row in other.disposals
    ]


@given(events=histories(), method=st.sampled_from(METHODS))
def test_the_same_again_gives_the_same(events: list[TaxEvent], method: str) -> None:
    made = settings(method, transfer_fee=TransferFee.KEEP_COST)
    assert compute(made, events) == compute(made, list(events))


@pytest.mark.skipif(not ORACLES, reason="the shared cases are not here")
def test_the_shared_cases() -> None:
    told = {
        path.stem: case.differences(case.read(json.loads(path.read_text()))) for path in ORACLES
    }
    assert {name: lines for name, lines in told.items() if lines} == {}
