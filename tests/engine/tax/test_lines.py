"""Cases read and parts written as text, without decimals between: the same to the last digit."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.tax import History, TaxEvent, case, compute, whole
from portfolio.engine.tax.rows import Rows
from portfolio.engine.tax.settings import DisposalFee, LongTerm, Oversell, Scope, Settings
from portfolio.engine.tax.types import Disposal, Leg
from tests.engine.tax.build import buy, event, sell, settings
from tests.engine.tax.test_properties import OF_LOTS, histories


@given(
    events=histories(),
    cut=st.integers(0, 5),
    method=st.sampled_from(sorted({*OF_LOTS} - {"ie_fifo_4week"})),
    scope=st.sampled_from(Scope),
    term=st.sampled_from(LongTerm),
    zone=st.sampled_from(["UTC", "Australia/Sydney"]),
)
def test_lines_are_the_disposals(
    events: list[TaxEvent], cut: int, method: str, scope: Scope, term: LongTerm, zone: str
) -> None:
    more: dict[str, Any] = {"oversell": Oversell.ZERO_COST, "tax_timezone": zone}
    assert_same(settings(method, scope=scope, long_term=term, **more), events[cut:])


def test_odd_names_moments_and_numbers_are_written_as_csv_has_them() -> None:
    odd = 'a "cold", old\nwallet'
    events = [
        event("buy", "2023-01-01", into="3 X,Y 30", out="30 EUR 30", wallet=odd),
        event(
            *("sell", "2023-02-01T10:00:00.000001"),
            **{"out": "2 X,Y 1", "into": "1 EUR 1", "fee": "5 EUR 5", "wallet": odd},
        ),
        sell("2023-03-01", "0.00000001 X,Y", "0.1", wallet=odd),
    ]
    found = assert_same(settings(scope=Scope.PER_WALLET), events)
    assert found[0][6] == "-4"
    dear = settings(disposal_fee=DisposalFee.ADD_TO_COST)
    assert assert_same(dear, events)[0][6] == "1"


def assert_same(made: Settings, events: list[TaxEvent]) -> list[list[str]]:
    found = compute(made, events).disposals
    assert isinstance(found, Rows)
    lines = found.lines()
    assert lines is not None
    rows = list(csv.reader(io.StringIO("".join(lines), newline="")))
    assert rows == [_texts(row) for row in found]
    return rows


def _texts(row: Disposal) -> list[str]:
    def text(value: object) -> str:
        if value is None:
            return ""
        return f"{value:f}" if isinstance(value, Decimal) else str(value)

    return [text(value) for value in row]


@given(events=histories(), fee=st.sampled_from(["", "0.01 EUR 0.01", "1 EUR 2", "0.01 BTC 5"]))
def test_a_case_is_read_as_its_events_are_counted(events: list[TaxEvent], fee: str) -> None:
    if fee:
        events = [buy("2020-01-01", "9 BTC", "90", fee=fee), *events]
    counted = History(events, "EUR")
    read = case.read(_case(events)).history
    for name in ("at", "sides", "events", "coins", "places", "units", "values", "fees", "others"):
        assert getattr(read, name) == getattr(counted, name), name
    assert (read.assets, read.wallets, read.digits) == (
        counted.assets,
        counted.wallets,
        counted.digits,
    )


@pytest.mark.parametrize("amount", ["-1", "x", "", "NaN", "1.-5", 1, None])
def test_a_case_with_what_is_no_amount_is_refused(amount: object) -> None:
    told = _case([buy("2020-01-01", "9 BTC", "90")])
    told["events"][0]["in"]["amount"] = amount
    with pytest.raises((ValueError, TypeError)):
        case.read(told)


def _case(events: list[TaxEvent]) -> dict[str, Any]:
    def leg(told: Leg | None) -> dict[str, str] | None:
        if told is None:
            return None
        value = {} if told.value is None else {"value": f"{told.value:f}"}
        return {"asset": told.asset, "amount": f"{told.amount:f}", **value}

    rows = [
        {
            "time": row.time.isoformat(),
            "kind": row.kind.value,
            "wallet": row.wallet,
            "in": leg(row.into),
            "out": leg(row.out),
            "fee": leg(row.fee),
            "to_wallet": row.to_wallet,
        }
        for row in events
    ]
    made = {"method": "fifo", "base_currency": "EUR"}
    return {"name": "some", "settings": made, "events": rows, "expected": {}}


@given(st.text("0123456789._-+ e", max_size=12), st.integers(1, 8))
def test_a_number_is_read_as_a_decimal_would_be_or_not_at_all(text: str, digits: int) -> None:
    try:
        number = whole.of_text(text, digits)
    except ValueError:
        return
    assert number == whole.units(Decimal(text), digits)


@given(st.integers(-(10**50), 10**50), st.integers(1, 36))
def test_units_are_written_as_their_amount(number: int, digits: int) -> None:
    assert whole.text_of(number, digits) == f"{whole.amount_of(number, digits):f}"
