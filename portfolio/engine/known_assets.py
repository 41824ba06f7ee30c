"""What is known of codes beyond one exchange: coins that got another code, codes for many coins.

Most of an exchange's own spellings (XXBT, UST for USDT) are in its normaliser, which gives every
coin the code it has elsewhere. Here is only what was looked up, with where; what is not here stands
for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Renamed:
    """A coin that goes by another code since a day; one of the old is one of the new."""

    asset: str
    since: date


@dataclass(frozen=True, slots=True)
class Multiple:
    """A code whose one unit is ``factor`` coins."""

    asset: str
    factor: Decimal


# Only coins that were exchanged one for one and whose old code names no other coin. The day of
# RENDER is that of its foundation's announcement; the others are those on which Binance stopped
# trading the old code, by its announcements.
RENAMED = {
    "RNDR": Renamed("RENDER", date(2023, 11, 2)),
    "MATIC": Renamed("POL", date(2024, 9, 10)),
    "KLAY": Renamed("KAIA", date(2024, 10, 28)),
    "FTM": Renamed("S", date(2025, 1, 13)),
}

# What an exchange calls a coin that goes by another code elsewhere, where its own code is often
# another coin's: as in ccxt's tables. Those of the other exchanges are in their normalisers.
OWN_CODES = {
    ("binance", "BCHSV"): "BSV",
    ("binance", "YOYO"): "YOYOW",
    ("bingx", "NAP"): "$NAP",
    ("bingx", "OMNI"): "OmniCat",
    ("bingx", "SNOW"): "Snowman",
    ("bingx", "TRUMP"): "TRUMPMAGA",
    ("bingx", "TRUMPSOL"): "TRUMP",
    ("bitstamp", "UST"): "USTC",
}

_THOUSAND = Decimal(1000)
# Coins that Binance lists on spot in thousands ("where one 1000CAT holds a thousand CAT", its
# announcement) and in millions.
MULTIPLES = {
    ("binance", "1000SATS"): Multiple("SATS", _THOUSAND),
    ("binance", "1000CAT"): Multiple("CAT", _THOUSAND),
    ("binance", "1000CHEEMS"): Multiple("CHEEMS", _THOUSAND),
    ("binance", "1MBABYDOGE"): Multiple("BABYDOGE", Decimal(1_000_000)),
}
