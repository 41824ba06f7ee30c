"""What OKX still shows of an account: most lists reach back days or months only.

The reach is counted from the anchor, the end of the generated history, not from today: so the demo
accounts do not empty themselves as time goes by.
"""

from sandbox.amounts import ZERO, plain
from sandbox.exchanges.okx import positions
from sandbox.generate.okx import OkxAccount, Row
from sandbox.generate.prices import DAY
from sandbox.statement import Statement

REACH = {"bills": 90, "fills": 90, "lendings": 30, "dusts": 7}  # days; other lists are whole
RECENT_BILLS, RECENT_FILLS, RECENT_ASSET_BILLS = 7, 3, 30


class Served:
    """The rows of an account that are within reach."""

    def __init__(self, account: OkxAccount, anchor_ms: int) -> None:
        self.account = account
        self._anchor = anchor_ms

    def rows(self, name: str, days: int | None = None) -> list[Row]:
        """The rows of a list, those of the last ``days`` where that is less than its reach."""
        kept: list[Row] = getattr(self.account, name)
        reach = days or REACH.get(name)
        if reach is None:
            return kept
        since = self._anchor - reach * DAY
        return [row for row in kept if int(row.get("ts") or row["uTime"]) >= since]

    def statement(self) -> Statement:
        """All balances and open positions; of the records, those that the lists still serve.

        Transfers, rewards, funding payments and liquidations are rows of the two ledgers.
        """
        balances = {
            wallet: {code: plain(amount) for code, amount in held.items() if amount != ZERO}
            for wallet, held in self.account.book.held().items()
        }
        records = {
            "ledger": len(self.rows("bills")) + len(self.rows("asset_bills")),
            "trades": len(self.rows("fills")),
            "deposits": len(self.rows("deposits")),
            "withdrawals": len(self.rows("withdrawals")),
            "interest": len(self.rows("lendings")),
            "conversions": len(self.rows("converts")),
            "dust": len(self.rows("dusts")),
        }
        told = positions.told(self.account)
        return {"balances": balances, "records": records, "positions": told}
