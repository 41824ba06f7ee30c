"""Codes that exchanges have for assets, and the asset each is: as their answers are read.

Files and answers of one exchange must name one coin alike, or an event would have two. Where these
come from is told beside the same codes in portfolio/exchanges; a test compares both.
"""

from __future__ import annotations

import re
from datetime import date, datetime

KRAKEN_X = frozenset(
    "XDAO XETC XETH XICN XLTC XMLN XNMC XREP XXBT XXDG XXLM XXMR XXRP XXVN XZEC".split()  # noqa: SIM905
)
KRAKEN_Z = frozenset(("ZAUD", "ZCAD", "ZEUR", "ZGBP", "ZJPY", "ZKRW", "ZUSD"))
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
_KRAKEN_SUFFIX = re.compile(r"^([A-Z0-9]{2,}?)(\d{2})?\.([A-Z]+)$")

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

# Binance gave these codes to other coins; before the day they name the former ones.
_BINANCE_REUSED = {"LUNA": "LUNC", "UST": "USTC"}
_BINANCE_REUSED_ON = date(2022, 5, 28)


def asset(exchange: str, code: str) -> str:
    """The asset that a code names at an exchange, by ccxt's id."""
    plain = code.strip().upper()
    return ALIASES.get(exchange, {}).get(plain, plain)


def of_binance(code: str, at: datetime) -> str:
    """The asset that a code named at Binance when something happened."""
    plain = code.strip().upper()
    return _BINANCE_REUSED.get(plain, plain) if at.date() < _BINANCE_REUSED_ON else plain


def of_kraken(code: str) -> tuple[str, str]:
    """The (asset, wallet) of one of Kraken's names: XXBT, ZEUR, DOT28.S."""
    wallet, plain = "spot", code.strip().upper()
    if match := _KRAKEN_SUFFIX.match(plain):
        plain, _, suffix = match.groups()
        wallet = _KRAKEN_WALLETS.get(suffix, suffix.lower())
    if plain in KRAKEN_X or plain in KRAKEN_Z:
        plain = plain[1:]
    return _KRAKEN.get(plain, plain), wallet


_KRAKEN_QUOTES = (
    *sorted(KRAKEN_Z),
    *("XXBT", "XETH", "USDT", "USDC", "PYUSD", "DAI", "EUR", "USD", "GBP", "CAD", "AUD", "JPY"),
    *("CHF", "XBT", "ETH", "DOT", "SOL"),
)


def kraken_pair(name: str) -> tuple[str, str]:
    """The (base, quote) assets of one of Kraken's pairs; ("", "") where it cannot be parted."""
    plain = name.strip().upper()
    base, parted, quote = plain.partition("/")
    if not parted:
        quote = next((q for q in _KRAKEN_QUOTES if plain.endswith(q) and len(plain) > len(q)), "")
        base = plain[: -len(quote)] if quote else ""
    return (of_kraken(base)[0], of_kraken(quote)[0]) if base and quote else ("", "")
