"""Which pairs to ask for where an exchange serves trades for one pair at a time only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portfolio.engine.types import RecordKind
from portfolio.exchanges.profile import MarketRow
from portfolio.exchanges.types import StreamSpec


@dataclass(frozen=True, slots=True)
class PairPlan:
    """What is known of an exchange's pairs, past and present.

    ``main_quotes`` are the currencies that most coins trade in, likeliest first.
    ``former_quotes`` had pairs with most coins that are listed no more; of ``former_coins``, which
    have left the exchange, only the first ``former_coin_quotes`` of them are asked for.
    """

    main_quotes: tuple[str, ...]
    former_quotes: tuple[str, ...] = ()
    former_coins: frozenset[str] = frozenset()
    former_coin_quotes: int = 2
    name: Callable[[str, str], str] = lambda base, quote: base + quote

    def streams(self, known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
        """Return the streams ``trades:<symbol>``, most telling first.

        First the listed pairs of assets seen anywhere else, then the pairs these assets may have
        had before they were delisted, then every other listed pair, and the pairs of coins that
        have left: an asset that was bought and sold again shows in no balance. All but the first
        are marked as ``sweep``.
        """
        likely = sorted(markets, key=lambda row: self._unlikeliness(row, known_assets))
        hot = [row for row in likely if self._is_candidate(row, known_assets)]
        cold = [row for row in likely if not self._is_candidate(row, known_assets)]
        listed = {row.symbol for row in markets}
        former = self._former(known_assets, self.former_quotes, listed)
        quotes = self.former_quotes[: self.former_coin_quotes]
        left = self._former(self.former_coins - known_assets, quotes, listed)
        return [
            *(_trades(row, is_hot=True) for row in hot),
            *(_trades(row, is_hot=False) for row in (*former, *cold, *left)),
        ]

    def _is_candidate(self, row: MarketRow, known: frozenset[str]) -> bool:
        return row.base in known and (row.quote in known or row.quote in self.main_quotes)

    def _unlikeliness(self, row: MarketRow, known: frozenset[str]) -> tuple[bool, bool, int, str]:
        order = {quote: place for place, quote in enumerate(self.main_quotes)}
        place = order.get(row.quote, len(order))
        return (row.base not in known, row.quote not in known, place, row.symbol)

    def _former(
        self, bases: frozenset[str], quotes: tuple[str, ...], listed: set[str]
    ) -> Iterator[MarketRow]:
        for quote in quotes:
            for base in sorted(bases - {quote}):
                symbol, turned = self.name(base, quote), self.name(quote, base)
                if base.isalnum() and symbol not in listed and turned not in listed:
                    yield MarketRow(symbol, base, quote, trading=False)


def _trades(row: MarketRow, *, is_hot: bool) -> StreamSpec:
    scope = {"symbol": row.symbol, "base": row.base, "quote": row.quote}
    if not is_hot:
        scope["sweep"] = "yes"
    return StreamSpec(f"trades:{row.symbol}", RecordKind.TRADES, scope)
