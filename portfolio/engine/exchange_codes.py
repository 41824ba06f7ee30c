"""Codes that exchanges have for assets, and the asset each is: the same in answers and in files.

An event that both tell of would be two if they named its coin otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

# By ccxt's id of the exchange; Kraken's names have rules of their own, below.
ALIASES: dict[str, dict[str, str]] = {
    "coinbase": {"CGLD": "CELO", "ETH2": "ETH"},
    "coinbaseexchange": {"CGLD": "CELO"},
    "bitget": {
        "TONCOIN": "TON",
        "APX": "AstroPepeX",
        "DEGEN": "DegenReborn",
        "EVA": "Evadore",
        "JADE": "JadeProtocol",
        "OMNI": "omni",
    },
    "bitvavo": {"MIOTA": "IOTA"},
    "okx": {"AE": "AET"},
    "kucoin": {
        "XBT": "BTC",
        "BIFI": "BIFIF",
        "VAI": "VAIOT",
        "WAX": "WAXP",
        "ALT": "APTOSLAUNCHTOKEN",
        "KALT": "ALT",
        "FUD": "FTX Users' Debt",
    },
    "bitfinex": {
        "ALG": "ALGO",
        "AMP": "AMPL",
        "ATO": "ATOM",
        "BCHABC": "XEC",
        "BCHN": "BCH",
        "DAT": "DATA",
        "DOG": "MDOGE",
        "DSH": "DASH",
        "EDO": "PNT",
        "EUS": "EURS",
        "EUT": "EURT",
        "HTX": "HT",
        "IDX": "ID",
        "IOT": "IOTA",
        "IQX": "IQ",
        "LUNA": "LUNC",
        "LUNA2": "LUNA",
        "MNA": "MANA",
        "ORS": "ORS Group",
        "PAS": "PASS",
        "QSH": "QASH",
        "QTM": "QTUM",
        "RBT": "RBTC",
        "SNG": "SNGLS",
        "STJ": "STORJ",
        "TERRAUST": "USTC",
        "TSD": "TUSD",
        "UDC": "USDC",
        "UST": "USDT",
        "VSY": "VSYS",
        "WAX": "WAXP",
        "XCH": "XCHF",
        "YGG": "YEED",
        "YYW": "YOYOW",
        "ZBT": "ZB",
    },
    "gate": {
        "ORT": "XREATORS",
        "ASS": "ASSF",
        "88MPH": "MPH",
        "AXIS": "AXISDEFI",
        "BIFI": "BITCOINFILE",
        "BOX": "DEFIBOX",
        "BYN": "BEYONDFI",
        "EGG": "GOOSEFINANCE",
        "GTC": "GAMECOM",
        "GTC_HT": "GAMECOM_HT",
        "GTC_BSC": "GAMECOM_BSC",
        "HIT": "HITCHAIN",
        "MM": "MILLION",
        "MPH": "MORPHER",
        "POINT": "GATEPOINT",
        "RAI": "RAIREFLEXINDEX",
        "SBTC": "SUPERBITCOIN",
        "TNC": "TRINITYNETWORKCREDIT",
        "VAI": "VAIOT",
        "TRAC": "TRACO",
    },
    "mexc": {
        "BEYONDPROTOCOL": "BEYOND",
        "BIFI": "BIFIF",
        "BYN": "BEYONDFI",
        "COFI": "COFIX",
        "DFI": "DFISTARTER",
        "DFT": "DFUTURE",
        "EGC": "EGORASCREDIT",
        "FLUX": "FLUX1",
        "FLUX1": "FLUX",
        "FREE": "FREEROSSDAO",
        "GAS": "GASDAO",
        "GASNEO": "GAS",
        "GMT": "GMTTOKEN",
        "HERO": "STEPHERO",
        "MIMO": "MIMOSA",
        "PROS": "PROSFINANCE",
        "SIN": "SINCITYTOKEN",
        "SOUL": "SOULSWAP",
        "STEPN": "GMT",
    },
}


@dataclass(frozen=True, slots=True)
class Reused:
    """What a code named before a day (UTC), when the exchange gave it to another coin."""

    asset: str
    before: date


# Binance stopped trading the former LUNA and UST on 26 May 2022, renamed them LUNC and USTC, and
# opened the new LUNA on 31 May (its announcement of the support of the Terra airdrop).
_TERRA = date(2022, 5, 28)
REUSED = {
    ("binance", "LUNA"): Reused("LUNC", _TERRA),
    ("binance", "UST"): Reused("USTC", _TERRA),
}


def asset_on(exchange: str, code: str, on: date) -> str:
    """The coin that a code named on a day."""
    reused = REUSED.get((exchange, code))
    return reused.asset if reused is not None and on < reused.before else code


# Kraken's first assets carry X (coin) or Z (currency) in front; later ones do not.
_KRAKEN_X = frozenset(
    "XDAO XETC XETH XICN XLTC XMLN XNMC XREP XXBT XXDG XXLM XXMR XXRP XXVN XZEC".split()  # noqa: SIM905
)
_KRAKEN_Z = frozenset(("ZAUD", "ZCAD", "ZEUR", "ZGBP", "ZJPY", "ZKRW", "ZUSD"))
_KRAKEN = {
    "XBT": "BTC",
    "XDG": "DOGE",
    "ETH2": "ETH",
    "FEE": "KFEE",
    "LUNA": "LUNC",
    "LUNA2": "LUNA",
    "UST": "USTC",
    "REP": "REPV1",
    "REPV2": "REP",
}
_KRAKEN_WALLETS = {
    "S": "staking",
    "M": "earn",
    "B": "earn",
    "F": "earn",
    "P": "parachain",
    "T": "tokenised",
    "HOLD": "hold",
}
# DOT28.S: bonded for 28 days.
_KRAKEN_SUFFIX = re.compile(r"^([A-Z0-9]{2,}?)(\d{2})?\.([A-Z]+)$")
_KRAKEN_QUOTES = (
    *sorted(_KRAKEN_Z),
    *("XXBT", "XETH", "USDT", "USDC", "PYUSD", "DAI", "EUR", "USD", "GBP", "CAD", "AUD", "JPY"),
    *("CHF", "XBT", "ETH", "DOT", "SOL"),
)


def kraken_asset(name: str) -> tuple[str, str]:
    """The (asset, wallet) of one of Kraken's names: XXBT, ZEUR, DOT28.S."""
    wallet = "spot"
    if match := _KRAKEN_SUFFIX.match(name):
        name, _, suffix = match.groups()
        wallet = _KRAKEN_WALLETS.get(suffix, suffix.lower())
    if name in _KRAKEN_X or name in _KRAKEN_Z:
        name = name[1:]
    return _KRAKEN.get(name, name), wallet


def kraken_pair(name: str) -> tuple[str, str]:
    """The (base, quote) assets of one of Kraken's pairs; ("", "") where it cannot be parted."""
    base, parted, quote = name.partition("/")
    if not parted:
        quote = next((q for q in _KRAKEN_QUOTES if name.endswith(q) and len(name) > len(q)), "")
        base = name[: -len(quote)] if quote else ""
    return (kraken_asset(base)[0], kraken_asset(quote)[0]) if base and quote else ("", "")
