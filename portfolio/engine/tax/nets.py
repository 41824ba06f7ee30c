"""What a transaction of a ledger gave and took, asset by asset, and whether it is a contract's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.export import ExportTransaction
from portfolio.engine.money import ZERO
from portfolio.engine.types import PostingRole, TransactionKind

CONTRACTS = (
    TransactionKind.FUNDING,
    TransactionKind.REALISED_PNL,
    TransactionKind.LIQUIDATION,
)
# Words of wallets by which a fee that comes alone is told: coins bear theirs in the trade.
_OF_CONTRACTS = (
    *("futures", "perp", "collateral", "contract", "swap", "linear", "inverse", "usdm", "coinm"),
)
_OF_COINS = ("spot", "margin", "funding", "earn")


class Net(NamedTuple):
    """What an account got (above zero) or gave of one asset in one transaction."""

    asset: str
    amount: Decimal
    value: Decimal | None


def nets_of(told: ExportTransaction, role: PostingRole) -> list[Net]:
    """What an account got or gave of each asset, in the order of first mention; zeros left out.

    A value is known where that of every amount is.
    """
    amounts: dict[str, Decimal] = {}
    values: dict[str, Decimal | None] = {}
    for leg in told.legs:
        if leg.role is not role:
            continue
        amounts[leg.asset] = money.add(amounts.get(leg.asset, ZERO), leg.amount)
        values[leg.asset] = _plus(values.get(leg.asset, ZERO), leg.value, leg.amount)
    return [
        Net(asset, amount, None if (value := values[asset]) is None else value.copy_abs())
        for asset, amount in amounts.items()
        if amount
    ]


def is_of_contract(told: ExportTransaction) -> bool:
    """Whether a transaction is a cash flow of a contract; fees of opening one come alone."""
    if told.kind is not TransactionKind.FEE:
        return told.kind in CONTRACTS
    if is_in_contracts(told):
        return True
    return "symbol" in told.detail and not _names(told, _OF_COINS)


def is_in_contracts(told: ExportTransaction) -> bool:
    """Whether a transaction moves a wallet that is there for contracts alone, by its name."""
    return _names(told, _OF_CONTRACTS)


def _names(told: ExportTransaction, words: Sequence[str]) -> bool:
    wallets = " ".join(leg.wallet for leg in told.legs).lower()
    return any(word in wallets for word in words)


def after_fees(nets: list[Net], fees: list[Net]) -> tuple[list[Net], list[Net]]:
    """Income less what was kept of it in the same coin: that was never its owner's."""
    kept = {fee.asset: fee for fee in fees if fee.amount < 0}
    found = []
    for net in nets:
        fee = kept.get(net.asset)
        if fee is None or money.add(net.amount, fee.amount) <= 0:
            found.append(net)
            continue
        rest = money.add(net.amount, fee.amount)
        found.append(Net(net.asset, rest, part_of(net.value, rest, net.amount)))
        fees = [other for other in fees if other is not fee]
    return found, fees


def _plus(sofar: Decimal | None, value: Decimal | None, amount: Decimal) -> Decimal | None:
    if sofar is None or value is None:
        return None
    return money.add(sofar, money.negate(value) if amount < 0 else value)


def joined(net: Net, fees: Sequence[Net]) -> Net:
    """What left with its fees in the same coin."""
    amount = money.total([net.amount, *(fee.amount for fee in fees)])
    known = [part.value for part in (net, *fees) if part.value is not None]
    return Net(net.asset, amount, money.total(known) if len(known) == 1 + len(fees) else None)


def part_of(value: Decimal | None, part: Decimal, whole: Decimal) -> Decimal | None:
    """The share of a value that a part of an amount has; None where it is not known."""
    if value is None:
        return None
    return money.divide(money.multiply(value, part), whole)
