"""What a profile of one futures wallet of Binance takes over from Binance's own."""

from __future__ import annotations

import dataclasses

from portfolio.exchanges import guides
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.profile import Profile
from portfolio.exchanges.profiles import binance
from portfolio.exchanges.profiles.binance_futures import Futures

_KEPT = (
    *(binance.ACCOUNT, binance.RESTRICTIONS),
    *(binance.EXCHANGE_INFO, binance.TIME, binance.PRICES, binance.KLINES),
)
_REACH = {"usdm": "3 months", "coinm": "a year and more"}


def guide_of(futures: Futures) -> Guide:
    """Return how to make the key: as for Binance itself, whose keys they are."""
    reach = _REACH[futures.tag]
    return dataclasses.replace(
        guides.of("binance", "Binance"),
        notes=(
            "One key of Binance reads all of its wallets: choose Binance in the list, unless this "
            "one wallet is all that is wanted. The same account cannot be connected as both.",
            "A key that was made before futures were opened does not see them: make a new one.",
            f"Binance tells of {futures.name} futures for {reach}: connect early.",
        ),
        covers=(
            ("balances", True, "", f"{futures.name} futures"),
            ("ledger", True, reach, "realised profit, fees, funding, liquidations, transfers"),
            ("trades", True, "6 months", "prices of the contracts that the ledger names"),
            ("funding", True, reach, "as part of the ledger"),
            ("liquidations", True, reach, "as part of the ledger"),
            ("transfers", True, reach, "as part of the ledger"),
            ("rewards", True, reach, "as part of the ledger"),
            ("deposits", False, "", "they go to the spot and funding wallets"),
            ("withdrawals", False, "", "they leave from the spot and funding wallets"),
        ),
    )


def profile_of(exchange: str, futures: Futures) -> Profile:
    """Return the profile: same key, same audit and account number, prices of the spot pairs."""
    return dataclasses.replace(
        binance.PROFILE,
        exchange=exchange,
        read_list=(*_KEPT, *futures.calls),
        # Without this wallet the connection is of no use, so a refusal is not passed over.
        balances=(dataclasses.replace(futures.balance, absent_codes=frozenset()),),
        balances_refused=f"This key may not read {futures.name} futures: tick Enable Reading.",
        accounts=None,
        positions=(futures.positions,),
        streams=futures.streams,
        plan=lambda known_assets, markets: list(futures.plan),
        plan_needs_markets=False,
        guide=guide_of(futures),
    )
