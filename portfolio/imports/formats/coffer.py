"""Coffer's own tables and lines, as it exports them: back in, they are the same transactions.

In the table a row is one amount; rows with the same transaction number belong together. Values,
transfers and tags are worked out or made anew where they are imported; notes are kept as details.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.headings import Cells, having
from portfolio.imports.json_rows import LINES

_CODES = ("symbol", "side", "price", "order", "txid", "network", "address", "status")
_BY_HAND = "other"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    """Held until the file is read: rows of one transaction may lie apart."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        cells = Cells(row)
        place = (_account(cells), cells.get("transaction"), cells.get("key"))
        groups.setdefault(place, []).append(row)
    for (account, _, ident), group in groups.items():
        yield Entry(legs.in_order(group), account, ident)


def _account(cells: Cells) -> str:
    return _named(_plain(cells.get("connection")), cells.get("exchange"))


def _named(label: str, exchange: str) -> str:
    """The name of an account; of one made by hand without its exchange, which tells nothing."""
    exchange = "" if exchange == _BY_HAND else exchange
    return f"{label} ({exchange})" if label and exchange else label or exchange


def _plain(text: str) -> str:
    """Words without the sign that keeps a spreadsheet from working them out."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS) else text


def _event(entry: Entry, reading: Reading) -> Event:
    first = Cells(entry.rows[0])
    kind = _kind(first.get("kind"))
    detail = {name: first.get(name) for name in _CODES}
    words = "type" if kind is TransactionKind.UNCLASSIFIED else "description"
    detail |= {words: _plain(first.get("description")), "note": _plain(first.get("note"))}
    return Event(
        key=first.get("key"),
        kind=kind,
        occurred_at=values.moment(first.get("time"), reading),
        movements=tuple(_movement(Cells(row), reading) for row in entry.rows),
        detail={name: text for name, text in detail.items() if text},
    )


def _kind(word: str) -> TransactionKind:
    try:
        return TransactionKind(word)
    except ValueError:
        raise NotUnderstood(f"“{word[:40]}” is not a kind of transaction") from None


def _movement(cells: Cells, reading: Reading) -> Movement:
    amount = values.amount(cells.get("amount"), reading)
    return _moved(cells.get("wallet"), cells.get("asset"), amount, cells.get("role"))


def _moved(wallet: str, asset: str, amount: Decimal | None, role: str) -> Movement:
    """One amount. May raise NotUnderstood."""
    if amount is None or not asset:
        raise NotUnderstood("there is no amount with its asset")
    if role not in set(PostingRole):
        raise NotUnderstood(f"“{role[:40]}” is neither principal nor fee")
    return Movement(wallet, asset, amount, PostingRole(role))


# --- Lines -------------------------------------------------------------------------------------


def _line_entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        try:
            told = _object(row)
        except NotUnderstood:
            yield Entry((row,))  # its event will say what is wrong
            continue
        if told.get("format") == LINES:
            yield LeftOut((row,), "what the whole file has in common")
            continue
        account = _named(str(told.get("connection", "")), str(told.get("exchange", "")))
        yield Entry((row,), account, str(told.get("key", "")))


def _object(row: Row) -> Mapping[str, Any]:
    """The object of a line. May raise NotUnderstood."""
    try:
        told = json.loads(row.cells.get(LINES, ""), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise NotUnderstood("it is not a line of JSON", line=row.line) from None
    if not isinstance(told, dict):
        raise NotUnderstood("it is not an object of JSON", line=row.line)
    return told


def _line_event(entry: Entry, reading: Reading) -> Event:
    told = _object(entry.rows[0])
    try:
        detail = {str(name): str(text) for name, text in told.get("detail", {}).items()}
        moved = tuple(_line_movement(leg, reading) for leg in told.get("legs", ()))
        return Event(
            key=str(told.get("key", "")),
            kind=_kind(str(told["kind"])),
            occurred_at=values.moment(str(told["time"]), reading),
            movements=moved,
            detail=detail | ({"note": str(told["note"])} if told.get("note") else {}),
        )
    except (KeyError, TypeError, AttributeError):
        raise NotUnderstood("it is not a transaction of Coffer's") from None


def _line_movement(leg: Mapping[str, Any], reading: Reading) -> Movement:
    amount = values.amount(str(leg["amount"]), reading)
    return _moved(str(leg["wallet"]), str(leg["asset"]), amount, str(leg["role"]))


_HEADER = (
    *("transaction", "time", "kind", "exchange", "connection", "wallet", "asset", "amount"),
    *("role", "key", *_CODES, "description"),
)
_ADDED = ("value", "currency", "transfer", "counterpart", "note", "tags")
FORMATS = (
    ImportFormat(
        id="coffer-csv",
        rank=two_sided.RANK,
        title="Coffer: CSV or Excel",
        description="The table that Coffer exports, one row for each amount that moved.",
        headings=((*_HEADER, *_ADDED), _HEADER),
        recognise=having("transaction", "time", "kind", "connection", "wallet", "role", "key"),
        entries=_entries,
        event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
    ),
    ImportFormat(
        id="coffer-jsonl",
        rank=two_sided.RANK,
        title="Coffer: JSON Lines",
        description="The lines that Coffer exports, one for each transaction.",
        headings=((LINES,),),
        entries=_line_entries,
        event=lambda entry, reading: two_sided.telling_line(
            entry, lambda: _line_event(entry, reading)
        ),
    ),
)
