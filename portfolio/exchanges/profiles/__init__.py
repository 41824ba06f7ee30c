"""The exchanges Coffer knows by heart; all others go by ccxt's own capability flags."""

from __future__ import annotations

from portfolio.exchanges.profile import Profile
from portfolio.exchanges.profiles import binance, kraken

PROFILES: dict[str, Profile] = {
    profile.exchange: profile for profile in (binance.PROFILE, kraken.PROFILE)
}
