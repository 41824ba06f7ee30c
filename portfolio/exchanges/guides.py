"""How to make a key that can only read, exchange by exchange, and what such a key brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Guide:
    """Plain words for people; ``covers`` are (kind, available, reach, note)."""

    give: tuple[str, ...]
    keep: tuple[str, ...]
    steps: tuple[str, ...]
    notes: tuple[str, ...] = ()
    covers: tuple[tuple[str, bool, str, str], ...] = ()

    def capabilities_of(self, make: Callable[..., _Made]) -> tuple[_Made, ...]:
        """Return ``covers`` as whatever ``make`` builds of them."""
        return tuple(
            make(kind, available, reach, note) for kind, available, reach, note in self.covers
        )


_IP = "Restrict the key to this server's address: a key that is bound to it is of no use elsewhere."
_ONLY = "Make a key for Coffer alone; a key that two programs share gets in its own way."

_GUIDES = {
    "binance": Guide(
        give=("Enable Reading",),
        keep=(
            "Enable Spot & Margin Trading",
            "Enable Withdrawals",
            "Enable Internal Transfer",
            "Permits Universal Transfer",
            "Enable Futures",
            "Enable Margin Loan, Repay & Transfer",
            "Enable European Options",
        ),
        steps=(
            "On binance.com open Profile, then Account, then API Management.",
            "Choose Create API, then System generated, and give it a name such as Coffer.",
            "Confirm with your second factor. Only Enable Reading is ticked: leave it so.",
            f"Choose Restrict access to trusted IPs only. {_IP}",
            "Copy the API key and the secret key; the secret is shown only now.",
        ),
        notes=(
            "Binance.US and Binance TR are other companies: choose them in the list instead.",
            "A key without an address and with trading rights loses these rights after a while; "
            "a key that can only read does not expire.",
            "A key that was made before futures were opened does not see them: make a new one.",
            "Binance tells of USDT-M futures for three months only: connect early.",
        ),
        covers=(
            ("balances", True, "", "spot, funding, margin, simple earn, futures"),
            ("trades", True, "from the first trade", "pair by pair; futures: 6 months"),
            ("deposits", True, "from the first deposit", "coins, and money from banks"),
            ("withdrawals", True, "from the first withdrawal", "coins, and money to banks"),
            ("transfers", True, "180 days", "between spot, funding, margin and futures"),
            ("rewards", True, "from the first payout", "distributions, earn and airdrops"),
            ("conversions", True, "from the first one", "and purchases with bank money"),
            ("dust", True, "from December 2020", "what went into it, and the charge"),
            ("interest", True, "90 days", "of margin loans"),
            (
                "ledger",
                True,
                "3 months (COIN-M: a year and more)",
                "futures, and loans from the first on; not spot",
            ),
            ("funding", True, "as the ledger", "as part of the futures ledgers"),
            ("liquidations", True, "180 days", "of margin; of futures as part of their ledgers"),
        ),
    ),
    "kraken": Guide(
        give=("Query (Funds)", "Query closed orders & trades", "Query ledger entries"),
        keep=(
            "Deposit",
            "Withdraw",
            "Earn",
            "Create & modify orders",
            "Cancel & close orders",
            "Access WebSockets API",
            "Add or update withdrawal addresses",
        ),
        steps=(
            "On kraken.com open Settings, then API, and choose Create API key.",
            "Name it, for example Coffer, and tick Query under Funds permissions.",
            "Tick Query closed orders & trades, and Query ledger entries under Data.",
            f"Switch on IP address restriction. {_IP}",
            "Leave expiration and the query start and end dates off: they cut your history.",
            "Do not add a second factor to the key: nobody is there to type it in.",
            "Generate the key and copy both the API key and the private key.",
        ),
        notes=(
            _ONLY,
            "Kraken Futures needs a key of its own: it is another exchange in the list.",
        ),
        covers=(
            ("balances", True, "", "spot, staking and earn"),
            ("ledger", True, "from the first day", "everything that moved, fees included"),
            ("trades", True, "from the first trade", "prices and orders"),
            ("deposits", True, "as far as Kraken lists them", "addresses and transaction ids"),
            ("withdrawals", True, "as far as Kraken lists them", "addresses and transaction ids"),
            ("transfers", True, "from the first day", "as part of the ledger"),
            ("rewards", True, "from the first day", "as part of the ledger"),
        ),
    ),
}


def of(exchange: str, name: str) -> Guide:
    """Return the guide of ``exchange``; a general one where there is none of its own."""
    return _GUIDES.get(exchange) or Guide(
        give=("View, read or query: balances, trades, deposits and withdrawals",),
        keep=("Trade", "Withdraw", "Transfer"),
        steps=(
            f"Sign in at {name} and look for API management in the settings of your account.",
            "Create a key and give it a name, for example Coffer.",
            "Tick only what reads (view, read, query). Leave trade, withdraw and transfer off.",
            f"If addresses can be listed, list this one. {_IP}",
            "Copy what is shown: the secret part is usually shown only once.",
        ),
        notes=(
            "Coffer cannot see what a key of this exchange may do: make sure that it only reads.",
        ),
    )
