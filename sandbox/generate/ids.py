"""Identifiers that look like each exchange's and each chain's own."""

import random

_KRAKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def kraken(rng: random.Random, first: str, shape: tuple[int, int, int] = (6, 5, 6)) -> str:
    """A Kraken id such as ``LTFK7F-N2CUX-PNY4SX``; ``first`` opens it."""
    letters = first + "".join(rng.choices(_KRAKEN, k=sum(shape) - len(first)))
    one, two, _ = shape
    return f"{letters[:one]}-{letters[one : one + two]}-{letters[one + two :]}"


def hexadecimal(rng: random.Random, digits: int) -> str:
    """A random number in lower-case hexadecimal."""
    return f"{rng.getrandbits(digits * 4):0{digits}x}"


def txid(rng: random.Random, network: str) -> str:
    """A transaction id as the chain writes it."""
    if network in {"ETH", "BSC", "AVAXC", "ARBITRUM"}:
        return "0x" + hexadecimal(rng, 64)
    if network == "SOL":
        return "".join(rng.choices(_BASE58, k=88))
    if network in {"XRP", "ATOM"}:
        return hexadecimal(rng, 64).upper()
    return hexadecimal(rng, 64)


def address(rng: random.Random, network: str) -> str:
    """An address as the chain writes it."""
    if network in {"ETH", "BSC", "AVAXC", "ARBITRUM"}:
        return "0x" + hexadecimal(rng, 40)
    if network == "BTC":
        return "bc1q" + "".join(rng.choices(_BECH32, k=38))
    if network == "TRX":
        return "T" + "".join(rng.choices(_BASE58, k=33))
    return "".join(rng.choices(_BASE58, k=44))
