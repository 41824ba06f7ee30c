"""Cases from files: what is right passes, what is wrong is named, what is no case is said."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

CASE: dict[str, Any] = {
    "name": "one-sale",
    "settings": {
        "method": "fifo",
        "scope": "universal",
        "base_currency": "USD",
        "tax_timezone": "UTC",
        "tax_year_start": "01-01",
        "long_term": {"rule": "none"},
    },
    "tolerance": "0",
    "events": [
        {
            "time": "2023-01-01T00:00:00Z",
            "kind": "buy",
            "wallet": "A",
            "in": {"asset": "BTC", "amount": "2", "value": "20"},
            "out": {"asset": "USD", "amount": "20", "value": "20"},
        },
        {
            "time": "2023-02-01T00:00:00Z",
            "kind": "sell",
            "wallet": "A",
            "in": {"asset": "USD", "amount": "30", "value": "30"},
            "out": {"asset": "BTC", "amount": "1", "value": "30"},
        },
    ],
    "expected": {
        "disposals": [
            {
                "event": 1,
                "asset": "BTC",
                "amount": "1",
                "proceeds": "30",
                "cost_basis": "10",
                "gain": "20",
                "acquired": "2023-01-01T00:00:00Z",
                "term": None,
                "match": "lot",
            }
        ],
        "income": [],
        "remaining": [
            {
                "asset": "BTC",
                "amount": "1",
                "cost_basis": "10",
                "acquired": "2023-01-01T00:00:00Z",
            }
        ],
        "totals_by_tax_year": {"2023": {"proceeds": "30", "cost_basis": "10", "gain": "20"}},
    },
}


def run(tmp_path: Path, *cases: Any) -> tuple[str, int]:
    """What the command says of these cases, and its exit status."""
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(list(cases)))
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("tax_case", str(path), stdout=out, stderr=err)
    except SystemExit as ended:
        return out.getvalue() + err.getvalue(), int(str(ended.code))
    return out.getvalue() + err.getvalue(), 0


def test_a_right_case_passes(tmp_path: Path) -> None:
    said, status = run(tmp_path, CASE)
    assert (said.splitlines()[-1], status) == ("1 cases, 1 passed, 0 failed", 0)


@pytest.mark.parametrize(
    ("part", "name", "told"),
    [
        ("disposals", "cost_basis", "disposal 1 BTC lot"),
        ("remaining", "cost_basis", "left BTC"),
        ("disposals", "amount", "disposal 1 BTC lot"),
    ],
)
def test_a_wrong_figure_is_named(tmp_path: Path, part: str, name: str, told: str) -> None:
    case = json.loads(json.dumps(CASE))
    case["expected"][part][0][name] = "11"
    said, status = run(tmp_path, CASE, case)
    assert status == 1
    assert told in said
    assert f"{name}: " in said
    assert "2 cases, 1 passed, 1 failed" in said


def test_a_disposal_that_is_not_expected_is_named(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["expected"]["disposals"] = []
    said, status = run(tmp_path, case)
    assert status == 1
    assert "disposal 1 BTC lot" in said


@pytest.mark.parametrize("bad", [{"name": "x"}, 7, {**CASE, "events": [{"time": "soon"}]}])
def test_what_is_no_case_is_said(tmp_path: Path, bad: Any) -> None:
    said, status = run(tmp_path, bad)
    assert status == 1
    assert "not a case" in said


def test_numbers_below_zero_and_unknown_methods_are_refused(tmp_path: Path) -> None:
    case = json.loads(json.dumps(CASE))
    case["events"][0]["in"]["amount"] = "-2"
    other = {**CASE, "settings": {**CASE["settings"], "method": "guess"}}
    said, status = run(tmp_path, case, other)
    assert status == 1
    assert "below zero" in said
    assert "an unknown method: guess" in said
