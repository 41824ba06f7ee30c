"""The address that a request came from, as exchanges name it when they refuse it.

Gate: ``Request IP not in whitelist: x``; OKX: ``Your IP x is not included in your API key's IP
whitelist``; Binance, now and then: ``... for action, request ip: x``; KuCoin: ``the current
clientIp is:x``; MEXC: ``IP [x] not in the ip white list``.
"""

from __future__ import annotations

import ipaddress
import re

_ADDRESS = r"\[?(?P<address>[0-9a-f:.]*[0-9a-f])\]?"
_PHRASES = [
    re.compile(phrase.replace("ADDRESS", _ADDRESS), re.IGNORECASE)
    for phrase in (
        r"request ip not in (?:the )?whitelist:\s*ADDRESS",
        r"request ip(?: address)?(?: is)?:\s*ADDRESS",
        r"your ip(?: address)?(?: is)?:?\s+ADDRESS",
        r"clientip is:?\s*ADDRESS",
        r"\bip ADDRESS (?:is )?not in the (?:ip )?white\s*list",
    )
]


def caller_named_in(text: str) -> str:
    """Return the caller's address that an exchange's refusal names, or ""."""
    for phrase in _PHRASES:
        found = phrase.search(text)
        if found:
            return _address(found["address"])
    return ""


def only_address(allowlist: tuple[str, ...]) -> str:
    """Return the address of a list that has one alone, or "": a range names none."""
    return _address(allowlist[0].removesuffix("/32")) if len(allowlist) == 1 else ""


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
