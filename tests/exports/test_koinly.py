"""Koinly's universal template: structure, signs, labels, and no amount lost."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.export import ExportLeg, ExportTransaction
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exports import registry, writing
from tests.exports.builders import EUROS, event

KOINLY = registry.by_id("koinly")
GOLDEN = Path(__file__).parent / "koinly.csv"

EVERY_KIND = [
    event("2024-05-01 08:00", "deposit", "0.5 BTC", key="D1", txid="0xaa"),
    event("2024-05-02 11:30", "trade", "-0.0625 BTC", "1 ETH", "-0.01 BNB fee", key="T1",
          symbol="ETH/BTC"),
    event("2024-05-03 12:00", "withdrawal", "-0.5 BTC", "-0.0005 BTC fee", key="W1", txid="0xbb"),
    event("2024-05-04 12:00", "transfer", "-10 DOT", "10 DOT in funding", key="M1"),
    event("2024-05-05 12:00", "transfer", "-4 DOT", key="M2"),
    event("2024-05-05 12:00:03", "trade", "-100 EUR", "1 DOT", key="T2", symbol="DOT/EUR"),
    event("2024-05-05 12:00:05", "transfer", "4 DOT in staking", key="M3"),
    event("2024-05-06 12:00", "transfer", "-5 DOT", key="M4"),
    event("2024-06-01 00:00", "reward", "0.002 ETH", key="R1"),
    event("2024-06-01 00:01", "reward", "-0.001 ETH", key="R2"),
    event("2024-06-02 00:00", "interest", "0.001 BTC", key="I1"),
    event("2024-06-03 00:00", "airdrop", "100 ARB", key="A1"),
    event("2024-06-04 00:00", "fee", "-2 USDT", key="F1"),
    event("2024-06-04 00:01", "fee", "-2 USDT fee", key="F2"),
    event("2024-06-05 00:00", "trade", "-1 ETH", "3000 USDT", "0.3 USDT fee", key="T3"),
    event("2024-06-06 00:00", "trade", "-1 ETH", "3000 USDT", "-0.3 USDT fee", "-0.1 BNB fee",
          key="T4"),
    event("2024-06-07 00:00", "conversion", "-0.00000123 BTC", "-2 ADA", "0.0001 BNB",
          "-0.000002 BNB fee", key="C1"),
    event("2024-06-08 00:00:00.900", "withdrawal", "-1 SOL", key="W2"),
    event("2024-06-08 00:00:00.950", "deposit", "1 SOL", key="D2"),
    event("2024-06-09 00:00", "adjustment", "0.00000000000000000001 XYZ", key="J1"),
    event("2024-06-10 00:00", "other", "-1E+2 XYZ", key="=1+1"),
]  # fmt: skip


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


def moved(transactions: list[ExportTransaction]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for transaction in transactions:
        for leg in transaction.legs:
            sums[leg.asset] += leg.amount
    return {asset: amount for asset, amount in sums.items() if amount}


def test_every_kind_is_written_as_before() -> None:
    """The file is the format's memory: a change of it must be meant, and be read here."""
    assert b"".join(writing.single(KOINLY, EVERY_KIND, EUROS)) == GOLDEN.read_bytes()


def test_the_header_is_the_templates_own() -> None:
    first = GOLDEN.read_text().splitlines()[0]
    assert first == (
        "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,"
        "Fee Currency,Net Worth Amount,Net Worth Currency,Label,Description,TxHash"
    )


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


def test_within_a_second_what_comes_in_is_first() -> None:
    at = [row for row in rows(EVERY_KIND) if row["Date"] == "2024-06-08 00:00:00 UTC"]
    assert [row["Received Currency"] for row in at] == ["SOL", ""]


def test_numbers_are_plain_and_positive() -> None:
    for row in rows(EVERY_KIND):
        for column in ("Sent Amount", "Received Amount", "Fee Amount"):
            assert not row[column] or (
                set(row[column]) <= set("0123456789.") and Decimal(row[column]) > 0
            )


kinds = st.sampled_from(list(TransactionKind))
legs = st.builds(
    ExportLeg,
    wallet=st.sampled_from(["spot", "staking"]),
    asset=st.sampled_from(["BTC", "EUR", "BNB"]),
    amount=st.decimals("-5", "5", places=1),
    role=st.sampled_from([PostingRole.PRINCIPAL, PostingRole.PRINCIPAL, PostingRole.FEE]),
)
transactions = st.builds(
    ExportTransaction,
    id=st.integers(1, 10**9),
    occurred_at=st.integers(0, 10**6).map(
        lambda seconds: datetime.fromisoformat("2024-01-01T00:00:00Z") + timedelta(seconds=seconds)
    ),
    kind=kinds,
    account=st.just("main"),
    account_label=st.just("Main"),
    exchange=st.just("binance"),
    key=st.text(max_size=5),
    legs=st.lists(legs, max_size=5).map(tuple),
)


@given(st.lists(transactions, max_size=30, unique_by=lambda t: t.id))
def test_whatever_happened_the_balances_agree(found: list[ExportTransaction]) -> None:
    found.sort(key=lambda transaction: transaction.occurred_at)
    written = rows(found)
    assert change(written) == moved(found)
    assert [row["Date"] for row in written] == sorted(row["Date"] for row in written)


def test_an_amount_of_more_than_28_digits_keeps_them_all() -> None:
    amount, fee = "1234567890123.123456789012345678", "1234567890123.000000000000000001"
    sent = event("2024-07-01", "withdrawal", f"-{amount} PEPE", f"-{fee} PEPE fee")
    (row,) = rows([sent])
    assert (row["Sent Amount"], row["Fee Amount"]) == (amount, fee)
