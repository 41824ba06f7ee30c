"""What every ccxt class is to leave as it came: rows that a filter would hide, pairs of the past.

ccxt drops rows earlier than was asked for or beyond a number, and knows no pair that is listed no
more. Here nothing is dropped: what came shows whether a page was cut off, and is a record.
"""

from __future__ import annotations

from typing import Any

from portfolio.exchanges import former


class Whole:
    """Goes before a ccxt class."""

    markets: Any
    currencies: Any

    def filter_by_limit(self, array: Any, *_: Any, **__: Any) -> Any:
        """Cut nothing off."""
        return array

    def filter_by_since_limit(self, array: Any, *_: Any, **__: Any) -> Any:
        """Leave nothing out by its time."""
        return super().filter_by_since_limit(array)  # type: ignore[misc]

    def filter_by_value_since_limit(
        self, array: Any, field: Any, value: Any = None, *_: Any, **__: Any
    ) -> Any:
        """Leave out what is of another pair or coin, and nothing else."""
        return super().filter_by_value_since_limit(array, field, value)  # type: ignore[misc]

    def safe_market(self, marketId: Any = None, *rest: Any, **more: Any) -> Any:
        """Know a pair that is listed no more by its name."""
        found = super().safe_market(marketId, *rest, **more)  # type: ignore[misc]
        if not marketId or found.get("base"):
            return found
        return former.by_id(self.markets, self.currencies, marketId) or found

    def market(self, symbol: Any) -> Any:
        """Let a pair be asked for that is listed no more; ccxt would refuse by itself."""
        is_known = symbol in (self.markets or {}) or str(symbol).count("/") != 1
        made = None if is_known or ":" in symbol else former.by_symbol(self.markets, symbol)
        return made or super().market(symbol)  # type: ignore[misc]
