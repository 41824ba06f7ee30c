"""Which withdrawals and deposits are one transfer: rule by rule, and on labelled histories."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.transfers import PRECISION, RECALL, measure
from portfolio.engine import money, transfer_index, transfer_rules
from portfolio.engine.transfers import (
    Decisions,
    FeePlace,
    Leg,
    Level,
    Pair,
    Rule,
    candidates,
    match,
)
from tests.engine.transfer_cases import history

AT = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
HASH, OTHER_HASH = "ab" * 32, "cd" * 32
HERE, THERE = "0x" + "1" * 40, "0x" + "2" * 40


def leg(ident: str, amount: str = "1.23456", minutes: float = 0, **fields: Any) -> Leg:
    where = "binance" if ident.startswith("out") else "kraken"
    values: dict[str, Any] = {
        "connection": where,
        "exchange": where,
        "environment": "live",
        "wallet": "spot",
        "asset": "ETH",
        "amount": Decimal(amount),
        "occurred_at": AT + timedelta(minutes=minutes),
    }
    return Leg(id=ident, **(values | fields))


def the_pair(out: Leg, into: Leg, **known: Any) -> Pair:
    (pair,) = match([out], [into], Decisions(**known))
    return pair


def said(pair: Pair) -> dict[Rule, tuple[bool, str]]:
    return {finding.rule: (finding.is_met, finding.what) for finding in pair.findings}


# --- What is certain --------------------------------------------------------------------------


def test_one_transaction_id_in_two_spellings_is_certain_days_apart() -> None:
    pair = the_pair(leg("out", txid=HASH), leg("in", minutes=5000, txid=f"0x{HASH.upper()}"))
    assert pair.level is Level.CERTAIN
    assert said(pair)[Rule.TXID] == (True, "same")
    assert said(pair)[Rule.TIME] == (False, "late")


def test_one_transaction_id_of_another_asset_is_nothing() -> None:
    assert match([leg("out", txid=HASH)], [leg("in", txid=HASH, asset="USDT")]) == []


def test_one_transaction_id_with_more_than_was_sent_is_for_a_person_to_see() -> None:
    pair = the_pair(leg("out", "1", txid=HASH), leg("in", "1.4", 5, txid=HASH))
    assert pair.level is Level.LIKELY
    (amount,) = [f for f in pair.findings if f.rule is Rule.AMOUNT]
    assert (amount.is_met, amount.what) == (False, "differs")
    assert (amount.values["by"], amount.values["way"]) == ("0.4", "more")


def test_a_reference_counts_within_one_house_only() -> None:
    out = leg("out", exchange="kraken", reference="FTQcuak-V6Za8qrWnhzTx67yYHz8Tg")
    into = replace(out, id="in", connection="other", exchange="krakenfutures")
    assert the_pair(out, into).level is Level.CERTAIN
    elsewhere = replace(into, exchange="okx", occurred_at=AT + timedelta(days=20))
    assert match([out], [elsewhere]) == []


def test_a_number_of_the_exchanges_own_books_counts_as_a_reference() -> None:
    out = leg("out", exchange="binance", txid="Internal transfer 9876543210")
    into = leg("in", exchange="binance", txid="Off-chain transfer 9876543210")
    assert said(the_pair(out, into))[Rule.REFERENCE] == (True, "same")


def test_halves_of_a_move_between_wallets_of_one_account_belong_together() -> None:
    out = leg("out", connection="okx", is_transfer=True, wallet="trading")
    into = leg("in", connection="okx", is_transfer=True, wallet="funding", minutes=1)
    assert the_pair(out, into).level is Level.CERTAIN
    assert match([out], [replace(into, wallet="trading")]) == []
    assert match([out], [replace(into, is_transfer=False)]) == []


# --- What is likely ---------------------------------------------------------------------------


def test_amount_and_time_make_it_likely() -> None:
    pair = the_pair(leg("out"), leg("in", minutes=30))
    assert pair.level is Level.LIKELY
    assert said(pair) == {Rule.AMOUNT: (True, "same"), Rule.TIME: (True, "after")}
    assert pair.met == 2


@pytest.mark.parametrize(
    ("sent", "fee", "place", "arrives", "is_found"),
    [
        ("1.23456", "0.001", FeePlace.BESIDE, "1.23456", True),
        ("1.23456", "0.001", FeePlace.BESIDE, "1.23356", False),
        ("1.23456", "0.001", FeePlace.INSIDE, "1.23356", True),
        ("1.23456", "0.001", FeePlace.INSIDE, "1.23456", False),
        ("1.23456", "0.001", FeePlace.UNKNOWN, "1.23356", True),
        ("1.23456", "0.001", FeePlace.UNKNOWN, "1.23456", True),
    ],
)
def test_a_fee_is_taken_off_where_it_lies(
    sent: str, fee: str, place: FeePlace, arrives: str, is_found: bool
) -> None:
    out = leg("out", sent, fee=Decimal(fee), fee_place=place)
    found = match([out], [leg("in", arrives, 10)])
    assert [pair.level for pair in found] == ([Level.LIKELY] if is_found else [])


def test_what_the_receiving_exchange_took_is_added_again() -> None:
    into = leg("in", "1.23356", 10, fee=Decimal("0.001"), fee_place=FeePlace.INSIDE)
    assert said(the_pair(leg("out"), into))[Rule.AMOUNT] == (True, "less_fee")


def test_a_fee_that_nobody_told_needs_the_address() -> None:
    out, into = leg("out", "1.23456", address=HERE), leg("in", "1.23", 10)
    assert the_pair(out, into).level is Level.WEAK
    assert the_pair(out, replace(into, address=HERE)).level is Level.LIKELY
    assert the_pair(out, into, addresses={HERE: frozenset({"kraken"})}).level is Level.LIKELY
    assert match([out], [leg("in", "1.1", 10, address=HERE)]) == []


def test_two_different_transactions_are_two() -> None:
    assert match([leg("out", txid=HASH)], [leg("in", minutes=10, txid=OTHER_HASH)]) == []


def test_an_address_of_elsewhere_speaks_against_it() -> None:
    out, into = leg("out", address=HERE), leg("in", minutes=10, address=THERE)
    assert the_pair(out, into).level is Level.WEAK
    known = {HERE: frozenset({"okx"})}
    assert the_pair(out, leg("in", minutes=10), addresses=known).level is Level.WEAK


def test_a_memo_tells_apart_who_shares_an_address() -> None:
    out = leg("out", address=HERE, tag="101")
    into = leg("in", minutes=10, address=HERE, tag="101")
    assert the_pair(out, into).level is Level.LIKELY
    assert the_pair(out, replace(into, tag="102")).level is Level.WEAK


def test_a_wrong_name_of_the_network_asks_for_more_digits() -> None:
    out, into = leg("out", network="ERC20"), leg("in", minutes=10, network="BSC")
    assert the_pair(out, into).level is Level.LIKELY
    few = Decimal("1.234")
    assert the_pair(replace(out, amount=few), replace(into, amount=few)).level is Level.WEAK


def test_a_round_amount_is_likely_only_without_rivals() -> None:
    out, into = leg("out", "5"), leg("in", "5", 20)
    assert the_pair(out, into).level is Level.LIKELY
    rival = leg("in2", "5", 40)
    assert {pair.level for pair in match([out], [into, rival])} == {Level.WEAK}
    proved = leg("out2", "5", 10, txid=HASH)
    found = match([out, proved], [into, replace(rival, txid=HASH)])
    assert [(p.outgoing, p.incoming, p.level) for p in found] == [
        ("out2", "in2", Level.CERTAIN),
        ("out", "in", Level.LIKELY),
    ]


@pytest.mark.parametrize(
    ("minutes", "level"),
    [(-100, Level.LIKELY), (-121, None), (1400, Level.LIKELY), (1500, Level.WEAK)],
)
def test_time_has_slack_both_ways(minutes: int, level: Level | None) -> None:
    found = match([leg("out")], [leg("in", minutes=minutes)])
    assert [pair.level for pair in found] == ([level] if level else [])


def test_live_and_sandbox_never_meet() -> None:
    assert match([leg("out", txid=HASH)], [leg("in", txid=HASH, environment="sandbox")]) == []


def test_coins_that_come_back_to_one_account_are_two_movements() -> None:
    assert match([leg("out")], [leg("in", connection="binance", minutes=10)]) == []


# --- Several together -------------------------------------------------------------------------


def test_each_leg_is_used_once_and_the_nearest_in_time_go_together() -> None:
    outs = [leg("out1"), leg("out2", minutes=20)]
    ins = [leg("in2", minutes=34), leg("in1", minutes=9)]
    found = {(pair.outgoing, pair.incoming) for pair in match(outs, ins)}
    assert found == {("out1", "in1"), ("out2", "in2")}


def test_a_batch_of_one_transaction_is_split() -> None:
    out = leg("out", "10.5", txid=HASH)
    ins = [leg("in1", "6.25", 5, txid=HASH), leg("in2", "4.249", 6, txid=HASH, connection="okx")]
    pairs = match([out], ins)
    assert {(p.incoming, p.level, p.is_part) for p in pairs} == {
        ("in1", Level.CERTAIN, True),
        ("in2", Level.CERTAIN, True),
    }
    assert money.total(pair.sent for pair in pairs) == out.amount


def test_two_withdrawals_of_one_transaction_find_their_own_deposits() -> None:
    outs = [leg("out1", "10", txid=HASH), leg("out2", "3", txid=HASH)]
    ins = [leg(f"in{n}", amount, 5, txid=HASH) for n, amount in enumerate(("6", "4", "3"))]
    found = {(pair.outgoing, pair.incoming) for pair in match(outs, ins)}
    assert found == {("out1", "in0"), ("out1", "in1"), ("out2", "in2")}


def test_deposits_that_add_up_to_the_last_digit_are_likely_a_split() -> None:
    out = leg("out", "7.654321")
    ins = [leg("in1", "3.5", 5), leg("in2", "4.154321", 9), leg("in3", "1.1", 7)]
    pairs = match([out], ins)
    assert {(p.incoming, p.level) for p in pairs} == {("in1", Level.LIKELY), ("in2", Level.LIKELY)}
    assert match([replace(out, amount=Decimal("7.6"))], ins) == []


def test_what_was_refused_is_not_proposed_again() -> None:
    out, into = leg("out", txid=HASH), leg("in", minutes=5, txid=HASH)
    assert match([out], [into], Decisions(refused=frozenset({("out", "in")}))) == []
    other = leg("in2", minutes=9)
    found = match([out], [into, other], Decisions(refused=frozenset({("out", "in")})))
    assert [pair.incoming for pair in found] == ["in2"]


def test_what_has_a_transfer_is_left_out() -> None:
    found = match([leg("out")], [leg("in", minutes=5)], Decisions(taken=frozenset({"in"})))
    assert found == []


def test_all_that_one_leg_may_be_is_told_best_first() -> None:
    ins = [leg("in1", minutes=600), leg("in2", minutes=10), leg("in3", "9", 10)]
    assert [p.incoming for p in candidates(leg("out"), ins, is_outgoing=True)] == ["in2", "in1"]
    outs = [leg("out1", minutes=-600), leg("out2", minutes=-10)]
    found = candidates(leg("in"), outs, is_outgoing=False)
    assert [pair.outgoing for pair in found] == ["out2", "out1"]


# --- Whole histories --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_on_labelled_histories_it_is_right_and_finds_them(seed: int) -> None:
    score = measure("", history(seed, 3_000))
    assert score.precision >= PRECISION
    assert score.recall >= RECALL
    assert score.by_itself == score.by_itself_right, "what is not asked about must be true"


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), rng=st.randoms(use_true_random=False))
def test_the_order_of_legs_makes_no_difference(seed: int, rng: random.Random) -> None:
    case = history(seed, 60, days=20)
    first = match(case.outgoing, case.incoming)
    outs, ins = list(case.outgoing), list(case.incoming)
    rng.shuffle(outs)
    rng.shuffle(ins)
    assert match(outs, ins) == first


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), days=st.sampled_from([2, 20, 400]))
def test_nothing_is_used_twice_and_nothing_more_arrives_than_left(seed: int, days: int) -> None:
    case = history(seed, 60, days=days)
    amounts = {leg.id: leg.amount for leg in (*case.outgoing, *case.incoming)}
    pairs = match(case.outgoing, case.incoming)
    assert max(Counter(pair.incoming for pair in pairs).values(), default=1) == 1
    whole = Counter(pair.outgoing for pair in pairs if not pair.is_part)
    assert max(whole.values(), default=1) == 1
    for outgoing in {pair.outgoing for pair in pairs}:
        parts = [pair for pair in pairs if pair.outgoing == outgoing]
        assert money.total(pair.sent for pair in parts) == amounts[outgoing]
        assert all(pair.received == amounts[pair.incoming] for pair in parts)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows by one with each pair that is looked at."""
    seen: list[None] = []
    judge = transfer_rules.judge

    def count(*args: Any) -> Any:
        seen.append(None)
        return judge(*args)

    monkeypatch.setattr(transfer_rules, "judge", count)
    return seen


def test_work_per_movement_does_not_grow(judged: list[None]) -> None:
    """Counted, not timed, in histories of one density."""

    def per_movement(transfers: int) -> float:
        judged.clear()
        case = history(5, transfers, days=transfers // 4)
        match(case.outgoing, case.incoming)
        return len(judged) / (len(case.outgoing) + len(case.incoming))

    assert per_movement(8_000) <= 1.3 * per_movement(800)


def test_a_hundred_of_one_amount_a_day_stay_within_bounds(judged: list[None]) -> None:
    def line(name: str, number: int) -> list[Leg]:
        return [leg(f"{name}{n}", "5", n * 1440 / 100) for n in range(number)]

    pairs = match(line("out", 2_000), line("in", 2_000))
    assert len(pairs) == 2_000
    assert len({pair.incoming for pair in pairs}) == 2_000
    assert len(judged) <= 2_000 * transfer_index.MOST
