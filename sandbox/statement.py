"""The statement of truth about an account; tests and people read it, never the product."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, exact, plain
from sandbox.generate.binance import BinanceAccount
from sandbox.generate.binance_margin import wallet_of
from sandbox.generate.bingx import BingXLife
from sandbox.generate.kraken import KrakenAccount, wallet_and_asset

MARGIN = wallet_of("")
# Balances by wallet and asset, records by kind; and, where contracts are traded, open positions.
Statement = dict[str, Any]


def of_binance(account: BinanceAccount) -> Statement:
    """Balances by wallet and asset; counts of all rows that the endpoints serve.

    Rows that moved nothing (a cancelled withdrawal, a failed transfer) are counted too. A margin
    balance is what is there less what is owed; what a second list tells once more counts once.
    """
    records = {
        "trades": sum(len(rows) for rows in account.trades.values()),
        "deposits": len(account.deposits),
        "withdrawals": len(account.withdrawals),
        "transfers": len(account.transfers),
        "rewards": len(account.dividends),
    }
    for counts in (account.margin.counts(), account.earn.counts()):
        for kind, number in counts.items():
            records[kind] = records.get(kind, 0) + number
    held = account.book.held()
    plain_wallets = {w: rows for w, rows in held.items() if not w.startswith(MARGIN)}
    return {"balances": _written(plain_wallets | account.margin.net(held)), "records": records}


def of_bingx(life: BingXLife) -> Statement:
    """Balances by wallet and asset; counts of the rows that the endpoints still serve.

    Trades are those of spot and the fills of the perpetual account, whose income is the ledger.
    """
    account = life.account
    spot = sum(len(rows) for rows in account.trades.values())
    records = {
        "trades": spot + len(life.served_fills()),
        "deposits": len(account.deposits),
        "withdrawals": len(account.withdrawals),
        "transfers": len(account.transfers),
        "ledger": len(life.served_income()),
    }
    return {"balances": _written(account.book.held()), "records": records}


def of_kraken(account: KrakenAccount) -> Statement:
    """Balances by wallet and asset, codes translated; counts of all rows that are served.

    The ledger carries every movement, so transfers and rewards are rows of it and not counted
    apart. Trades, deposits and withdrawals are also lists of their own.
    """
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    with exact():
        for code, quantity in account.book.held().get("", {}).items():
            wallet, asset = wallet_and_asset(code)
            sums[wallet][asset] += quantity
    records = {
        "ledger": len(account.ledger),
        "trades": len(account.trades),
        "deposits": len(account.deposits),
        "withdrawals": len(account.withdrawals),
    }
    return {"balances": _written(sums), "records": records}


def _written(
    balances: dict[str, dict[str, Decimal]] | defaultdict[str, defaultdict[str, Decimal]],
) -> dict[str, dict[str, str]]:
    return {
        wallet: {asset: plain(quantity) for asset, quantity in held.items() if quantity != ZERO}
        for wallet, held in balances.items()
    }
