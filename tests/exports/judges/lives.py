"""A ledger with everything in it, and random ones, for the programs to judge."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import Counterpart, ExportLeg, ExportTransaction
from portfolio.engine.types import PostingRole, TransactionKind
from tests.exports.builders import leg

# What one of each was worth, in the currency of the export; it grows by a thousandth a day.
PRICES = {
    "BTC": "40000",
    "ETH": "2500",
    "BNB": "300",
    "USDT": "0.998",
    "EUR": "1.08",
    "ARB": "1.2",
    "SOL": "90",
    "BCH": "400",
    "PEPE": "0.00000123",
    "1INCH": "0.4",
    "X1INCH": "7",
    "$WEN": "0.001",
    "a/b": "3",
    "ΨTOK": "2",
}
_FIRST = datetime(2024, 4, 10, tzinfo=UTC)
_ids = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Account:
    """A connection as an export tells it."""

    id: str
    label: str
    exchange: str


MAIN = Account("k", "Main", "kraken")
TWIN = Account("k2", "Main", "kraken")  # a second account with the same label
BYBIT = Account("b", "Main", "bybit")
COLD = Account("c", 'Cold; "store", {no. 1}: =x', "manual")


def value(asset: str, amount: Decimal, at: datetime, currency: str) -> Decimal | None:
    """What an amount was worth; None for assets that nobody prices."""
    if asset == currency:
        return amount.copy_abs()
    if asset not in PRICES:
        return None
    grown = Decimal(1000 + (at - _FIRST).days) / 1000
    price = money.multiply(Decimal(PRICES[asset]), grown)
    return money.multiply(price, amount.copy_abs()).quantize(Decimal("1e-12"), context=money.EXACT)


def tell(
    at: str | datetime, kind: str, *legs: str | ExportLeg, on: Account = MAIN,
    currency: str = "USD", **more: object,
) -> ExportTransaction:  # fmt: skip
    """A transaction; its amounts are valued."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
    read = [leg(text) if isinstance(text, str) else text for text in legs]
    number = next(_ids)
    return ExportTransaction(
        id=number,
        occurred_at=moment,
        kind=TransactionKind(kind),
        account=on.id,
        account_label=on.label,
        exchange=on.exchange,
        key=f"T{number}",
        legs=tuple(
            replace(one, value=value(one.asset, one.amount, moment, currency)) for one in read
        ),
        **more,  # type: ignore[arg-type]
    )


def own_transfer(
    sent: ExportTransaction, received: ExportTransaction, number: int
) -> list[ExportTransaction]:
    """Both halves of an accepted own transfer, each told of the other."""
    out = next(one for one in sent.legs if one.role == PostingRole.PRINCIPAL)
    into = next(one for one in received.legs if one.role == PostingRole.PRINCIPAL)
    return [
        replace(sent, transfer=number, counterpart=_other(received, into)),
        replace(received, transfer=number, counterpart=_other(sent, out)),
    ]


def _other(transaction: ExportTransaction, half: ExportLeg) -> Counterpart:
    return Counterpart(
        transaction.id,
        transaction.account,
        transaction.account_label,
        transaction.exchange,
        half.wallet,
        half.asset,
        half.amount.copy_abs(),
    )


def everything(cur: str = "USD") -> list[ExportTransaction]:
    """Every kind of transaction, and what is odd about real ones; oldest first."""

    def of(at: str, kind: str, *legs: str, **more: object) -> ExportTransaction:
        return tell(at, kind, *legs, currency=cur, **more)  # type: ignore[arg-type]

    nasty = 'a "note"; with {all} [2024-13-45] | date:2024-99-99, \\ and\na line  = x @ y #t ^l'
    return [
        of("2024-04-10 09:00", "deposit", f"200000.00 {cur}", note="bank in"),
        of("2024-04-10 10:00", "trade", "2 BTC", f"-80000.00 {cur}", f"-120.01 {cur} fee",
           detail={"symbol": "BTC/X", "txid": "0xaa"}),
        of("2024-05-01 08:00", "trade", "12 BNB", "-0.1 BTC", note=nasty, tags=("a b", '"c"')),
        of("2024-05-02 11:30:00.123456", "trade", "1 ETH", "-0.0625 BTC", "-0.01 BNB fee"),
        of("2024-05-02 12:00", "trade", "0.123456789012345678 ETH", f"-300.123456 {cur}",
           "-0.000000000123456789 ETH fee"),
        # Twins: the same trade twice in the same second.
        of("2024-05-02 13:00:01", "trade", "0.5 ETH", f"-1250 {cur}", f"-0.5 {cur} fee"),
        of("2024-05-02 13:00:01", "trade", "0.5 ETH", f"-1250 {cur}", f"-0.5 {cur} fee"),
        *own_transfer(
            of("2024-05-03 12:00", "withdrawal", "-0.5 BTC", "-0.0005 BTC fee"),
            of("2024-05-03 12:20", "deposit", "0.5 BTC", on=COLD), 1),
        of("2024-05-04 12:00", "transfer", "-0.2 ETH", "0.2 ETH in earn"),
        *own_transfer(
            of("2024-05-05 12:00", "transfer", "-0.1 ETH in earn"),
            of("2024-05-05 12:00:03", "transfer", "0.1 ETH"), 2),
        of("2024-06-01 00:00", "reward", "0.002 ETH in earn"),
        of("2024-06-01 00:01", "reward", "0.000000000000000001 ETH in earn"),
        of("2024-06-01 00:02", "reward", "-0.00001 ETH in earn"),
        of("2024-06-02 00:00", "interest", "0.001 BTC"),
        of("2024-06-03 00:00", "airdrop", "100 ARB"),
        of("2024-06-03 00:01", "airdrop", "5 1INCH", "2 X1INCH", "1000 $WEN", "7 a/b",
           "0.25 ΨTOK", "4 OLD"),
        of("2024-06-03 06:00", "airdrop", "123456789012.123456789 PEPE"),
        of("2024-06-03 22:00", "trade", "20000 USDT", "-0.4 BTC", "-20 USDT fee"),
        *own_transfer(
            of("2024-06-03 23:00", "withdrawal", "-2000 USDT"),
            of("2024-06-03 23:30", "deposit", "1999 USDT in futures", on=BYBIT), 3),
        of("2024-06-05 00:00", "realised_pnl", "150 USDT in futures", on=BYBIT),
        of("2024-06-06 00:00", "realised_pnl", "-90 USDT in futures", "-0.25 USDT in futures fee",
           on=BYBIT),
        of("2024-06-06 08:00", "funding", "-1.5 USDT in futures", on=BYBIT),
        of("2024-06-06 16:00", "funding", "0.5 USDT in futures", on=BYBIT),
        of("2024-06-06 17:00", "liquidation", "-25.25 USDT in futures", on=BYBIT),
        of("2024-06-06 18:00", "interest", "-0.2 USDT in futures", on=BYBIT),
        of("2024-06-06 19:00", "fee", "-2 USDT in futures fee", on=BYBIT),
        of("2024-06-06 20:00", "fee", "0.3 USDT in futures fee", on=BYBIT),
        of("2024-06-06 21:00", "fee", "-1 USDT", on=MAIN),
        of("2024-06-07 00:00", "conversion", "-0.00000123 BTC", "-2 ARB", "0.0001 BNB",
           "-0.000002 BNB fee"),
        of("2024-06-07 01:00", "trade", "100 USDT", "-0.04 ETH", "-0.1 USDT fee",
           "-0.0001 BNB fee"),
        of("2024-06-07 02:00", "deposit", "500 EUR"),
        of("2024-06-07 03:00", "trade", "500 USDT", "-480 EUR"),
        of("2024-06-08 00:00", "withdrawal", "-0.01 BTC", on=COLD),
        of("2024-06-08 01:00", "deposit", "3 SOL"),
        of("2024-06-08 02:00", "conversion", "-1 SOL", "-10 ARB", "100 USDT", "0.0001 BTC"),
        of("2024-06-08 03:00", "conversion", "-1 OLD", "10 USDT"),
        of("2024-06-08 04:00", "conversion", "-1 OLD", "3 NEVER"),
        of("2024-06-08 05:00", "conversion", "-1 OLD", "-1 NEVER", "0.001 BTC"),
        of("2024-06-09 00:00", "adjustment", "0.5 SOL"),
        of("2024-06-09 01:00", "adjustment", "-0.25 SOL"),
        of("2024-06-10 00:00", "other", "10 USDT"),
        of("2024-06-10 00:01", "other", "-10 USDT"),
        of("2024-06-11 00:00", "unclassified", "1 SOL", detail={"type": "GIFT_CARD"}),
        of("2024-06-11 00:01", "unclassified", "-1 SOL", detail={"type": "GIFT_CARD"}),
        of("2024-06-11 01:00", "mining", "0.0001 BTC"),
        of("2024-06-11 02:00", "fork", "1 BCH"),
        of("2024-06-11 03:00", "gift", "0.02 ETH"),
        of("2024-06-11 04:00", "gift", "-0.01 ETH"),
        of("2024-06-11 05:00", "payment", "-0.003 BTC", "-0.00001 BTC fee"),
        of("2024-06-11 06:00", "lost", "-0.001 BTC", on=COLD),
        of("2024-06-12 00:00", "deposit", f"1000 {cur}", on=TWIN),
        of("2024-06-12 00:01", "trade", "0.02 BTC", f"-812.34 {cur}", "-0.00001 BTC fee", on=TWIN),
        of("2024-06-12 00:02", "other", on=TWIN),
        of("2024-06-13 00:00:00", "trade", "-0.01 BTC", f"420 {cur}", on=TWIN),
        of("2024-06-13 00:00:00", "trade", "0.01 BTC", f"-421 {cur}", on=TWIN),
    ]  # fmt: skip


_UNSETTLED = {TransactionKind.ADJUSTMENT, TransactionKind.OTHER, TransactionKind.UNCLASSIFIED}
_ONE_WAY = {TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL}


def settled(transactions: list[ExportTransaction], money: set[str]) -> list[ExportTransaction]:
    """Without what a person would have to clear up before any tax report.

    Left out are unmatched deposits and withdrawals, what has no price, and what came of them.
    """
    return [
        one
        for one in transactions
        if one.kind not in _UNSETTLED
        and (one.kind not in _ONE_WAY or one.counterpart or one.legs[0].asset in money)
        and not {leg.asset for leg in one.legs} & {"SOL", "OLD", "NEVER"}
    ]


Place = tuple[str, str, str]  # the account's id, the wallet, the asset


def held(transactions: Iterable[ExportTransaction]) -> dict[Place, Decimal]:
    """What each wallet holds of each asset; zeros left out."""
    sums: dict[Place, Decimal] = defaultdict(Decimal)
    for transaction in transactions:
        for one in transaction.legs:
            place = (transaction.account, one.wallet, one.asset)
            sums[place] = money.add(sums[place], one.amount)
    return {place: amount for place, amount in sums.items() if amount}


_KINDS = [kind.value for kind in TransactionKind]
_ASSETS = ["BTC", "ETH", "USDT", "EUR", "1INCH", "ΨTOK", "NEVER", "USD"]


def random_life(
    seed: int, events: int = 40, assets: list[str] = _ASSETS
) -> list[ExportTransaction]:
    """A ledger in which anything may follow anything; the same seed gives the same."""
    chance = random.Random(seed)
    moment = _FIRST
    # Each account is named first, in the same order.
    told = [tell(moment, "deposit", "1 USD", on=on) for on in (MAIN, TWIN, BYBIT, COLD)]
    while len(told) < events:
        moment += timedelta(seconds=chance.choice([0, 0, 1, 3600, 86400, 200000]))
        on = chance.choice([MAIN, MAIN, BYBIT, TWIN])
        legs = [_random_leg(chance, assets) for _ in range(chance.choice([0, 1, 1, 2, 2, 2, 3, 5]))]
        kind = chance.choice(_KINDS)
        one = tell(moment, kind, *legs, on=on)
        if kind == "withdrawal" and len(legs) == 1 and legs[0].amount < 0:
            told += _with_arrival(chance, one, moment)
        else:
            told.append(one)
    return sorted(told, key=lambda one: one.occurred_at)


def _random_leg(chance: random.Random, assets: list[str]) -> ExportLeg:
    digits = chance.choice([0, 1, 2, 8, 18])
    amount = Decimal(chance.randint(-(10**6), 10**6)) + Decimal(
        chance.randint(0, 10**digits)
    ).scaleb(-digits)
    role = chance.choice([PostingRole.PRINCIPAL, PostingRole.PRINCIPAL, PostingRole.FEE])
    return ExportLeg(chance.choice(["spot", "earn"]), chance.choice(assets), amount, role)


def _with_arrival(
    chance: random.Random, sent: ExportTransaction, moment: datetime
) -> list[ExportTransaction]:
    (out,) = sent.legs
    arrived = out.amount.copy_abs() * chance.choice([Decimal(1), Decimal("0.99")])
    into = tell(
        moment + timedelta(minutes=chance.randint(-5, 600)),
        "deposit", ExportLeg("spot", out.asset, arrived), on=COLD,
    )  # fmt: skip
    return own_transfer(
        replace(sent, legs=(replace(out, role=PostingRole.PRINCIPAL),)), into, sent.id
    )


def several(lives: list[list[ExportTransaction]]) -> list[ExportTransaction]:
    """Several ledgers in one, each with accounts of its own; oldest first."""
    told = [_of(one, number) for number, life in enumerate(lives) for one in life]
    return sorted(told, key=lambda one: one.occurred_at)


def _of(one: ExportTransaction, number: int) -> ExportTransaction:
    other = one.counterpart
    if other is not None:
        label = f"{other.account_label} of {number}"
        other = replace(other, account=f"{other.account} {number}", account_label=label)
    label = f"{one.account_label} of {number}"
    return replace(one, account=f"{one.account} {number}", account_label=label, counterpart=other)
