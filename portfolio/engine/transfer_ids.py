"""Names that two sides of a transfer write differently: transaction ids, addresses, networks.

What cannot be told to be the same name of something is kept as it is, so that it equals nothing by
accident.
"""

from __future__ import annotations

import base64
import binascii
import re

_NOTHING = frozenset({"", "-", "0", "0x", "none", "null", "n/a", "na", "internal", "pending"})
# "Internal transfer 8213", "Off-chain transfer 8213": moved in the exchange's books only.
_IN_BOOKS = re.compile(
    r"^(?:internal|off[- ]?chain)[ _-]?(?:transfer)?[ :#_-]*(.*)$", re.IGNORECASE
)
_HEDERA = re.compile(r"^(\d+\.\d+\.\d+)[@-](\d+)[.-](\d+)$")
_OUTPUT = re.compile(r"^(\w{32,}={0,2})[:#/-]\d{1,4}$")  # the hash and which of its outputs
_HEX = re.compile(r"^[0-9a-f]+$")
_HASH = re.compile(r"^[0-9A-Za-z]{40,100}$")
_EVM_ADDRESS = re.compile(r"^0x[0-9a-f]{40}$")
_BASE64_HASH = re.compile(r"^[A-Za-z0-9+/_-]{43}=$")

# Exchanges that are one house: what moves between them carries one reference.
_HOUSES = {
    "krakenfutures": "kraken",
    "binanceusdm": "binance",
    "binancecoinm": "binance",
    "coinbaseadvanced": "coinbase",
    "coinbaseexchange": "coinbase",
    "coinbaseinternational": "coinbase",
    "kucoinfutures": "kucoin",
    "gateio": "gate",
    "huobi": "htx",
}
_NETWORKS = {
    "ARB": ("ARBITRUM", "ARBITRUMONE", "ARBONE", "ARBEVM", "ARBI"),
    "ATOM": ("COSMOS", "COSMOSHUB", "ATOM1"),
    "AVAXC": ("AVAXC", "AVAXCCHAIN", "AVALANCHECCHAIN", "AVALANCHE", "CAVAX", "AVAX"),
    "BASE": ("BASE", "BASEEVM", "BASEMAINNET"),
    "BCH": ("BCH", "BITCOINCASH"),
    "BSC": ("BSC", "BEP20", "BEP20BSC", "BNBSMARTCHAIN", "BSCBEP20", "BNB", "BSCBNB"),
    "BTC": ("BTC", "BITCOIN", "SEGWIT", "BTCSEGWIT", "XBT", "BITCOINNETWORK"),
    "ADA": ("ADA", "CARDANO"),
    "DOGE": ("DOGE", "DOGECOIN"),
    "DOT": ("DOT", "POLKADOT"),
    "ETH": ("ETH", "ETHEREUM", "ERC20", "ETHERC20", "ETHEREUMERC20", "ETHER", "ETHERHEX"),
    "LN": ("LIGHTNING", "LIGHTNINGNETWORK", "BTCLN"),
    "LTC": ("LTC", "LITECOIN"),
    "OP": ("OP", "OPTIMISM", "OPETH", "OPTIMISMEVM"),
    "POL": ("POL", "POLYGON", "MATIC", "POLYGONPOS", "PLASMA"),
    "SOL": ("SOL", "SOLANA", "SPL"),
    "TON": ("TON", "TONCOIN", "THEOPENNETWORK"),
    "TRX": ("TRX", "TRON", "TRC20", "TRXTRC20", "TRONTRC20"),
    "XLM": ("XLM", "STELLAR", "STELLARLUMENS"),
    "XMR": ("XMR", "MONERO"),
    "XRP": ("XRP", "RIPPLE", "XRPL", "XRPLEDGER"),
}
_NETWORK_OF = {alias: name for name, aliases in _NETWORKS.items() for alias in (name, *aliases)}


def house(exchange: str) -> str:
    """The house that an exchange's references belong to."""
    return _HOUSES.get(exchange, exchange)


def txid(text: str) -> str:
    """A chain's transaction id in one spelling; "" where the text is none.

    Taken off: an explorer's address around it, "0x", which output it was (":0"), KuCoin's
    "@wallet". Hexadecimal ids are in lower case whatever the chain prefers (XRP: upper, Bitfinex:
    either); base58 ids (Solana) keep their case, which means something. TON's are in base64 at some
    exchanges, in hexadecimal at others.
    """
    plain = text.strip()
    if (named := _HEDERA.match(plain)) is not None:
        return "-".join(named.groups())
    if "://" in plain:
        plain = plain.rstrip("/").rpartition("/")[2]
    plain = plain.partition("@")[0].strip()
    if (output := _OUTPUT.match(plain)) is not None:
        plain = output.group(1)
    if _BASE64_HASH.match(plain):
        return _from_base64(plain)
    bare = plain.lower().removeprefix("0x")
    found = bare if _HEX.match(bare) else plain
    return "" if found.lower() in _NOTHING or _IN_BOOKS.match(found) else found


def _from_base64(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_")).hex()
    except (binascii.Error, ValueError):
        return text


def is_hash(key: str) -> bool:
    """Whether a spelled id is a chain's own: two that differ then name two transactions."""
    return _HASH.match(key) is not None


def in_books(text: str) -> str:
    """The exchange's number of a move that was in its own books only; "" where it is none."""
    match = _IN_BOOKS.match(text.strip())
    return match.group(1) if match else ""


def address(text: str) -> str:
    """An address in one spelling; "" where there is none.

    Addresses of Ethereum's kind and bech32 ones do not mind their case; "bitcoincash:" and the like
    may be left out.
    """
    plain = text.rpartition(":")[2].strip()
    lower = plain.lower()
    if lower in _NOTHING:
        return ""
    is_bech32 = plain in (lower, plain.upper()) and "1" in lower[1:6]
    return lower if _EVM_ADDRESS.match(lower) or is_bech32 else plain


def network(text: str, asset: str) -> str:
    """A network in one name where it is known, otherwise ""; "USDT-TRC20" is TRX."""
    bare = re.sub(r"[^0-9A-Z]", "", text.upper())
    found = _NETWORK_OF.get(bare)
    if found is None and asset and bare.startswith(asset.upper()):
        found = _NETWORK_OF.get(bare.removeprefix(asset.upper()))
    return found or ""
