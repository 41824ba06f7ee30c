"""Which streams to ask Binance for: it serves trades for one pair at a time only."""

from __future__ import annotations

from collections.abc import Iterator

from portfolio.engine.types import RecordKind
from portfolio.exchanges.profile import MarketRow
from portfolio.exchanges.types import StreamSpec

_MAIN_QUOTES = ("USDT", "USDC", "BTC", "EUR", "BNB", "BUSD", "ETH", "FDUSD", "TUSD", "TRY", "GBP")
# Pairs that are no longer listed: these quotes had pairs with most coins, and these coins have left
# the exchange over the years (its delisting notices; renamed ones under their old names too).
_FORMER_QUOTES = ("USDT", "BTC", "BUSD", "ETH", "BNB")
_FORMER_COINS = frozenset(
    """
    AION AKRO ANT ANY APPC ARN ATM AUTO BCC BCD BCHABC BCHSV BCN BCPT BEAM BNX BOND BQX BTCST BTG
    BTS BTT BURGER BZRX CDT CHAT CLOAK CMT COCOS COMBO COS CTXC CVC CVP DATA DGD DLT DNT DOCK DREP
    EDO ELF ENG EPX ERD EVX FOR FTT FUEL FUN GNT GRS GTO GVT GXS HC HNT HSR ICN INS IRIS KEEP KEY
    KMD KP3R LEND LINA LOOM LRC LUN MATIC MCO MDA MFT MIR MITH MOB MOD MTH MULTI NANO NAS NAV NEBL
    NPXS NU NULS OAX OCEAN OMG ORN OST PERL PHB PHX PIVX PNT POA POE POLS POLY PPT PRO QLC QSP RAMP
    RCN RDN REEF REN REPV2 REQ RLC RPX SALT SNGLS SNM SNT SRM STMX STORM STRAT SUB SWRV TCT TNB TNT
    TOMO TORN TRIB TRIG UNFI UST VAI VEN VIA VIB VIBE VIDT WABI WAVES WING WINGS WNXM WPR WTC XEM
    XMR XVG XZC YOYO ZEC
    """.split()  # noqa: SIM905  (a table of names reads better so)
)
_DIRECTIONS = ("MAIN_FUNDING", "FUNDING_MAIN")


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams, most telling first.

    Trades are served per pair only. First the listed pairs of assets seen anywhere else, then the
    pairs these assets may have had before they were delisted (``myTrades`` still answers for some),
    then every other listed pair, and the pairs of coins that have left Binance: an asset that was
    bought and sold again shows in no balance. All but the first are marked as ``sweep``.
    """
    fixed = [
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
        StreamSpec("rewards", RecordKind.REWARDS),
        *(
            StreamSpec(f"transfers:{way}", RecordKind.TRANSFERS, {"direction": way})
            for way in _DIRECTIONS
        ),
    ]
    likely = sorted(markets, key=lambda row: _unlikeliness(row, known_assets))
    hot = [row for row in likely if _is_candidate(row, known_assets)]
    cold = [row for row in likely if not _is_candidate(row, known_assets)]
    listed = {row.symbol for row in markets}
    former = list(_former(known_assets, _FORMER_QUOTES, listed))
    left = list(_former(_FORMER_COINS - known_assets, _FORMER_QUOTES[:2], listed))
    return [
        *fixed,
        *(_trades(row, is_hot=True) for row in hot),
        *(_trades(row, is_hot=False) for row in (*former, *cold, *left)),
    ]


def _is_candidate(row: MarketRow, known: frozenset[str]) -> bool:
    return row.base in known and (row.quote in known or row.quote in _MAIN_QUOTES)


def _unlikeliness(row: MarketRow, known: frozenset[str]) -> tuple[bool, bool, int, str]:
    order = {quote: place for place, quote in enumerate(_MAIN_QUOTES)}
    place = order.get(row.quote, len(order))
    return (row.base not in known, row.quote not in known, place, row.symbol)


def _former(
    bases: frozenset[str], quotes: tuple[str, ...], listed: set[str]
) -> Iterator[MarketRow]:
    for quote in quotes:
        for base in sorted(bases - {quote}):
            if base.isalnum() and base + quote not in listed and quote + base not in listed:
                yield MarketRow(base + quote, base, quote, trading=False)


def _trades(row: MarketRow, *, is_hot: bool) -> StreamSpec:
    scope = {"symbol": row.symbol, "base": row.base, "quote": row.quote}
    if not is_hot:
        scope["sweep"] = "yes"
    return StreamSpec(f"trades:{row.symbol}", RecordKind.TRADES, scope)
