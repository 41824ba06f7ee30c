"""CoinLedger: its export, a row for each leg, and the form for manual imports. Times are UTC.

In the export the rows of one internal id in one account are one event; amounts are signed by the
record type. Fees of platform and network are legs of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, Movement
from portfolio.imports import dates, kinds, legs, two_sided
from portfolio.imports.format import Entry, ImportFormat, LeftOut, Reading, Row
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import WALLET, Layout

_COMES, _GOES = {"credit"}, {"debit"}
_FEES = {"platform_fee", "network_fee", "fee"}
_SIGNED = {"margin_gain", "margin_loss"}
_KNOWN = _COMES | _GOES | _FEES | _SIGNED


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    """Held until the file is read: rows of one event may lie apart."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        cells = Cells(row)
        account, ident = cells.get("account name|platform"), cells.get("internal id")
        if not ident:
            yield Entry((row,), account)
            continue
        groups.setdefault((account, ident), []).append(row)
    for (account, ident), group in groups.items():
        yield Entry(legs.in_order(group), account, ident)


def _event(entry: Entry, reading: Reading) -> Event:
    first = Cells(entry.rows[0])
    moved = [_movement(Cells(row), reading) for row in entry.rows]
    records = [Cells(row).get("record type") for row in entry.rows]
    unknown = next((word for word in records if kinds.spelled(word) not in _KNOWN), "")
    word = unknown or first.get("type")
    detail = {
        "type": word,
        "txid": first.get("blockchain id"),
        "order": first.get("platform id"),
        "description": first.get("description"),
    }
    at = min(dates.moment(Cells(row).get("timestamp (utc)"), reading) for row in entry.rows)
    return two_sided.booked(at, kinds.kind(word, moved, {}), moved, detail)


def _movement(cells: Cells, reading: Reading) -> Movement:
    """One leg: by its record type; of one that tells no direction the amount's own sign counts."""
    side = two_sided.side(cells, ("amount", "asset"), reading)
    if side is None:
        return Movement(WALLET, "", money.ZERO)
    told = kinds.spelled(cells.get("record type"))
    size = side.amount.copy_abs()
    if told in _FEES:
        return legs.fee(WALLET, side.asset, size)
    if told in _COMES:
        return legs.leg(WALLET, side.asset, size)
    if told in _GOES:
        return legs.leg(WALLET, side.asset, money.negate(size))
    return legs.leg(WALLET, side.asset, side.amount)


def _when(text: str, reading: Reading) -> datetime:
    return dates.moment(text, reading, month_first=True)


EXPORT = ImportFormat(
    id="coinledger",
    rank=two_sided.RANK,
    title="CoinLedger: export",
    description="CoinLedger's export of all transactions, a row for each amount.",
    headings=(
        (
            *("Timestamp (UTC)", "Type", "Internal Id", "Platform", "Account Name"),
            *("Platform Id", "Blockchain Id", "Record Type", "Asset", "Amount", "Description"),
        ),
    ),
    recognise=having("timestamp (utc)", "type", "internal id", "record type", "asset", "amount"),
    entries=_entries,
    event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
)
FORM = two_sided.reader(
    Layout(
        date=("date (utc)",),
        words=("type",),
        sent=("amount sent", "asset sent"),
        received=("amount received", "asset received"),
        fee=("fee amount", "fee currency"),
        account="platform",
        detail={"description": "description", "txid": "txhash"},
        when=_when,
    ),
    id="coinledger-form",
    title="CoinLedger: manual import",
    description="The form for manual imports, with the platform in each row.",
    headings=(
        (
            *("Date (UTC)", "Platform (Optional)", "Asset Sent", "Amount Sent"),
            *("Asset Received", "Amount Received", "Fee Currency (Optional)"),
            *("Fee Amount (Optional)", "Type", "Description (Optional)", "TxHash (Optional)"),
        ),
    ),
    recognise=having("date (utc)", "asset sent", "amount sent", "asset received", "type"),
)
FORMATS = (EXPORT, FORM)
