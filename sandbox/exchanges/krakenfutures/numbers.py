"""JSON with bare exact numbers: what Kraken Futures sends are not strings, but digits."""

import json
from decimal import Decimal
from typing import Any

from sandbox.amounts import plain
from sandbox.http import Response


def dumps(value: Any) -> str:
    """Write a value; decimals come out as they are, small ones as 1.5E-7."""
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}:{dumps(part)}" for name, part in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, float):
        raise TypeError("a float has already lost digits")
    return json.dumps(value)


def _digits(value: Decimal) -> str:
    if value and abs(value) < Decimal("0.001"):
        sign, digits, exponent = value.normalize().as_tuple()
        text = "".join(map(str, digits))
        point = f".{text[1:]}" if text[1:] else ".0"
        return f"{'-' if sign else ''}{text[0]}{point}E{int(exponent) + len(digits) - 1}"
    return plain(value)


def response(value: Any) -> Response:
    """An answer of HTTP 200."""
    return Response(200, dumps(value).encode(), {"Content-Type": "application/json"})
