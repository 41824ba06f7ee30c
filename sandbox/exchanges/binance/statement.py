"""The truth about the futures wallets of an account."""

from collections.abc import Iterable

from sandbox.amounts import plain
from sandbox.generate.binance import BinanceLife
from sandbox.generate.binance_contracts import COIN_M, CONTRACTS, USD_M
from sandbox.generate.binance_futures import FuturesLife
from sandbox.statement import Statement, of_binance

BOTH = (USD_M, COIN_M)


def of_all(life: BinanceLife) -> Statement:
    """All wallets; income rows are the ledger, trades of contracts count as trades."""
    told = of_binance(life.account)
    for kind, count in _records(life.futures, BOTH).items():
        told["records"][kind] = told["records"].get(kind, 0) + count
    return told | {"positions": _positions(life.futures, BOTH)}


def of_one(life: BinanceLife, wallet: str) -> Statement:
    """One futures wallet alone, as those see it who register only that."""
    held = of_binance(life.account)["balances"].get(wallet)
    return {
        "balances": {wallet: held} if held else {},
        "records": _records(life.futures, [wallet]),
        "positions": _positions(life.futures, [wallet]),
    }


def _records(life: FuturesLife | None, wallets: Iterable[str]) -> dict[str, int]:
    if life is None:
        return {}
    return {
        "ledger": sum(len(life.served_income(wallet)) for wallet in wallets),
        "trades": sum(
            len(life.served_fills(contract.id))
            for contract in CONTRACTS.values()
            if contract.wallet in wallets
        ),
    }


def _positions(life: FuturesLife | None, wallets: Iterable[str]) -> list[dict[str, str]]:
    open_ = [p for wallet in wallets for p in life.open(wallet)] if life else []
    return [
        {
            "wallet": position.contract.wallet,
            "symbol": position.contract.id,
            "side": "long" if position.quantity > 0 else "short",
            "quantity": plain(abs(position.quantity)),
            "unit": position.contract.unit,
            "entry_price": plain(position.entry),
            "settle_asset": position.contract.settle,
        }
        for position in open_
    ]
