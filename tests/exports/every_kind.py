"""A small history with every kind of transaction, and whatever is odd about any."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from portfolio.engine.export import Counterpart, ExportTransaction
from portfolio.engine.types import TransactionKind
from tests.exports.builders import event

_EUROS = {
    asset: Decimal(price)
    for asset, price in (
        *(("BTC", 60000), ("ETH", 3000), ("BNB", 500), ("USDT", 1), ("EUR", 1), ("SOL", 150)),
        ("1INCH", "0.4"),
    )
}


def priced(transaction: ExportTransaction) -> ExportTransaction:
    """With the worth of what has a price in euros."""
    legs = tuple(
        replace(leg, value=abs(leg.amount) * _EUROS[leg.asset]) if leg.asset in _EUROS else leg
        for leg in transaction.legs
    )
    return replace(transaction, legs=legs)


def moved_to(transaction: ExportTransaction, account: str) -> ExportTransaction:
    return replace(transaction, account=account, account_label=account.title(), exchange=account)


def matched(
    out: ExportTransaction, into: ExportTransaction, number: int
) -> tuple[ExportTransaction, ExportTransaction]:
    """Two halves that are known to be one own transfer."""
    return (
        replace(out, transfer=number, counterpart=_seen(into)),
        replace(into, transfer=number, counterpart=_seen(out)),
    )


def _seen(other: ExportTransaction) -> Counterpart:
    leg = other.legs[0]
    return Counterpart(
        transaction=other.id,
        account=other.account,
        account_label=other.account_label,
        exchange=other.exchange,
        wallet=leg.wallet,
        asset=leg.asset,
        amount=abs(leg.amount),
        txid=other.detail.get("txid", ""),
    )


def tagged(transaction: ExportTransaction, *tags: str) -> ExportTransaction:
    return replace(transaction, tags=tags)


# A fee that was told, one that was not, and no transaction id on either side.
_TOLD = matched(
    event("2024-07-01 08:00", "withdrawal", "-0.5 BTC", "-0.0005 BTC fee", key="X1", txid="0xcc"),
    moved_to(event("2024-07-01 08:20", "deposit", "0.5 BTC", key="X2"), "kraken"),
    7,
)
_UNTOLD = matched(
    event("2024-07-02 08:00", "withdrawal", "-0.5005 BTC", key="X3"),
    moved_to(event("2024-07-02 08:20", "deposit", "0.5 BTC", key="X4"), "kraken"),
    8,
)

EVERY_KIND: list[ExportTransaction] = [
    event("2024-05-01 07:00", "deposit", "10000 EUR", key="B1"),
    event("2024-05-01 08:00", "deposit", "0.5 BTC", key="D1", txid="0xaa"),
    priced(event("2024-05-01 09:00", "trade", "-5000 EUR", "0.08 BTC", "-2.99 EUR fee", key="T0",
          symbol="BTC/EUR")),
    priced(event("2024-05-02 11:30", "trade", "-0.0625 BTC", "1 ETH", "-0.01 BNB fee", key="T1",
          symbol="ETH/BTC")),
    event("2024-05-03 12:00", "withdrawal", "-0.5 BTC", "-0.0005 BTC fee", key="W1", txid="0xbb"),
    event("2024-05-04 12:00", "transfer", "-10 DOT", "10 DOT in funding", key="M1"),
    event("2024-05-05 12:00", "transfer", "-4 DOT", key="M2"),
    event("2024-05-05 12:00:03", "trade", "-100 EUR", "1 DOT", key="T2", symbol="DOT/EUR"),
    event("2024-05-05 12:00:05", "transfer", "4 DOT in staking", key="M3"),
    event("2024-05-06 12:00", "transfer", "-5 DOT", key="M4"),
    event("2024-05-06 13:00", "deposit", "1 BTC", "-0.01 BTC fee", key="D3"),
    event("2024-05-06 14:00", "deposit", "1 BTC", "-0.02 BNB fee", key="D4"),
    event("2024-06-01 00:00", "reward", "0.002 ETH", key="R1"),
    event("2024-06-01 00:01", "reward", "-0.001 ETH", key="R2"),
    priced(event("2024-06-01 00:02", "reward", "0.5 SOL in staking", key="R3")),
    event("2024-06-02 00:00", "interest", "0.001 BTC", key="I1"),
    event("2024-06-02 00:01", "interest", "-0.001 BTC", key="I2"),
    event("2024-06-03 00:00", "airdrop", "100 ARB", key="A1"),
    event("2024-06-04 00:00", "fee", "-2 USDT", key="F1"),
    event("2024-06-04 00:01", "fee", "-2 USDT fee", key="F2"),
    event("2024-06-04 00:02", "fee", "-2 USDT fee in perpetual", key="F3"),
    event("2024-06-04 00:03", "fee", "1 USDT fee", key="F4"),
    priced(event("2024-06-05 00:00", "trade", "-1 ETH", "4500 EUR", "-1.5 EUR fee", key="T5")),
    event("2024-06-05 00:01", "trade", "-1 ETH", "3000 USDT", "0.3 USDT fee", key="T3"),
    event("2024-06-05 00:02", "trade", "-1 ETH", "3000 USDT", "-3 USDT fee", key="T6"),
    event("2024-06-06 00:00", "trade", "-1 ETH", "3000 USDT", "-0.3 USDT fee", "-0.1 BNB fee",
          key="T4"),
    event("2024-06-07 00:00", "conversion", "-0.00000123 BTC", "-2 ADA", "0.0001 BNB",
          "-0.000002 BNB fee", key="C1"),
    event("2024-06-08 00:00:00.900", "withdrawal", "-1 SOL", key="W2"),
    event("2024-06-08 00:00:00.950", "deposit", "1 SOL", key="D2"),
    event("2024-06-09 00:00", "adjustment", "0.00000000000000000001 XYZ", key="J1"),
    event("2024-06-10 00:00", "other", "-1E+2 XYZ", key="=1+1"),
    event("2024-06-10 00:01", "unclassified", "-3 USDT", key="E1", type="GIFT_CARD"),
    event("2024-06-11 00:00", "realised_pnl", "150 USDT in perpetual", "-0.5 USDT fee in perpetual",
          key="P1", symbol="BTC/USDT:USDT", quantity="0.25"),
    event("2024-06-11 01:00", "realised_pnl", "-90 USDT in perpetual", "-0.1 BNB fee in perpetual",
          key="P2", symbol="BTC/USDT:USDT"),
    event("2024-06-11 08:00", "funding", "-1.5 USDT in perpetual", key="P3",
          symbol="BTC/USDT:USDT"),
    event("2024-06-11 16:00", "funding", "0.5 USDT in perpetual", key="P4",
          symbol="BTC/USDT:USDT"),
    event("2024-06-12 00:00", "liquidation", "-40 USDT in perpetual", key="L1",
          symbol="ETH/USDT:USDT"),
    event("2024-06-12 00:01", "liquidation", "-1 ETH", "2900 USDT", key="L2"),
    replace(priced(event("2024-06-13 00:00", "trade", "-12.345678901234567891 1INCH", "5 USDT",
          key="T7")), note="=cmd|' /C calc'!A0"),
    tagged(event("2024-06-14 00:00", "deposit", "0.01 BTC", key="G1"), "gift"),
    tagged(event("2024-06-14 00:01", "withdrawal", "-0.01 BTC", key="G2"), "Gift"),
    tagged(event("2024-06-14 00:02", "withdrawal", "-0.01 BTC", key="G3"), "donation"),
    tagged(event("2024-06-14 00:03", "withdrawal", "-0.01 BTC", key="G4"), "lost"),
    tagged(event("2024-06-14 00:04", "withdrawal", "-0.01 BTC", key="G5"), "stolen"),
    tagged(event("2024-06-14 00:05", "withdrawal", "-0.01 BTC", key="G6"), "payment"),
    tagged(event("2024-06-14 00:06", "deposit", "1 BCH", key="G7"), "fork"),
    tagged(event("2024-06-14 00:07", "deposit", "0.1 BTC", key="G8"), "mining"),
    tagged(event("2024-06-14 00:08", "deposit", "5 USDT", key="G9"), "cashback"),
    tagged(event("2024-06-14 00:09", "deposit", "500 USDT", key="G10"), "income"),
    event("2024-06-14 01:00", "mining", "0.1 BTC", key="N1"),
    event("2024-06-14 01:01", "fork", "1 BCH", key="N2"),
    event("2024-06-14 01:02", "gift", "0.01 BTC", key="N3"),
    event("2024-06-14 01:03", "gift", "-0.01 BTC", key="N4"),
    event("2024-06-14 01:04", "payment", "-0.01 BTC", "-0.001 BTC fee", key="N5"),
    event("2024-06-14 01:05", "lost", "-0.01 BTC", "-0.001 BTC fee", key="N6"),
    event("2024-06-14 01:06", "lost", "0.01 BTC", key="N7"),
    event("2024-06-15 00:00", "deposit", key="Z1", status="pending"),
    event("2024-06-16 00:00", "withdrawal", "-500 EUR", "-1 EUR fee", key="B2"),
    *_TOLD,
    *_UNTOLD,
]  # fmt: skip

assert {t.kind for t in EVERY_KIND} == set(TransactionKind)


def moved(transactions: list[ExportTransaction]) -> dict[str, Decimal]:
    """What the ledger says changed, by asset."""
    sums: dict[str, Decimal] = {}
    for transaction in transactions:
        for leg in transaction.legs:
            sums[leg.asset] = sums.get(leg.asset, Decimal(0)) + leg.amount
    return {asset: amount for asset, amount in sums.items() if amount}
