"""What the columns of an unknown table probably mean, by their headings: a start for its owner."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[\W_]+")
_HINTS: dict[str, tuple[str, ...]] = {
    "date": ("date", "datetime", "date time", "timestamp", "time", "datum", "utc time", "date utc"),
    "kind": ("type", "kind", "transaction type", "operation", "typ", "art", "action", "side"),
    "in_amount": ("received amount", "buy amount", "amount in", "in amount", "received quantity"),
    "in_code": ("received currency", "buy currency", "currency in", "in currency", "in asset"),
    "out_amount": ("sent amount", "sell amount", "amount out", "out amount", "sent quantity"),
    "out_code": ("sent currency", "sell currency", "currency out", "out currency", "out asset"),
    "amount": ("amount", "quantity", "change", "betrag", "menge", "volume", "qty"),
    "code": ("asset", "coin", "currency", "symbol", "ticker", "währung", "unit"),
    "fee_amount": ("fee", "fee amount", "fees", "gebühr", "commission"),
    "fee_code": ("fee currency", "fee asset", "fee coin", "feecoin"),
    "account": ("account", "wallet", "exchange", "konto", "wallet name"),
    "ident": ("id", "transaction id", "reference", "refid", "order id", "uuid", "trade id"),
    "txid": ("txid", "tx hash", "txhash", "hash", "transaction hash"),
    "note": ("note", "comment", "remark", "description", "memo", "kommentar", "notes"),
}


def guessed(headings: Iterable[str]) -> dict[str, str]:
    """A heading for each meaning that one is called after; each heading is used once."""
    plain = {_WORD.sub(" ", heading).strip().casefold(): heading for heading in headings}
    found: dict[str, str] = {}
    for meaning, names in _HINTS.items():
        for name in names:
            heading = plain.get(name)
            if heading is not None and heading not in found.values():
                found[meaning] = heading
                break
    if "in_amount" in found or "out_amount" in found:
        found.pop("amount", None)
    return found
