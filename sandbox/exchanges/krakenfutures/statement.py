"""The statement of truth about an account; tests and people read it, never the product."""

from sandbox.amounts import plain
from sandbox.generate.krakenfutures import FuturesAccount
from sandbox.statement import Statement


def of(account: FuturesAccount) -> Statement:
    """Balances (cash, without what open positions have won), counts of rows, open positions.

    The account log is the ledger: rows of positions, which move nothing, are counted too.
    """
    balances = {
        wallet: {code: plain(quantity) for code, quantity in held.items()}
        for wallet, held in account.book.held().items()
    }
    positions = [
        {
            "wallet": position.contract.wallet,
            "symbol": symbol,
            "side": "long" if position.size > 0 else "short",
            "quantity": plain(abs(position.size)),
            "unit": position.contract.base if position.contract.linear else "contracts",
            "entry_price": plain(position.entry),
            "settle_asset": position.contract.settle,
        }
        for symbol, position in account.positions.items()
    ]
    records = {"ledger": len(account.log), "trades": len(account.executions)}
    return {"balances": balances, "records": records, "positions": positions}
