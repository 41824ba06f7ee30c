"""rotki: its generic import of trades and of events, two files.

Columns go by name, times are whole milliseconds, locations are rotki's own words. It takes a trade
for known that has the location, the time and both amounts of another, so twins stand a millisecond
apart.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain

from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction
from portfolio.engine.money import plain
from portfolio.engine.types import TransactionKind
from portfolio.exports.format import (
    ExportFormat,
    Group,
    free_text,
    gettext_noop,
    half_alone,
    own_word,
)
from portfolio.exports.names import one_line
from portfolio.exports.parts import Pair, is_even, parts
from portfolio.exports.spools import Spool

TRADES = (
    *("Location", "Spend Currency", "Receive Currency", "Receive Amount", "Spend Amount"),
    *("Fee", "Fee Currency", "Description", "Timestamp"),
)
EVENTS = (
    "Type",
    "Location",
    "Currency",
    "Amount",
    "Fee",
    "Fee Currency",
    "Description",
    "Timestamp",
)

_K = TransactionKind
_EXTERNAL = "external"
_LOCATIONS = {
    **{
        name: name
        for name in (
            *("binance", "binanceus", "bitfinex", "bitmex", "bitpanda", "bitstamp", "bybit"),
            *("coinbase", "coinex", "cryptocom", "gate", "gemini", "htx", "hyperliquid"),
            *("independentreserve", "kraken", "kucoin", "okx", "poloniex", "woo"),
        )
    },
    "binanceusdm": "binance",
    "binancecoinm": "binance",
    "coinbaseexchange": "coinbasepro",
    "krakenfutures": "kraken",
}
_UNCLEAR = (_K.TRADE, _K.CONVERSION, _K.ADJUSTMENT, _K.OTHER, _K.UNCLASSIFIED)
_MOVED = (_K.DEPOSIT, _K.WITHDRAWAL, _K.TRANSFER, *_UNCLEAR)
_LOSSES = (_K.LOST, _K.REALISED_PNL, _K.LIQUIDATION)
_NEAR = (_K.AIRDROP, _K.FORK, _K.GIFT, _K.MINING, _K.FUNDING, _K.REALISED_PNL, _K.LIQUIDATION)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Clock:
    """Times in milliseconds; each trade that is like another of its time gets the next free one."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, str, str, str], None] = {}

    def of_trade(self, at: datetime, location: str, pair: Pair) -> int:
        moment = milliseconds(at)
        self._taken = {known: None for known in self._taken if known[0] >= moment}
        amounts = (location, plain(pair.received.amount), plain(pair.sent.amount))
        while (moment, *amounts) in self._taken:
            moment += 1
        self._taken[(moment, *amounts)] = None
        return moment


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970, UTC."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _files(
    transactions: Iterable[ExportTransaction], context: ExportContext
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """To be read in their order: events are kept while trades are written."""
    with Spool() as spool:
        yield "rotki-trades.csv", _trades(transactions, context, spool)
        yield "rotki-events.csv", chain([_line(EVENTS)], spool.pieces("events"))


def _trades(
    transactions: Iterable[ExportTransaction], context: ExportContext, spool: Spool
) -> Iterator[bytes]:
    clock = _Clock()
    yield _line(TRADES)
    for transaction in transactions:
        trades, events = _rows(transaction, context, clock)
        yield from (_line(row) for row in trades)
        for row in events:
            spool.add("events", _line(row))


def _shown(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[bytes]:
    """Both files' rows as they come; the events' columns stand beside the trades'."""
    clock = _Clock()
    yield _line((*TRADES, *EVENTS))
    for transaction in transactions:
        trades, events = _rows(transaction, context, clock)
        yield from (_line((*row, *[""] * len(EVENTS))) for row in trades)
        yield from (_line((*[""] * len(TRADES), *row)) for row in events)


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def _rows(
    transaction: ExportTransaction, context: ExportContext, clock: _Clock
) -> tuple[list[list[str]], list[list[str]]]:
    """The trades and the events of a transaction; each but the first of a kind without its fee."""
    apart = parts(transaction, context.currency)
    location = _LOCATIONS.get(transaction.exchange, _EXTERNAL)
    about, at = free_text(_about(transaction)), str(milliseconds(transaction.occurred_at))
    paid = [fee for fee in apart.fees if fee.amount < 0]
    trades: list[list[str]] = []
    events: list[list[str]] = []
    for pair in apart.pairs:
        moment = str(clock.of_trade(transaction.occurred_at, location, pair))
        sent, received = pair.sent, pair.received
        trades.append(
            [
                *(location, context.symbol(sent.asset), context.symbol(received.asset)),
                *(plain(received.amount), plain(sent.amount), *_fee(paid, context), about, moment),
            ]
        )
    for kind, leg in _told(transaction, apart.singles):
        events.append([kind, location, *_amount(leg, context), *_fee(paid, context), about, at])
    alone = [("Income", fee) for fee in apart.fees if fee.amount > 0]
    alone += [("Spend", fee) for fee in paid]
    for kind, leg in alone:
        events.append([kind, location, *_amount(leg, context), "", "", about, at])
    return trades, events


def _told(
    transaction: ExportTransaction, legs: Iterable[ExportLeg]
) -> Iterator[tuple[str, ExportLeg]]:
    """Amounts with rotki's types; what only moved within one connection changes nothing there."""
    other = transaction.counterpart
    for leg in legs:
        if _is_inside(transaction) and is_even(leg, other):
            continue
        yield _word(transaction.kind, leg), leg


def _is_inside(transaction: ExportTransaction) -> bool:
    """Whether it moved between wallets of one connection, and the other half is here too."""
    other = transaction.counterpart
    return other is not None and other.account == transaction.account and not other.is_outside


def _word(kind: TransactionKind, leg: ExportLeg) -> str:
    if kind in _MOVED:
        return "Deposit" if leg.amount > 0 else "Withdrawal"
    if leg.amount > 0:
        return "Staking" if kind is _K.REWARD else "Income"
    return "Loss" if kind in _LOSSES else "Spend"


def _fee(paid: list[ExportLeg], context: ExportContext) -> tuple[str, str]:
    """The first fee that is not told yet: amount and asset, or neither."""
    if not paid:
        return "", ""
    fee = paid.pop(0)
    return plain(fee.amount.copy_abs()), context.symbol(fee.asset)


def _amount(leg: ExportLeg, context: ExportContext) -> tuple[str, str]:
    return context.symbol(leg.asset), plain(leg.amount.copy_abs())


def _about(transaction: ExportTransaction) -> str:
    words = (
        *(transaction.kind.value, own_word(transaction), transaction.account_label),
        *(transaction.detail.get("symbol", ""), transaction.key, transaction.note),
        half_alone(transaction),
    )
    return one_line(" ".join(words))


LACKS = {
    "location": gettext_noop(
        "This exchange is none that rotki has: written with the location external, and its name in "
        "the description."
    ),
    "near": gettext_noop(
        "Airdrops, forks, gifts, mining and results of contracts: rotki's import has no types for "
        "them. Written as income, loss or spend, with the kind in the description."
    ),
    "unclear": gettext_noop(
        "Adjustments, loans, unclassified transactions and trades of which one side is missing: "
        "written as deposits and withdrawals."
    ),
    "own_move": gettext_noop(
        "Moves between wallets of one connection are left out: they change nothing at its location."
    ),
    "equal": gettext_noop(
        "Several things were given or received at once, and not all of their prices are known: "
        "they are taken for equally much worth."
    ),
    "before": gettext_noop("What was held before the range is in no row."),
    "nothing": gettext_noop("Transactions that moved nothing are left out."),
}


def _shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    apart = parts(transaction, context.currency)
    if not (apart.moves or apart.pairs or apart.singles or apart.fees):
        yield "nothing"
    if transaction.exchange not in _LOCATIONS:
        yield "location"
    if transaction.kind in _NEAR:
        yield "near"
    if apart.moves or _is_inside(transaction):
        yield "own_move"
    if apart.singles and transaction.kind in _UNCLEAR:
        yield "unclear"
    if any(pair.is_guess for pair in apart.pairs):
        yield "equal"
    if any(leg.asset in {o.asset for o in context.openings} for leg in transaction.legs):
        yield "before"


FORMAT = ExportFormat(
    id="rotki",
    title=gettext_noop("rotki"),
    description=gettext_noop(
        "Two files, for rotki's generic imports of trades and of events. A trade that is like "
        "another to the millisecond is told a millisecond later, since rotki would take it for the "
        "same. Import the events once only: rotki does not know them again."
    ),
    write=_shown,
    files=_files,
    shown=_shown,
    extension="zip",
    content_type="application/zip",
    lacks=LACKS,
    shortfalls=_shortfalls,
    group=Group.ACCOUNTING,
    symbols={
        "USDT": "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7",
        "USDC": "eip155:1/erc20:0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
        "DAI": "eip155:1/erc20:0x6B175474E89094C44Da98b954EedeAC495271d0F",
        "LINK": "eip155:1/erc20:0x514910771AF9Ca656af840dff83E8264EcF986CA",
        "UNI": "eip155:1/erc20:0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984",
        "SHIB": "eip155:1/erc20:0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE",
        "PEPE": "eip155:1/erc20:0x6982508145454Ce325dDbE47a25d4ec3d2311933",
        "ARB": "eip155:42161/erc20:0x912CE59144191C1204E64559FE8253a0e49E6548",
    },
)
