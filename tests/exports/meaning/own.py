"""Coffer's own layouts, which say what moved as it is; BittyTax's rows and rotki's."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from decimal import Decimal

from tests.exports.meaning import Reader, Told
from tests.exports.meaning.two_sided import amount_of, change_of, table_of


def _postings(content: bytes) -> list[Told]:
    """A row per amount, signed."""
    return [
        Told(_moment(row["time"]), {row["asset"]: Decimal(row["amount"])})
        for row in table_of(content)
    ]


def _lines(content: bytes) -> list[Told]:
    """A transaction a line, after one about the file."""
    _, *told = (json.loads(line) for line in content.splitlines())
    return [
        Told(_moment(one["time"]), change_of(*((1, _leg(leg)) for leg in one.get("legs", ()))))
        for one in told
    ]


def _leg(leg: dict[str, str]) -> tuple[str, Decimal]:
    return leg["asset"], Decimal(leg["amount"])


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat(timespec="microseconds")


def _bittytax(content: bytes) -> list[Told]:
    """Bought less sold less fee, each in the row's wallet."""
    return [
        Told(
            _moment(row["Timestamp"]),
            change_of(
                (1, amount_of(row, ("Buy Quantity", "Buy Asset"))),
                (-1, amount_of(row, ("Sell Quantity", "Sell Asset"))),
                (-1, amount_of(row, ("Fee Quantity", "Fee Asset"))),
            ),
        )
        for row in table_of(content)
    ]


def _rotki(content: bytes) -> list[Told]:
    """Trades, and events whose type says which way; a fee beside either."""
    packed = zipfile.ZipFile(io.BytesIO(content))
    fee = ("Fee", "Fee Currency")
    trades = [
        Told(
            f"trade {row['Timestamp']}",
            change_of(
                (1, amount_of(row, ("Receive Amount", "Receive Currency"))),
                (-1, amount_of(row, ("Spend Amount", "Spend Currency"))),
                (-1, amount_of(row, fee)),
            ),
        )
        for row in table_of(packed.read("rotki-trades.csv"))
    ]
    events = [
        Told(
            f"event {row['Timestamp']}",
            change_of(
                (_ROTKI[row["Type"]], amount_of(row, ("Amount", "Currency"))),
                (-1, amount_of(row, fee)),
            ),
        )
        for row in table_of(packed.read("rotki-events.csv"))
    ]
    return events + trades


_ROTKI = {"Deposit": 1, "Income": 1, "Staking": 1, "Withdrawal": -1, "Loss": -1, "Spend": -1}
READERS = {
    "rotki": Reader(_rotki),
    "csv": Reader(_postings),
    "xlsx": Reader(_postings),
    "jsonl": Reader(_lines),
    "bittytax": Reader(_bittytax),
}
