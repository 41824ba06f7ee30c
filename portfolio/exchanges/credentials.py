"""Which secrets an exchange needs, and cleaning what people paste."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass


class BadCredential(ValueError):
    """One field cannot be right. ``field`` names it; the text never holds what was entered."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing to enter: how it is called at this exchange, and how to treat it."""

    name: str  # ccxt's name: apiKey, secret, password, uid, walletAddress, ...
    label: str
    help: str = ""
    secret: bool = True
    multiline: bool = False
    required: bool = True


_COMMON = {
    "apiKey": CredentialField("apiKey", "API key", secret=False),
    "secret": CredentialField("secret", "Secret key"),
    "password": CredentialField(
        "password",
        "Passphrase",
        "The one you chose when you made the key, not the password you sign in with.",
    ),
    "uid": CredentialField("uid", "User or account number", secret=False),
    "login": CredentialField("login", "Sign-in name", secret=False),
    "twofa": CredentialField("twofa", "Two-factor secret"),
    "token": CredentialField("token", "Token"),
    "accountId": CredentialField("accountId", "Account number", secret=False),
    "walletAddress": CredentialField(
        "walletAddress", "Wallet address", "The public address, never a key.", secret=False
    ),
    "privateKey": CredentialField("privateKey", "Private key"),
}
_PEM = "Paste the whole key, from its BEGIN line to its END line; all lines are kept."
_BINANCE = (
    CredentialField("apiKey", "API key", secret=False),
    CredentialField(
        "secret",
        "Secret key",
        "Shown once, when the key is made. For an RSA or Ed25519 key: your private key, with "
        "its BEGIN and END lines.",
        multiline=True,
    ),
)
_OWN: Mapping[str, tuple[CredentialField, ...]] = {
    **dict.fromkeys(("binance", "binanceusdm", "binancecoinm"), _BINANCE),
    "kraken": (
        CredentialField("apiKey", "API key", secret=False),
        CredentialField("secret", "Private key", "The longer of the two, ending in ==."),
    ),
    "krakenfutures": (
        CredentialField("apiKey", "Public key", secret=False),
        CredentialField("secret", "Private key", "The longer of the two, ending in ==."),
    ),
    "coinbase": (
        CredentialField(
            "apiKey",
            "API key name",
            "It looks like organizations/…/apiKeys/…; “name” in the downloaded file.",
            secret=False,
        ),
        CredentialField("secret", "Private key", _PEM, multiline=True),
    ),
    # All reads of Hyperliquid are public: the address is enough, and a key must never be asked for.
    "hyperliquid": (_COMMON["walletAddress"],),
    "dydx": (_COMMON["walletAddress"],),
}
# They read only for who holds the wallet's private key. Such a key can move everything.
WALLET_KEYED = frozenset(
    (
        *("aster", "derive", "extended", "grvt", "hibachi", "lighter", "nado", "pacifica"),
        *("paradex", "polymarket"),
    )
)
NO_WALLET_KEYS = (
    "This exchange shows an account only to whoever holds its wallet's private key. That key can "
    "move everything, so Coffer does not take it."
)
_PASSPHRASE = ("okx", "okxus", "myokx", "bitget", "kucoin", "kucoinfutures", "coinbaseexchange")


def fields_of(exchange: str, needed: tuple[str, ...]) -> tuple[CredentialField, ...]:
    """Return the fields of ``exchange``, of which ccxt says that it needs ``needed``."""
    if exchange in _OWN or exchange in WALLET_KEYED:
        return _OWN.get(exchange, ())
    order = list(_COMMON)
    names = sorted(needed, key=lambda name: order.index(name) if name in order else len(order))
    return tuple(_COMMON.get(name, CredentialField(name, name)) for name in names)


def clean(
    exchange: str, fields: tuple[CredentialField, ...], values: Mapping[str, str]
) -> dict[str, str]:
    """Return ``values`` fit for signing. May raise BadCredential."""
    if exchange in WALLET_KEYED:
        raise BadCredential("privateKey", NO_WALLET_KEYS)
    known = {field.name for field in fields}
    for name in values:
        if name not in known:
            raise BadCredential(name, _not_asked_for(exchange, name))
    given = _unpack_download(exchange, {name: str(value) for name, value in values.items()})
    cleaned = {}
    for field in fields:
        value = _tidy(given.get(field.name, ""))
        if value:
            cleaned[field.name] = value
        elif field.required:
            raise BadCredential(field.name, f"{field.label} is missing.")
    _check(exchange, cleaned)
    return cleaned


def _not_asked_for(exchange: str, name: str) -> str:
    if exchange == "hyperliquid" and name == "privateKey":
        return (
            "Never give a private key: it can move everything. The public wallet address is all "
            "that is needed. If this key was entered anywhere, replace it."
        )
    return f"This exchange has no field called {name}."


def _unpack_download(exchange: str, given: dict[str, str]) -> dict[str, str]:
    """Take the key out of Coinbase's downloaded JSON, wherever it was pasted."""
    if exchange != "coinbase":
        return given
    for value in list(given.values()):
        if value.lstrip().startswith("{"):
            try:
                download = json.loads(value)
            except ValueError:
                continue
            found = {"apiKey": download.get("name"), "secret": download.get("privateKey")}
            return {**given, **{name: str(text) for name, text in found.items() if text}}
    return given


_PEM_PARTS = re.compile(r"(-----BEGIN [A-Z0-9 ]+-----)(.*?)(-----END [A-Z0-9 ]+-----)", re.DOTALL)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def _tidy(value: str) -> str:
    """Strip what pasting adds; give a PEM key its lines back, whatever became of them."""
    text = value.translate(_INVISIBLE).strip().strip("\"'").strip()
    if "-----BEGIN" not in text:
        return "".join(text.split()) if text.isascii() else text
    text = text.replace("\\r", "").replace("\\n", "\n").replace("\r", "")
    match = _PEM_PARTS.search(text)
    if match is None:
        return text
    begin, middle, end = match.groups()
    body = "".join(middle.split())
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([begin, *lines, end]) + "\n"


_BASE64 = re.compile(r"^[A-Za-z0-9+/]+={0,2}$")
_ADDRESS = re.compile(r"^0x[0-9a-fA-F]{40}$")
_LONG_HEX = re.compile(r"^(0x)?[0-9a-fA-F]{64}$")


def _check(exchange: str, cleaned: dict[str, str]) -> None:
    for name, value in cleaned.items():
        if "-----BEGIN" in value and _PEM_PARTS.search(value) is None:
            raise BadCredential(name, "The key is cut off: its END line is missing.")
        if not value.isascii():
            raise BadCredential(name, "There are letters in it that no key has; copy it again.")
    if exchange in ("kraken", "krakenfutures"):
        _check_kraken(cleaned["secret"])
    elif exchange == "coinbase":
        _check_coinbase(cleaned)
    address = cleaned.get("walletAddress", "")
    if _LONG_HEX.match(address):
        raise BadCredential("walletAddress", _not_asked_for("hyperliquid", "privateKey"))
    if exchange == "hyperliquid" and not _ADDRESS.match(address):
        raise BadCredential("walletAddress", "An address is 0x and 40 digits or letters a to f.")


def _check_kraken(secret: str) -> None:
    if len(secret) % 4 or not _BASE64.match(secret):
        raise BadCredential("secret", "Kraken's private key is longer: it seems to be cut off.")


def _check_coinbase(cleaned: dict[str, str]) -> None:
    pem = "-----BEGIN" in cleaned["secret"]
    if not pem and not (_BASE64.match(cleaned["secret"]) and len(cleaned["secret"]) >= 80):
        raise BadCredential(
            "secret", "Coinbase's private key begins with -----BEGIN EC PRIVATE KEY-----."
        )
    if pem and "organizations/" not in cleaned["apiKey"]:
        raise BadCredential("apiKey", "The name of the key begins with organizations/.")
