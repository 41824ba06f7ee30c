"""What a Bitfinex key may do and sees (wallets, open positions), and how to make such a key."""

from __future__ import annotations

from portfolio.engine.types import ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import bitfinex as normalisers
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import PermissionAudit, Verdict

_TRADES = {"orders", "positions", "funding"}
_NEEDED = ("account", "history", "wallets")


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by its rows of (scope, may read, may write); any right to write is dangerous.

    Whoever writes wallets moves funds between accounts; scopes that are not known count as that.
    """
    rows = [(str(scope), bool(reads), bool(writes)) for scope, reads, writes in exact.loads(text)]
    reads = tuple(f"{scope}: read" for scope, may, _ in rows if may)
    writing = [scope for scope, _, may in rows if may]
    verdict = Verdict.READ_ONLY
    if writing:
        tradable = all(scope in _TRADES for scope in writing)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    dangerous = tuple(f"{scope}: write" for scope in writing)
    return PermissionAudit(
        verdict=verdict,
        permissions=reads + dangerous,
        dangerous=dangerous,
        ip_restricted=None,
        ip_allowlist=(),
        created_at=None,
        expires_at=None,
        account_uid="",
        missing=tuple(scope for scope in _NEEDED if f"{scope}: read" not in reads),
        raw=text,
    )


def read_balances(text: str) -> list[ReportedBalance]:
    """Read rows of [wallet, currency, balance, ...]: cash, without what positions have won."""
    found = (
        ReportedBalance(
            normalisers.wallet(str(row[0]), str(row[1])),
            normalisers.asset(str(row[1])),
            number(row[2]),
        )
        for row in exact.loads(text)
    )
    return [balance for balance in found if balance.quantity]


def read_positions(text: str) -> list[ReportedPosition]:
    """Read rows of [pair, status, amount (negative: short), mean price, ..., profit or loss]."""
    return [_position(row) for row in exact.loads(text) if row[1] == "ACTIVE" and number(row[2])]


def _position(row: list[object]) -> ReportedPosition:
    base, quote = normalisers.sides(str(row[0]))
    amount = number(row[2])
    settles = normalisers.asset(quote)
    return ReportedPosition(
        wallet=normalisers.wallet(normalisers.MARGIN, quote),
        symbol=str(row[0]),
        side="short" if amount < 0 else "long",
        quantity=amount.copy_abs(),
        unit=normalisers.asset(base),
        entry_price=None if row[3] is None else number(row[3]),
        mark_price=None,
        price_asset=settles,
        unrealised_pnl=None if row[6] is None else number(row[6]),
        settle_asset=settles,
    )


GUIDE = Guide(
    give=(
        "Account Info: Get account fee information",
        "Account History: Get historical balances entries and trade information",
        "Wallets: Get wallet balances and addresses",
        "Margin Trading: Get position and margin info (for open positions)",
    ),
    keep=(
        "Orders: Create and cancel orders",
        "Margin Trading: Claim or close a position",
        "Margin Funding: Offer, cancel and close funding",
        "Wallets: Transfer between your wallets",
        "Withdraw: Create a new withdrawal",
        "Settings: Write settings",
    ),
    steps=(
        "On bitfinex.com open your account menu, then API Keys, and choose Create New Key.",
        "Switch on what reads: under Account Info, Account History, Wallets and Margin Trading the "
        "line that begins with Get. Switch off everything that is on besides.",
        "Allow access from this server's IP address only: a key that is bound to it is of no use "
        "elsewhere.",
        "Name it, for example Coffer, generate the key and confirm it by mail.",
        "Copy the API key and the API key secret; the secret is shown only now.",
    ),
    notes=(
        "Make a key for Coffer alone: Bitfinex counts the requests of a key, and two programs that "
        "share one get in each other's way.",
        "Every sub-account needs a key of its own.",
    ),
    covers=(
        ("balances", True, "", "exchange, margin, derivatives and funding wallets"),
        ("positions", True, "", "margin and derivatives"),
        ("ledger", True, "6 years", "everything that moved, fees included"),
        ("trades", True, "as far as Bitfinex lists them", "prices and orders"),
        ("deposits", True, "as far as Bitfinex lists them", "addresses and transaction ids"),
        ("withdrawals", True, "as far as Bitfinex lists them", "addresses and transaction ids"),
        ("transfers", True, "6 years", "as part of the ledger"),
        ("rewards", True, "6 years", "as part of the ledger"),
        ("interest", True, "6 years", "as part of the ledger"),
        ("funding", True, "6 years", "as part of the ledger"),
        ("liquidations", True, "6 years", "as part of the ledger"),
    ),
)
