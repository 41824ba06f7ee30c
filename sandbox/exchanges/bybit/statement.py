"""The statement of truth about an account; tests and people read it, never the product."""

from sandbox.amounts import plain
from sandbox.exchanges.bybit import positions
from sandbox.generate.bybit_records import BybitAccount
from sandbox.statement import Statement


def of(account: BybitAccount) -> Statement:
    """Balances by wallet and asset; counts of all rows that the endpoints serve; open positions.

    The ledger is the unified wallet's log and the funding wallet's, transfers are those between
    the two and the orders of savings; executions count as trades whatever they were.
    """
    balances = {
        wallet: {coin: plain(quantity) for coin, quantity in held.items()}
        for wallet, held in account.book.held().items()
    }
    records = {
        "ledger": len(account.log) + len(account.funding_log),
        "trades": sum(len(rows) for rows in account.executions.values()),
        "deposits": len(account.deposits) + len(account.internal_deposits),
        "withdrawals": len(account.withdrawals),
        "transfers": len(account.transfers) + len(account.orders),
        "conversions": len(account.conversions),
    }
    told = positions.told(account)
    return {"balances": balances, "records": records, "positions": told}
