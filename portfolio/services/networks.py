"""Addresses of readers, told so that they point to a neighbourhood and not to a person."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

# What providers give to whole streets: nobody can be told apart by it.
_V4, _V6 = 24, 48


def neighbourhood(address: str | None) -> str:
    """``203.0.113.0/24`` for 203.0.113.7; empty where the address is not known."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    length = _V6 if isinstance(found, IPv6Address) else _V4
    return str(ip_network(f"{found}/{length}", strict=False))
