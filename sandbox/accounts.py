"""The demo keys. They are derived from fixed words and open nothing outside the sandbox."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sandbox import exchanges
from sandbox.faults import Fault

SEED = "coffer-sandbox-keys-1"
# Purpose: account, what it may do besides reading.
PURPOSES: dict[str, tuple[str, frozenset[str]]] = {
    "read-only": ("main", frozenset()),
    "trade": ("main", frozenset({"trade"})),
    "withdraw": ("main", frozenset({"withdraw"})),
    "expired": ("main", frozenset()),
    "other-ip": ("main", frozenset()),
    "read-only-small": ("small", frozenset()),
    "read-only-empty": ("empty", frozenset()),
}
Network = IPv4Network | IPv6Network
OTHER_ADDRESS = ip_network("203.0.113.7/32")
# The withdraw key is bound to addresses too, as exchanges demand, but to those of this machine.
NEAR = tuple(
    ip_network(text)
    for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


@dataclass(frozen=True, slots=True)
class Key:
    """One API key of a demo account."""

    exchange: str
    purpose: str
    credentials: dict[str, str]  # by ccxt's names of the fields
    account: str
    rights: frozenset[str]
    networks: tuple[Network, ...]
    expired: bool

    @property
    def account_id(self) -> str:
        """The account's name in the control plane."""
        return f"{self.exchange}-{self.account}"

    @property
    def api_key(self) -> str:
        """The public part."""
        return self.credentials["apiKey"]

    @property
    def secret(self) -> str:
        """The private part."""
        return self.credentials["secret"]

    def allows(self, address: str) -> bool:
        """Whether the key may be used from an address."""
        if not self.networks:
            return True
        peer = ip_address(address)
        return any(peer in network for network in self.networks)


def demo_keys() -> list[Key]:
    """All demo keys of all exchanges."""
    return [
        _key(exchange, purpose) for exchange in exchanges.ids() for purpose in purposes_of(exchange)
    ]


def purposes_of(exchange: str) -> dict[str, tuple[str, frozenset[str]]]:
    """What the keys of an exchange are for: the account and the rights of each."""
    return PURPOSES | exchanges.more_purposes(exchange)


class Keys(dict[str, Key]):
    """The keys of one exchange by their public part, as faults leave them."""

    def find(self, public: str, faults: Mapping[str, Fault]) -> Key | None:
        """The key of that public part, if there is one now."""
        key = super().get(public)
        if key is None or "key_deleted" in faults:
            return None
        if "key_expired" in faults:
            key = replace(key, expired=True)
        if "address_refused" in faults:
            key = replace(key, networks=(OTHER_ADDRESS,))
        if "rights_widened" in faults:
            key = replace(key, rights=key.rights | {"withdraw"})
        return key


def keys_of(exchange: str) -> Keys:
    """The keys of one exchange by their public part."""
    return Keys({key.api_key: key for key in demo_keys() if key.exchange == exchange})


def _key(exchange: str, purpose: str) -> Key:
    account, rights = purposes_of(exchange)[purpose]
    networks: tuple[Network, ...] = ()
    if purpose == "other-ip":
        networks = (OTHER_ADDRESS,)
    elif purpose == "withdraw":
        networks = NEAR
    credentials = _credentials(exchange, purpose)
    return Key(exchange, purpose, credentials, account, rights, networks, purpose == "expired")


def _credentials(exchange: str, purpose: str) -> dict[str, str]:
    """By ccxt's names; an exchange whose keys look different has a ``keys`` module."""

    def text(part: str) -> str:
        return _text(exchange, purpose, part)

    make = exchanges.key_maker(exchange)
    if make is not None:
        made: dict[str, str] = make(purpose, text)
        return made
    return {"apiKey": text("public"), "secret": text("private")}


def _text(exchange: str, purpose: str, part: str) -> str:
    """A key as the exchange writes it: 64 letters and digits, or base64 of 42 or 64 bytes."""
    digest = hashlib.sha512(f"{SEED}:{exchange}:{purpose}:{part}".encode()).digest()
    if exchange == "kraken":
        return base64.b64encode(digest if part == "private" else digest[:42]).decode()
    more = hashlib.sha512(digest).digest()
    letters = base64.b64encode(digest + more).decode()
    return "".join(letter for letter in letters if letter.isalnum())[:64]
