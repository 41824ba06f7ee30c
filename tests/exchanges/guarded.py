"""Guarded ccxt instances whose network is replaced by a list of what would have been sent."""

from __future__ import annotations

import base64
from typing import Any

import ccxt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portfolio.exchanges.client import rules_of
from portfolio.exchanges.gateway import Gateway
from portfolio.exchanges.generic import generic_rules
from portfolio.exchanges.profiles import PROFILES

ALL = sorted(ccxt.exchanges)
_HEX = "11" * 32


def _pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


CREDENTIALS = {
    "apiKey": "account-" + "a" * 56,
    "secret": base64.b64encode(b"s" * 32).decode(),
    "password": "passphrase",
    "uid": "1000",
    "login": "someone",
    "twofa": "JBSWY3DPEHPK3PXP",
    "token": "token",
    "accountId": "1",
    "walletAddress": "0x" + "12" * 20,
    "privateKey": "0x" + _HEX,
}


class Wire:
    """Everything that came as far as the network, and what the gate let through to be signed.

    Whatever is asked is answered with an empty success, so that a method which reads before it
    writes goes on to its write.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.admitted: list[tuple[str, str, str]] = []


def guarded(exchange: str) -> tuple[Any, Wire]:
    """A guarded instance with markets and keys, and its wire."""
    profile = PROFILES.get(exchange)
    rules = rules_of(profile, exchange) if profile else generic_rules(exchange, exchange)
    secret = {"secret": _pem()} if exchange == "coinbase" else {}
    gateway = Gateway(rules, {**CREDENTIALS, **secret}, base_url=None)
    instance, wire = gateway._ccxt, Wire()
    admit = gateway.admit

    def watched(section: str, method: str, path: str) -> None:
        admit(section, method, path)
        wire.admitted.append((section, method, path))

    def request(method: str, url: str, **_: Any) -> requests.Response:
        wire.sent.append(f"{method} {url}")
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = "application/json"
        response._content = b'{"retCode": 0, "code": "200000", "result": {}, "data": {}}'
        return response

    gateway.admit = watched  # type: ignore[method-assign]
    instance.session.request = request
    _give_markets(instance)
    return instance, wire


def _give_markets(instance: Any) -> None:
    """Let ccxt believe that markets are loaded, so that it goes on to the request itself."""
    markets = [
        _market(instance, "BTC/USDT", "spot"),
        _market(instance, "BTC/USDT:USDT", "swap"),
    ]
    codes = ("BTC", "USDT")
    currencies = {code: _currency(instance, code) for code in codes}
    instance.set_markets(markets, currencies)
    instance.accounts = [{"id": "1", "type": "spot", "code": code, "info": {}} for code in codes]
    instance.accountsById = {"1": instance.accounts[0]}


def _market(instance: Any, symbol: str, kind: str) -> Any:
    is_swap = kind == "swap"
    market = {
        "id": "BTCUSDT" if not is_swap else "BTCUSDTSWAP",
        "symbol": symbol,
        "base": "BTC",
        "quote": "USDT",
        "settle": "USDT" if is_swap else None,
        "baseId": "BTC",
        "quoteId": "USDT",
        "settleId": "USDT" if is_swap else None,
        "numericId": 1,
        "baseNumericId": 1,
        "quoteNumericId": 2,
        "type": kind,
        "spot": not is_swap,
        "margin": not is_swap,
        "swap": is_swap,
        "future": False,
        "option": False,
        "contract": is_swap,
        "linear": True if is_swap else None,
        "inverse": False if is_swap else None,
        "contractSize": "1" if is_swap else None,
        "active": True,
        "precision": {"amount": "0.00000001", "price": "0.00000001"},
        "limits": {name: {"min": None, "max": None} for name in ("amount", "price", "cost")},
        "uppercaseId": "BTCUSDT",
        "info": {
            **dict.fromkeys(("id", "instrument_id", "marketId", "asset_id", "InstrumentId"), "1"),
            "orderTypes": ["LIMIT", "MARKET"],
        },
    }
    return instance.extend(instance.safe_market_structure(), market)


def _currency(instance: Any, code: str) -> Any:
    network = {"id": code, "network": code, "info": {}, "fee": "0", "precision": "0.00000001"}
    return {
        "id": code,
        "code": code,
        "numericId": 1,
        "precision": "0.00000001",
        "fee": "0",
        "networks": {code: network},
        "info": {"id": "1"},
    }
