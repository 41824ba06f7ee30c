"""How figures read, and raw JSON laid out without touching a digit."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import money
from portfolio.templatetags import coffer, json_text


def _read(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("1234567.5", "1,234,567.5"),
        ("1E-18", "0.000000000000000001"),
        ("-0.10", "−0.1"),
        ("123456789012345678901234567890.123456789012345678", None),
    ],
)
def test_a_quantity_shows_every_digit(value: str, text: str | None) -> None:
    shown = _read(coffer.quantity(Decimal(value)))
    assert shown == text if text else shown.replace(",", "") == value


def test_signs_are_words_of_their_own_not_colour_alone() -> None:
    assert _read(coffer.quantity(Decimal("1"), "BTC", signed=True)) == "+1 BTC"
    assert _read(coffer.quantity(Decimal("-1"), "BTC", signed=True)) == "−1 BTC"
    assert _read(coffer.quantity(Decimal("0"), signed=True)) == "0"
    assert _read(coffer.money(Decimal("-0.005"), "EUR", signed=True)) == "> −0.01 EUR"


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234.5678", "EUR", "1,234.57 EUR"),
        ("1234.5", "JPY", "1,234 JPY"),
        ("0", "EUR", "0.00 EUR"),
        ("0.001", "EUR", "< 0.01 EUR"),
        ("0.12345678901", "BTC", "0.12345679 BTC"),
    ],
)
def test_money_is_rounded_for_reading_and_exact_in_its_title(
    value: str, currency: str, text: str
) -> None:
    html = coffer.money(Decimal(value), currency)
    assert _read(html) == text
    assert f'title="{value} {currency}"' in html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("61234.5", "61,234.50 EUR"),
        ("0.00000812", "0.00000812 EUR"),
        ("0.123456789", "0.12346 EUR"),
        ("1", "1.00 EUR"),
        ("0.5", "0.50 EUR"),
    ],
)
def test_a_small_price_keeps_the_digits_that_count(value: str, text: str) -> None:
    assert _read(coffer.price(Decimal(value), "EUR")) == text


@given(
    st.decimals("0.00000001", "1000000", places=8),
    st.decimals("0.00000001", "100000", places=8),
    st.decimals("0", "99999", places=14),
)
def test_a_sum_that_is_redone_by_hand_comes_out(
    amount: Decimal, cost: Decimal, proceeds: Decimal
) -> None:
    """To the last decimal but one that is shown."""

    def seen(html: str) -> Decimal:
        text = _read(html).partition(" ")[0]
        return Decimal(text.replace(",", "").replace("+", "").replace("−", "-"))

    gain = seen(coffer.worked(proceeds - cost, "EUR", signed=True))
    redone = seen(coffer.worked(proceeds, "EUR")) - seen(coffer.worked(cost, "EUR"))
    assert abs(gain - redone) <= Decimal("0.0000015")
    price = seen(coffer.worked_price(money.divide(cost, amount), "EUR"))
    assert abs(amount * price - cost) <= Decimal("0.000002")


def test_what_is_unknown_is_called_unknown() -> None:
    assert _read(coffer.worked(None, "EUR")) == _read(coffer.worked_price(None, "EUR")) == "unknown"
    for shown in (coffer.quantity(None), coffer.money(None, "EUR"), coffer.price(None, "EUR")):
        assert _read(shown) == "unknown"


def test_shares() -> None:
    assert _read(coffer.percent(Decimal("0.04"))) == "< 0.1 %"
    assert _read(coffer.percent(Decimal("99.99"))) == "99.9 %"
    assert [coffer.whole(Decimal(v)) for v in ("-5", "33.9", "120")] == [0, 33, 100]


def test_sources_of_prices_are_named() -> None:
    assert coffer.source_words("kraken:sandbox + ecb") == "Kraken sandbox, European Central Bank"
    assert coffer.source_words("gone") == "gone"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON)
def test_laid_out_json_says_the_same(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        shown = json_text.laid_out(text)
        assert json.loads(shown) == value


def test_laid_out_json_keeps_numbers_escapes_and_repeated_names() -> None:
    text = '{"a":1.10000000000000000001,"a":1e-08,"b":"\\u00e9 \\" {[,:]}","c":{},"d":[]}'
    shown = json_text.laid_out(text)
    lines = [line.strip() for line in shown.splitlines()]
    assert '"a": 1.10000000000000000001,' in lines
    assert '"a": 1e-08,' in lines
    assert '"b": "\\u00e9 \\" {[,:]}",' in lines
    assert '"d": []' in lines
    assert json_text.laid_out("no json") == "no json"
