"""ShapeShift: its trade history. Times are UTC. The miner's fee was taken off what came.

What was returned is no trade.
"""

from __future__ import annotations

from portfolio.imports import two_sided
from portfolio.imports.format import ImportFormat
from portfolio.imports.headings import Cells, having
from portfolio.imports.two_sided import Layout


def _left_out(cells: Cells) -> str:
    status = cells.get("status")
    return "" if status.casefold() in {"complete", "completed"} else f"its status is “{status}”"


FORMAT: ImportFormat = two_sided.reader(
    Layout(
        date=("timestamp",),
        sent=("inputamount", "inputcurrency"),
        received=("outputamount", "outputcurrency"),
        fee=("minerfee", "outputcurrency"),
        fee_inside=True,
        ident="id",
        detail={"txid": "outputtxid", "address": "outputaddress", "order": "id"},
        left_out=_left_out,
    ),
    id="shapeshift",
    rank=50,
    title="ShapeShift",
    description="The trade history of ShapeShift.",
    headings=(
        (
            *("id", "status", "timestamp", "rate", "minerFee", "inputAmount", "inputCurrency"),
            *("inputAddress", "inputTxid", "outputAmount", "outputCurrency", "outputAddress"),
            *("outputTxid", "refundAddress", "refundCurrency", "refundTxid"),
        ),
    ),
    recognise=having("id", "status", "timestamp", "inputamount", "outputamount"),
)
