"""Nothing of a number or a record is lost between the wire and the ledger."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import values

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.floats(allow_nan=False, allow_infinity=False),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_unquoted_fractions_keep_every_digit() -> None:
    assert exact.loads("[0.1234567890123456789, 1e-8, -0.0, 123456789012345678901234567890]") == [
        "0.1234567890123456789",
        "1e-8",
        "-0.0",
        123456789012345678901234567890,
    ]


def test_a_record_is_cut_out_as_it_was_sent() -> None:
    text = '{"error":[], "result" : {"rows": [ {"b":1.10,  "a":"\\u00e9"} , {"c":[1, 2]}]}}'
    rows = exact.elements(text, "result", "rows")
    assert [row.text for row in rows] == ['{"b":1.10,  "a":"\\u00e9"}', '{"c":[1, 2]}']
    assert rows[0].value == {"b": "1.10", "a": "é"}


def test_members_of_an_object_carry_their_names() -> None:
    assert [(row.name, row.text) for row in exact.elements('{"x": 1.50 ,"y":{}}')] == [
        ("x", "1.50"),
        ("y", "{}"),
    ]


@pytest.mark.parametrize("text", ["[]", "{}", " [ ] ", '{"rows": []}'])
def test_nothing_in_it_means_no_rows(text: str) -> None:
    assert exact.elements(text, *(["rows"] if "rows" in text else [])) == []


@pytest.mark.parametrize("text", ['{"total": 0}', '{"rows": null}', '{"a": {"rows": [1]}}'])
def test_an_absent_container_has_no_rows(text: str) -> None:
    assert exact.elements(text, "rows") == []


@pytest.mark.parametrize(
    "text", ['[{"a": 1}, {"b"', '{"rows": [1, 2', "<html>", "[1 2]", '{"a" 1}', ""]
)
def test_a_cut_off_answer_is_an_error_and_not_an_empty_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        exact.elements(text, *(["rows"] if "rows" in text else []))


@given(st.lists(TREES, max_size=5), st.sampled_from([None, 1, 3]))
def test_rows_are_what_json_says_they_are(rows: list[object], indent: int | None) -> None:
    text = json.dumps({"x": 1, "rows": rows}, indent=indent)
    assert [json.loads(row.text) for row in exact.elements(text, "rows")] == rows


@given(TREES)
def test_writing_parsed_records_again_gives_the_same_numbers(tree: object) -> None:
    sent = json.dumps(tree)
    bare: dict[int, str] = {}

    def fraction(digits: str) -> str:
        bare[id(digits)] = digits
        return digits

    parsed = json.loads(sent, parse_float=fraction)
    again = exact.dumps(parsed, frozenset(bare))
    assert json.loads(again, parse_float=Decimal) == json.loads(sent, parse_float=Decimal)


@pytest.mark.parametrize("value", [0.1, True, None, "abc", "", "NaN", "Infinity", [1]])
def test_what_is_not_an_exact_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        values.exact(value)


def test_times_are_exact() -> None:
    assert values.at_ms(1499865549590).isoformat() == "2017-07-12T13:19:09.590000+00:00"
    assert values.at_seconds("1688464484.1787").isoformat() == "2023-07-04T09:54:44.178700+00:00"
    assert values.at_utc_text("2019-10-12 11:12:02").isoformat() == "2019-10-12T11:12:02+00:00"
