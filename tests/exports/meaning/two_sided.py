"""The services that read rows of an amount received, one sent and a fee."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree

from portfolio.engine.export import ExportTransaction
from portfolio.engine.types import PostingRole, TransactionKind
from tests.exports.meaning import Reader, Told

Cells = dict[str, str]
Pair = tuple[str, str]  # the headings of an amount and of its asset


def table_of(content: bytes) -> list[Cells]:
    if content.startswith(b"PK"):
        header, *rows = _sheet(content)
        return [dict(zip(header, row, strict=True)) for row in rows]
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def _sheet(workbook: bytes) -> list[list[str]]:
    """The cells of a workbook's first sheet, as text."""
    packed = zipfile.ZipFile(io.BytesIO(workbook))
    root = ElementTree.fromstring(packed.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"
    return [["".join(cell.itertext()) for cell in row] for row in root.iter(name)]


def amount_of(cells: Cells, pair: Pair) -> tuple[str, Decimal]:
    """An amount of a row; nothing is nothing. Both cells are filled, or none."""
    amount, asset = (cells[name] for name in pair)
    assert bool(amount) == bool(asset)
    return asset, Decimal(amount or 0)


def change_of(*signed: tuple[int, tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for sign, (asset, amount) in signed:
        if asset:
            sums[asset] = sums.get(asset, Decimal(0)) + sign * amount
    return sums


def beside(
    date: str | tuple[str, str], layout: str, received: Pair, sent: Pair, fee: Pair
) -> Callable[[bytes], list[Told]]:
    """Received less sent less fee."""
    return _read(
        date,
        layout,
        lambda row: change_of(
            (1, amount_of(row, received)), (-1, amount_of(row, sent)), (-1, amount_of(row, fee))
        ),
    )


def _read(
    date: str | tuple[str, str], layout: str, change: Callable[[Cells], dict[str, Decimal]]
) -> Callable[[bytes], list[Told]]:
    names = (date,) if isinstance(date, str) else date

    def read(text: bytes) -> list[Told]:
        return [
            Told(
                datetime.strptime(" ".join(row[name] for name in names), layout).isoformat(),  # noqa: DTZ007
                change(row),
            )
            for row in table_of(text)
        ]

    return read


def _cointracking(row: Cells) -> dict[str, Decimal]:
    """The fee column is information: the amounts have it."""
    fee, fee_asset = row["Fee"], row["Fee Currency"]
    assert bool(fee) == bool(fee_asset)
    assert not fee or fee_asset in (row["Buy Currency"], row["Sell Currency"])
    return change_of(
        (1, amount_of(row, ("Buy Amount", "Buy Currency"))),
        (-1, amount_of(row, ("Sell Amount", "Sell Currency"))),
    )


def _summ(row: Cells) -> dict[str, Decimal]:
    """A buy takes the base and gives the quote, a sell gives and takes; the rest is by its type."""
    base = amount_of(row, ("Base Amount", "Base Currency"))
    quote = amount_of(row, ("Quote Amount (Optional)", "Quote Currency (Optional)"))
    fee = amount_of(row, ("Fee Amount (Optional)", "Fee Currency (Optional)"))
    assert bool(quote[0]) == (row["Type"] in ("buy", "sell"))
    assert row["Type"] != "fee" or not fee[0]
    goes_in = row["Type"] in _SUMM_IN
    return change_of((1 if goes_in else -1, base), (-1 if goes_in else 1, quote), (-1, fee))


_SUMM_IN = {
    "buy", "fiat-deposit", "receive", "chain-split", "income", "interest", "mining", "airdrop",
    "staking", "rebate", "cashback", "incoming-gift", "realized-profit",
}  # fmt: skip


def _awaken_futures(row: Cells) -> dict[str, Decimal]:
    """The result, less the fee, in the token that is paid with."""
    token = row["Payment Token"]
    return change_of((1, (token, Decimal(row["P&L"]))), (-1, (token, Decimal(row["Fee"] or 0))))


def _net(transaction: ExportTransaction, role: PostingRole) -> Counter[str]:
    sums: Counter[str] = Counter()
    is_fee = transaction.kind is TransactionKind.FEE  # all of it
    for leg in transaction.legs:
        if (PostingRole.PRINCIPAL if is_fee else leg.role) is role:
            sums[leg.asset] += leg.amount  # type: ignore[assignment]
    return sums


def rows_beside(transaction: ExportTransaction) -> int:
    """As many as there are amounts on the fuller side, and as many as find no place for a fee."""
    moved = _net(transaction, PostingRole.PRINCIPAL).values()
    fees = _net(transaction, PostingRole.FEE)
    pairs = max(sum(n > 0 for n in moved), sum(n < 0 for n in moved))
    paid = {asset for asset, n in fees.items() if n < 0} | _lost_on_the_way(transaction)
    refunds = sum(n > 0 for n in fees.values())
    return pairs + max(0, len(paid) - pairs) + refunds


def _lost_on_the_way(transaction: ExportTransaction) -> set[str]:
    other = transaction.counterpart
    sent = -_net(transaction, PostingRole.PRINCIPAL)[other.asset] if other else 0
    return {other.asset} if other and sent > other.amount else set()


def is_lost(transaction: ExportTransaction) -> bool:
    """What only went, and is lost or stolen by its kind or by its owner's word."""
    amounts = [leg.amount for leg in transaction.legs if leg.role is PostingRole.PRINCIPAL]
    words = ("gift", "donation", "lost", "stolen", "payment")  # the first of them counts
    tag = next((word for word in words if word in transaction.tags), transaction.kind.value)
    said = tag in ("lost", "stolen")
    known = transaction.transfer is not None or transaction.kind is TransactionKind.FEE
    gone = any(n < 0 for n in amounts) and not any(n > 0 for n in amounts)
    return said and gone and not known


_BLOCKPIT = beside(
    "Date (UTC)",
    "%d.%m.%Y %H:%M:%S",
    ("Incoming Amount", "Incoming Asset"),
    ("Outgoing Amount", "Outgoing Asset"),
    ("Fee Amount (optional)", "Fee Asset (optional)"),
)
READERS = {
    "koinly": Reader(
        beside(
            "Date",
            "%Y-%m-%d %H:%M:%S UTC",
            ("Received Amount", "Received Currency"),
            ("Sent Amount", "Sent Currency"),
            ("Fee Amount", "Fee Currency"),
        ),
        rows=rows_beside,
    ),
    "cointracking": Reader(
        _read("Date", "%Y-%m-%d %H:%M:%S", _cointracking), symbols={"ATOM": "ATOM2", "SOL": "SOL2"}
    ),
    "cointracker": Reader(
        beside(
            "Date",
            "%m/%d/%Y %H:%M:%S",
            ("Received Quantity", "Received Currency"),
            ("Sent Quantity", "Sent Currency"),
            ("Fee Amount", "Fee Currency"),
        ),
        rows=rows_beside,
    ),
    "coinledger": Reader(
        beside(
            "Date (UTC)",
            "%m/%d/%Y %H:%M:%S",
            ("Amount Received", "Asset Received"),
            ("Amount Sent", "Asset Sent"),
            ("Fee Amount (Optional)", "Fee Currency (Optional)"),
        ),
        rows=rows_beside,
    ),
    "zenledger": Reader(
        beside(
            "Timestamp",
            "%Y-%m-%d %H:%M:%S",
            ("IN Amount", "IN Currency"),
            ("Out Amount", "Out Currency"),
            ("Fee Amount", "Fee Currency"),
        ),
        rows=rows_beside,
    ),
    "tokentax": Reader(
        beside(
            "Date",
            "%m/%d/%Y %H:%M:%S",
            ("BuyAmount", "BuyCurrency"),
            ("SellAmount", "SellCurrency"),
            ("FeeAmount", "FeeCurrency"),
        ),
        rows=rows_beside,
    ),
    "taxbit": Reader(
        beside(
            "Date and Time",
            "%Y-%m-%dT%H:%M:%SZ",
            ("Received Quantity", "Received Currency"),
            ("Sent Quantity", "Sent Currency"),
            ("Fee", "Fee Currency"),
        ),
        rows=rows_beside,
    ),
    "blockpit": Reader(_BLOCKPIT),
    "blockpit-xlsx": Reader(_BLOCKPIT),
    "summ": Reader(_read("Timestamp (UTC)", "%Y-%m-%d %H:%M:%S", _summ), rows=rows_beside),
    "awaken": Reader(
        beside(
            "Date",
            "%m/%d/%Y %H:%M:%S",
            ("Received Quantity", "Received Currency"),
            ("Sent Quantity", "Sent Currency"),
            ("Fee Amount", "Fee Currency"),
        ),
        places=8,
        together=("awaken", "awaken-futures"),
    ),
    "awaken-futures": Reader(
        _read("Date", "%m/%d/%Y %H:%M:%S", _awaken_futures),
        places=8,
        together=("awaken", "awaken-futures"),
    ),
    "divly": Reader(
        beside(
            ("date", "time (UTC)"),
            "%Y-%m-%d %H:%M:%S",
            ("received_amount", "received_currency"),
            ("sent_amount", "sent_currency"),
            ("fee_amount", "fee_currency"),
        ),
        rows=rows_beside,
    ),
    "recap": Reader(
        beside(
            "Date",
            "%Y-%m-%d %H:%M:%S",
            ("InOrBuyAmount", "InOrBuyCurrency"),
            ("OutOrSellAmount", "OutOrSellCurrency"),
            ("FeeAmount", "FeeCurrency"),
        ),
        leaves_out=is_lost,
    ),
    "turbotax": Reader(
        beside(
            "Date",
            "%Y-%m-%d %H:%M:%S",
            ("Received Amount", "Received Asset"),
            ("Sent Amount", "Sent Asset"),
            ("Fee Amount", "Fee Asset"),
        ),
        places=8,
    ),
}
