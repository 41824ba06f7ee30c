"""What a key may read of its account: balances, ledger, trades, deposits, withdrawals."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.accounts import Key
from sandbox.amounts import ZERO, fixed
from sandbox.exchanges.base import Call
from sandbox.exchanges.kraken.errors import invalid_arguments
from sandbox.generate.kraken import Entry, KrakenAccount, KrakenLife, Row, decimals
from sandbox.generate.prices import DAY

PAGE = 50
CREATED = 1_698_645_219
READ_WORDS = [
    "query-funds",
    "query-open-trades",
    "query-closed-trades",
    "query-ledger",
    "export-data",
]


class PrivateData:
    """The reading endpoints, each for the account of the key that asks."""

    def __init__(self, lives: Mapping[str, KrakenLife]) -> None:
        self._lives = lives

    def balance(self, call: Call, key: Key) -> dict[str, str]:
        """Balances by Kraken's codes."""
        held = self._held(key)
        return {code: fixed(quantity, decimals(code)) for code, quantity in held.items()}

    def extended_balance(self, call: Call, key: Key) -> dict[str, dict[str, str]]:
        """Balances with what open orders hold."""
        on_hold = self._of(key).on_hold
        return {
            code: {
                "balance": fixed(quantity, decimals(code)),
                "hold_trade": fixed(on_hold.get(code, ZERO), decimals(code)),
            }
            for code, quantity in self._held(key).items()
        }

    def ledgers(self, call: Call, key: Key) -> dict[str, Any]:
        """Ledger entries, newest first, fifty at a time from ``ofs``."""
        params = call.params
        assets = set(filter(None, params.get("asset", "all").split(",")))
        kind = params.get("type", "all")
        found = [
            entry
            for entry in _selected(call, self._of(key).ledger)
            if (assets == {"all"} or entry.row["asset"] in assets)
            and kind in ("all", entry.row["type"])
        ]
        return _page(call, "ledger", found)

    def query_ledgers(self, call: Call, key: Key) -> dict[str, Any]:
        """Ledger entries by id, at most twenty."""
        return _by_id(call, "id", self._of(key).ledger)

    def trades(self, call: Call, key: Key) -> dict[str, Any]:
        """Trades, newest first, fifty at a time from ``ofs``."""
        with_ledgers = call.params.get("ledgers", "").lower() == "true"
        entries = _selected(call, self._of(key).trades)
        return _page(call, "trades", [_trade(entry, with_ledgers) for entry in entries])

    def query_trades(self, call: Call, key: Key) -> dict[str, Any]:
        """Trades by id, at most twenty."""
        return _by_id(call, "txid", [_trade(e, ledgers=False) for e in self._of(key).trades])

    def deposits(self, call: Call, key: Key) -> object:
        """Deposits with their state and transaction id."""
        return _funding(call, "deposits", self._of(key).deposits)

    def withdrawals(self, call: Call, key: Key) -> object:
        """Withdrawals with their state and transaction id."""
        return _funding(call, "withdrawals", self._of(key).withdrawals)

    def key_info(self, call: Call, key: Key) -> dict[str, Any]:
        """What the key may do; times are seconds as text, "0" for none."""
        words = list(READ_WORDS)
        if "trade" in key.rights:
            words += ["modify-trades", "close-trades"]
        if "withdraw" in key.rights:
            words += ["add-funds", "withdraw-funds"]
        return {
            "apiKeyName": f"sandbox {key.purpose}",
            "apiKey": key.api_key,
            "nonce": call.params.get("nonce", ""),
            "nonceWindow": "0",
            "permissions": words,
            "iban": self._of(key).iban,
            "validUntil": "0",
            "queryFrom": "0",
            "queryTo": "0",
            "createdTime": str(CREATED),
            "modifiedTime": str(CREATED),
            "ipAllowlist": [str(network) for network in key.networks],
            "lastUsed": str(call.now_ms // 1000),
        }

    def _of(self, key: Key) -> KrakenAccount:
        return self._lives[key.account].account

    def _held(self, key: Key) -> dict[str, Decimal]:
        return self._of(key).book.held().get("", {})


def _trade(entry: Entry, ledgers: bool) -> Entry:  # noqa: FBT001
    if ledgers:
        return entry
    row = {name: value for name, value in entry.row.items() if name != "ledgers"}
    return Entry(entry.id, entry.ticks, row)


def _selected(call: Call, entries: Sequence[Entry]) -> list[Entry]:
    """Entries after ``start`` (exclusive) up to ``end`` (inclusive), newest first."""
    start = _ticks(call, "start", entries)
    end = _ticks(call, "end", entries)
    # Both legs of a trade carry the same reference, so a late trade is late as a whole.
    rows = call.punctual((e.row.get("refid", e.id), e.ticks // 10, e) for e in entries)
    return [
        e
        for e in reversed(rows)
        if (start is None or e.ticks > start) and (end is None or e.ticks <= end)
    ]


def _ticks(call: Call, name: str, entries: Sequence[Entry]) -> int | None:
    """A bound given as seconds or as the id of a record. May raise KrakenError."""
    text = call.params.get(name, "")
    if not text:
        return None
    try:
        return int(Decimal(text) * 10_000)
    except InvalidOperation:
        for entry in entries:
            if entry.id == text:
                return entry.ticks
        raise invalid_arguments(name) from None


def _page(call: Call, name: str, found: list[Entry]) -> dict[str, Any]:
    offset = call.params.get("ofs", "0") or "0"
    if not offset.isdigit():
        raise invalid_arguments("ofs")
    rows = {entry.id: entry.row for entry in call.page(found, int(offset), PAGE)}
    if call.params.get("without_count", "").lower() == "true":
        return {name: rows}
    return {name: rows, "count": len(found) + min(call.overlap, len(found))}


def _by_id(call: Call, name: str, entries: Iterable[Entry]) -> dict[str, Any]:
    wanted = [text for text in call.params.get(name, "").split(",") if text]
    if not 1 <= len(wanted) <= 20:
        raise invalid_arguments(name)
    return {entry.id: entry.row for entry in entries if entry.id in wanted}


def _funding(call: Call, name: str, rows: Sequence[Row]) -> object:
    """Newest first. Without a start only the last 90 days; with a cursor everything, by page."""
    params = call.params
    cursor = params.get("cursor", "")
    position, bound = _position(cursor)
    start, end = _second(call, "start"), _second(call, "end")
    if start is None and not cursor:
        start = (call.now_ms - 90 * DAY) // 1000
    timed = call.punctual((row["refid"], row["time"] * 1000, row) for row in rows)
    found = [
        row
        for row in sorted(timed, key=lambda row: -row["time"])
        if (start is None or row["time"] >= start)
        and (end is None or row["time"] <= end)
        and (bound is None or row["time"] <= bound)
        and params.get("asset", row["asset"]) == row["asset"]
        and params.get("method", row["method"]) == row["method"]
    ]
    if not cursor or cursor.lower() == "false":
        return found
    size = int(params["limit"]) if params.get("limit", "").isdigit() else 25
    page = call.page(found, position, size)
    newest = bound if bound is not None else call.now_ms // 1000
    total = len(found) + min(call.overlap, len(found))
    following = _cursor(position + size, newest) if position + size < total else None
    return {name: page, "next_cursor": following}


def _second(call: Call, name: str) -> int | None:
    text = call.params.get(name, "")
    if not text:
        return None
    try:
        return int(Decimal(text))
    except InvalidOperation:
        raise invalid_arguments(name) from None


def _cursor(position: int, newest: int) -> str:
    """Where the next page begins; new rows do not shift it."""
    text = json.dumps({"position": position, "newest": newest})
    return base64.b64encode(text.encode()).decode()


def _position(cursor: str) -> tuple[int, int | None]:
    if cursor.lower() in ("", "true", "false"):
        return 0, None
    try:
        value = json.loads(base64.b64decode(cursor, validate=True))
        return int(value["position"]), int(value["newest"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise invalid_arguments("cursor") from error
