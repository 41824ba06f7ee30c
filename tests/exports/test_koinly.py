"""Koinly's universal template: structure, signs, labels, and no amount lost."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal

from portfolio.engine.export import ExportTransaction
from portfolio.exports import registry, writing
from tests.exports.builders import EUROS, event
from tests.exports.every_kind import EVERY_KIND, matched, moved, moved_to

KOINLY = registry.by_id("koinly")


def rows(transactions: list[ExportTransaction]) -> list[dict[str, str]]:
    text = b"".join(writing.single(KOINLY, transactions, EUROS)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def change(found: list[dict[str, str]]) -> dict[str, Decimal]:
    """What an importer makes of it: received less sent less fee, by currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in found:
        for column, sign in (("Received", 1), ("Sent", -1), ("Fee", -1)):
            if row[f"{column} Amount"]:
                sums[row[f"{column} Currency"]] += sign * Decimal(row[f"{column} Amount"])
    return {asset: amount for asset, amount in sums.items() if amount}


def test_no_amount_is_lost_or_doubled() -> None:
    assert change(rows(EVERY_KIND)) == moved(EVERY_KIND)


def test_a_move_between_own_wallets_told_in_two_halves_is_left_out() -> None:
    keys = " ".join(row["Description"] for row in rows(EVERY_KIND))
    assert "M2" not in keys
    assert "M3" not in keys


def test_a_half_without_its_other_half_stays() -> None:
    (row,) = [row for row in rows(EVERY_KIND) if "M4" in row["Description"]]
    assert (row["Sent Amount"], row["Sent Currency"], row["Label"]) == ("5", "DOT", "")


def test_halves_a_week_apart_are_two_movements() -> None:
    apart = [
        event("2024-01-01 00:00", "transfer", "-4 DOT"),
        event("2024-01-08 00:00", "transfer", "4 DOT in staking"),
    ]
    assert len(rows(apart)) == 2


def test_halves_in_the_same_wallet_are_two_movements() -> None:
    same = [
        event("2024-01-01 00:00", "transfer", "-4 DOT"),
        event("2024-01-01 00:01", "transfer", "4 DOT"),
    ]
    assert len(rows(same)) == 2


def test_halves_in_two_connections_are_two_movements() -> None:
    """Also in a file that holds them all."""
    halves = [
        event("2024-01-01 00:00", "transfer", "-4 DOT"),
        moved_to(event("2024-01-01 00:01", "transfer", "4 DOT in staking"), "kraken"),
    ]
    assert len(rows(halves)) == 2


def test_halves_of_two_transfers_are_not_taken_for_one() -> None:
    one = matched(event("2024-01-01 00:00", "transfer", "-4 DOT"),
                  event("2024-01-01 00:02", "transfer", "4 DOT in staking"), 1)  # fmt: skip
    other = matched(event("2024-01-01 00:00", "transfer", "-4 DOT in funding"),
                    event("2024-01-01 00:01", "transfer", "4 DOT in earn"), 2)  # fmt: skip
    assert rows([one[0], other[0], other[1], one[1]]) == []
    assert len(rows([one[0], other[1]])) == 2


def test_a_move_that_cost_something_stays_with_its_fee() -> None:
    halves = [
        event("2024-01-01 00:00", "transfer", "-4 DOT", "-0.1 DOT fee"),
        event("2024-01-01 00:01", "transfer", "4 DOT in staking"),
    ]
    assert change(rows(halves)) == {"DOT": Decimal("-0.1")}


def test_a_withdrawal_to_another_wallet_of_the_connection_is_left_out() -> None:
    halves = matched(event("2024-01-01 00:00", "withdrawal", "-4 DOT"),
                     event("2024-01-01 00:05", "deposit", "4 DOT in funding"), 1)  # fmt: skip
    assert rows(list(halves)) == []


def test_within_a_second_what_comes_in_is_first() -> None:
    at = [row for row in rows(EVERY_KIND) if row["Date"] == "2024-06-08 00:00:00 UTC"]
    assert [row["Received Currency"] for row in at] == ["SOL", ""]


def test_an_amount_of_more_than_28_digits_keeps_them_all() -> None:
    amount, fee = "1234567890123.123456789012345678", "1234567890123.000000000000000001"
    sent = event("2024-07-01", "withdrawal", f"-{amount} PEPE", f"-{fee} PEPE fee")
    (row,) = rows([sent])
    assert (row["Sent Amount"], row["Fee Amount"]) == (amount, fee)
