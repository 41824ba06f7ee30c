"""Which streams to ask Binance for: it serves trades for one pair at a time only."""

from __future__ import annotations

from portfolio.engine.types import RecordKind
from portfolio.exchanges.profile import MarketRow
from portfolio.exchanges.profiles.binance_futures import BOTH
from portfolio.exchanges.profiles.pairs import PairPlan
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
_DIRECTIONS = (
    *("MAIN_FUNDING", "FUNDING_MAIN"),
    *("MAIN_UMFUTURE", "UMFUTURE_MAIN", "MAIN_CMFUTURE", "CMFUTURE_MAIN"),
    *("FUNDING_UMFUTURE", "UMFUTURE_FUNDING", "FUNDING_CMFUTURE", "CMFUTURE_FUNDING"),
)

PAIRS = PairPlan(_MAIN_QUOTES, _FORMER_QUOTES, _FORMER_COINS)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams, most telling first; a delisted pair may still answer ``myTrades``."""
    return [
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
        StreamSpec("rewards", RecordKind.REWARDS),
        *(stream for wallet in BOTH for stream in wallet.plan),
        *(
            StreamSpec(f"transfers:{way}", RecordKind.TRANSFERS, {"direction": way})
            for way in _DIRECTIONS
        ),
        *PAIRS.streams(known_assets, markets),
    ]
