"""Random ledgers: several connections with several wallets, whatever can happen in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from portfolio.engine.export import Counterpart, ExportLeg, ExportTransaction, TransferPiece
from portfolio.engine.types import PostingRole, TransactionKind

START = datetime(2024, 2, 28, 23, 59, 50, tzinfo=UTC)
ACCOUNTS = {"a1": ("Main", "binance"), "a2": ("=Second", "kraken"), "a3": ("Main", "binance")}
WALLETS = ("spot", "staking", "perpetual")
ASSETS = ("BTC", "EUR", "USD", "BNB", "1INCH", "SOL")
TAGS = ("gift", "donation", "payment", "stolen", "staking", "mining", "fork", "cashback", "note")

Happening = tuple[ExportTransaction, ...]

# Some collide in a second, some are days apart.
moments = st.integers(0, 40).map(
    lambda n: START + timedelta(milliseconds=n * 400) + timedelta(days=n // 30 * 2)
)
amounts = st.decimals("0.000000000000000001", "30", places=18) | st.decimals("0.1", "5", places=1)
accounts = st.sampled_from(sorted(ACCOUNTS))


def _signed(amount: Decimal, is_out: bool) -> Decimal:
    return amount.copy_negate() if is_out else amount


legs = st.builds(
    ExportLeg,
    wallet=st.sampled_from(WALLETS),
    asset=st.sampled_from(ASSETS),
    amount=st.builds(_signed, amounts, st.booleans()) | st.just(Decimal(0)),
    role=st.sampled_from([PostingRole.PRINCIPAL, PostingRole.PRINCIPAL, PostingRole.FEE]),
    value=st.none() | st.decimals("0", "1000", places=2),
)


def transaction(
    account: str, at: datetime, kind: TransactionKind, *moved: ExportLeg, tags: tuple[str, ...] = ()
) -> ExportTransaction:
    label, exchange = ACCOUNTS[account]
    return ExportTransaction(
        id=0,
        occurred_at=at,
        kind=kind,
        account=account,
        account_label=label,
        exchange=exchange,
        key="",
        legs=moved,
        tags=tags,
        detail={"symbol": "BTC/USDT"},
    )


singles: st.SearchStrategy[Happening] = st.builds(
    lambda account, at, kind, moved, tags: (transaction(account, at, kind, *moved, tags=tags),),
    accounts,
    moments,
    st.sampled_from(list(TransactionKind)),
    st.lists(legs, max_size=5),
    st.lists(st.sampled_from(TAGS), max_size=2).map(tuple),
)


@st.composite
def own_moves(draw: Callable[..., object]) -> Happening:
    """Two halves in two wallets of one connection, told apart."""
    account, at, amount = draw(accounts), draw(moments), draw(amounts)
    assert isinstance(account, str)
    assert isinstance(at, datetime)
    assert isinstance(amount, Decimal)
    kind = TransactionKind.TRANSFER
    return (
        transaction(account, at, kind, ExportLeg("spot", "BTC", amount.copy_negate())),
        transaction(account, at + timedelta(seconds=3), kind, ExportLeg("staking", "BTC", amount)),
    )


@st.composite
def transfers(draw: Callable[..., object]) -> Happening:
    """A withdrawal that arrived in another connection, its fee told, untold or none."""
    at, amount, lost = draw(moments), draw(amounts), draw(amounts)
    assert isinstance(at, datetime)
    assert isinstance(amount, Decimal)
    assert isinstance(lost, Decimal)
    is_told, is_lost = draw(st.booleans()), draw(st.booleans())
    gone = [ExportLeg("spot", "BTC", (amount + lost if is_lost else amount).copy_negate())]
    if is_told:
        gone.append(ExportLeg("spot", "BTC", lost.copy_negate(), PostingRole.FEE))
    out = transaction("a1", at, TransactionKind.WITHDRAWAL, *gone)
    into = transaction(
        "a2", at + timedelta(minutes=9), TransactionKind.DEPOSIT, ExportLeg("spot", "BTC", amount)
    )
    return (
        replace(out, transfer=1, counterpart=_seen(into)),
        replace(into, transfer=1, counterpart=_seen(out)),
    )


@st.composite
def batches(draw: Callable[..., object]) -> Happening:
    """A withdrawal that arrived in two parts, and perhaps not whole."""
    at, first, second, rest = draw(moments), draw(amounts), draw(amounts), draw(amounts)
    assert isinstance(at, datetime)
    assert isinstance(first, Decimal)
    assert isinstance(second, Decimal)
    assert isinstance(rest, Decimal)
    left = rest if draw(st.booleans()) else Decimal(0)
    whole = ExportLeg("spot", "SOL", (first + second + left).copy_negate())
    fee = ExportLeg("spot", "BNB", rest.copy_negate(), PostingRole.FEE)
    out = transaction("a1", at, TransactionKind.WITHDRAWAL, whole, fee)
    later, kind = at + timedelta(minutes=9), TransactionKind.DEPOSIT
    parts = [
        transaction(account, later, kind, ExportLeg("spot", "SOL", amount))
        for account, amount in (("a2", first), ("a3", second))
    ]
    pieces = [
        TransferPiece(number, "SOL", abs(part.legs[0].amount), _seen(part))
        for number, part in enumerate(parts, start=1)
    ]
    return (
        replace(out, transfer=1, pieces=tuple(pieces)),
        *(replace(part, transfer=1, counterpart=_seen(out)) for part in parts),
    )


def _seen(other: ExportTransaction) -> Counterpart:
    leg = other.legs[0]
    return Counterpart(
        0, other.account, other.account_label, other.exchange, leg.wallet, leg.asset,
        abs(leg.amount),
    )  # fmt: skip


def _ledger(happened: list[Happening]) -> list[ExportTransaction]:
    """One history, oldest first, everything numbered."""
    told = [
        replace(one, transfer=number if one.transfer else None, key=f"K{number}.{part}")
        for number, parts in enumerate(happened, start=1)
        for part, one in enumerate(parts)
    ]
    told.sort(key=lambda one: one.occurred_at)
    return [replace(one, id=number) for number, one in enumerate(told, start=1)]


ledgers = st.lists(singles | singles | own_moves() | transfers() | batches(), max_size=20).map(
    _ledger
)
