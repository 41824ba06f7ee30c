"""Binance's lists: trades, deposits, withdrawals, income of futures, auto-invest, conversions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.exchange_words import BINANCE_INCOME
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.codes import of_binance
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading, Row

_Kind = TransactionKind
SPOT, EARN = "spot", "earn"
USD_M, COIN_M = "usd-m futures", "coin-m futures"
_TIMES = ("%Y-%m-%d %H:%M:%S", "%y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S")


# --- trades ------------------------------------------------------------------------------------


def _trade(entry: Entry, reading: Reading) -> Event:
    """A trade with its units glued to the numbers, even to ``0.51INCH``: the pair tells which."""
    (row,) = entry.rows
    at = cells.when(row, reading, "Date(UTC)", *_TIMES)
    pair = cells.needed(row, "Pair").replace("/", "").upper()
    paid = cells.with_unit(row, reading, "Amount")
    if paid is None:
        raise NotUnderstood("Amount is empty", line=row.line)
    base, quote = legs.parted(pair, right=paid[1].upper())
    bought = _glued(row, reading, "Executed", base)
    moved = [
        *legs.swap(
            SPOT,
            cells.needed(row, "Side"),
            (of_binance(base, at), bought),
            (of_binance(quote, at), paid[0]),
        ),
        *_glued_fee(row, reading, base, at),
    ]
    return legs.event(
        _Kind.TRADE,
        at,
        moved,
        symbol=f"{base}/{quote}",
        side=cells.text(row, "Side").lower(),
        price=cells.text(row, "Price"),
    )


def _glued(row: Row, reading: Reading, heading: str, unit: str) -> Decimal:
    cell = cells.needed(row, heading)
    number = cell[: -len(unit)] if cell.upper().endswith(unit.upper()) else cell
    return cells.amount(Row(row.line, {heading: number}), reading, heading)


def _glued_fee(row: Row, reading: Reading, base: str, at: datetime) -> list[Movement]:
    cell = cells.text(row, "Fee")
    if not cell:
        return []
    if cell.upper().endswith(base):
        return [legs.fee(SPOT, of_binance(base, at), _glued(row, reading, "Fee", base))]
    told = cells.with_unit(row, reading, "Fee")
    return [] if told is None else [legs.fee(SPOT, of_binance(told[1], at), told[0])]


def _older_trade(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    at = cells.when(row, reading, "Date(UTC)", *_TIMES)
    base, quote = legs.pair(cells.needed(row, "Market"))
    moved = [
        *legs.swap(
            SPOT,
            cells.needed(row, "Type"),
            (of_binance(base, at), cells.amount(row, reading, "Amount")),
            (of_binance(quote, at), cells.amount(row, reading, "Total")),
        ),
        legs.fee(
            SPOT, of_binance(cells.text(row, "Fee Coin"), at), cells.or_zero(row, reading, "Fee")
        ),
    ]
    return legs.event(
        _Kind.TRADE,
        at,
        moved,
        symbol=f"{base}/{quote}",
        side=cells.text(row, "Type").lower(),
        price=cells.text(row, "Price"),
    )


def _conversion(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    at = cells.when(row, reading, "Date", *_TIMES)
    gave, got = (cells.with_unit(row, reading, name) for name in ("Sell", "Buy"))
    moved = [
        legs.leg(SPOT, of_binance(told[1], at), sign(told[0].copy_abs()))
        for told, sign in ((gave, money.negate), (got, Decimal.copy_abs))
        if told is not None
    ]
    return legs.event(
        legs.exchanged(_Kind.CONVERSION, moved),
        at,
        moved,
        type=cells.text(row, "Type"),
        price=cells.text(row, "Price"),
        wallet=cells.text(row, "Wallet"),
    )


# --- deposits, withdrawals ---------------------------------------------------------------------


def _travelled(kind: TransactionKind, entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    at = cells.zoned(row, reading, "Date", *_TIMES)
    asset = of_binance(cells.needed(row, "Coin"), at)
    paid = cells.or_zero(row, reading, "TransactionFee", "Fee")
    size = cells.amount(row, reading, "Amount")
    return legs.event(
        kind,
        at,
        legs.travel(kind, SPOT, asset, size, paid=paid),
        network=cells.text(row, "Network"),
        address=cells.text(row, "Address"),
        txid=cells.text(row, "TXID"),
        status=cells.text(row, "Status"),
    )


def _deposit(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.DEPOSIT, entry, reading)


def _withdrawal(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.WITHDRAWAL, entry, reading)


def _either(entry: Entry, reading: Reading) -> Event:
    """A row of the older files, which do not say which they list: only withdrawals have fees.

    One without a fee may be either; its amount is shown, not booked.
    """
    (row,) = entry.rows
    if cells.or_zero(row, reading, "TransactionFee"):
        return _travelled(_Kind.WITHDRAWAL, entry, reading)
    told = _travelled(_Kind.DEPOSIT, entry, reading)
    return legs.event(
        _Kind.UNCLASSIFIED,
        told.occurred_at,
        (),
        type="deposit or withdrawal",
        amount=f"{cells.text(row, 'Amount')} {cells.text(row, 'Coin')}",
        **told.detail,
    )


# --- futures -----------------------------------------------------------------------------------

# Files have two words more than answers.
_INCOME = BINANCE_INCOME | {"DEPOSIT": _Kind.TRANSFER, "WITHDRAW": _Kind.TRANSFER}
# What is traded against dollars is settled in these; BNB is kept there to pay fees.
_SETTLED_IN = ("USDT", "USDC", "BUSD", "FDUSD", "BNFCR", "BFUSD", "LDUSDT", "BNB")


def _income(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word, asset = cells.needed(row, "type"), cells.needed(row, "Asset").upper()
    symbol, number = cells.text(row, "Symbol"), cells.text(row, "Transaction ID")
    wallet = COIN_M if "_" in symbol or asset not in _SETTLED_IN else USD_M
    amount = cells.amount(row, reading, "Amount")
    kind = _INCOME.get(word.upper(), _Kind.UNCLASSIFIED)
    if kind is _Kind.REWARD and amount < 0:
        kind = _Kind.ADJUSTMENT
    role = PostingRole.FEE if kind is _Kind.FEE else PostingRole.PRINCIPAL
    return legs.event(
        kind,
        cells.when(row, reading, "Date(UTC)", *_TIMES),
        (Movement(wallet, asset, amount, role),),
        key=_income_key(wallet, word, number, asset, symbol),
        type=word,
        symbol=symbol,
        reference=number,
    )


def _income_key(wallet: str, word: str, number: str, asset: str, symbol: str) -> str:
    """The key of the answers, which have the number of the trade too where there is one."""
    if word == "TRANSFER" and number:
        return f"transfer:{number}"
    if word == "FUNDING_FEE" and number:
        return f"income:{wallet}:{word}:{number}:{asset}:{symbol}:"
    return ""


def _income_id(row: Row) -> str:
    if not cells.text(row, "Transaction ID"):
        return ""
    return ":".join(cells.text(row, name) for name in ("type", "Transaction ID", "Asset", "Symbol"))


# --- auto-invest -------------------------------------------------------------------------------


def _auto_invest(entry: Entry, reading: Reading) -> Event:
    """Bought from savings, the spot wallet or both; of both it is not told how much of which."""
    (row,) = entry.rows
    dates = ("%d/%m/%Y %H:%M",) if reading.day_first else ("%m/%d/%Y %H:%M",)
    at = cells.when(row, reading, "Auto-Invest Date(UTC)", *_TIMES, *dates)
    paid, got = (cells.with_unit(row, reading, name) for name in ("Amount per period", "Units"))
    charge = cells.with_unit(row, reading, "Trading Fee")
    if paid is None or got is None:
        raise NotUnderstood("Amount per period or Units is empty", line=row.line)
    source = cells.text(row, "From")
    wallet = EARN if source.lower() in ("flexible savings", "simple earn flexible") else SPOT
    moved = [
        legs.leg(SPOT, of_binance(got[1], at), got[0]),
        legs.leg(wallet, of_binance(paid[1], at), money.negate(paid[0])),
    ]
    if charge is not None:
        moved.append(legs.fee(wallet, of_binance(charge[1], at), charge[0]))
    return legs.event(
        legs.exchanged(_Kind.CONVERSION, moved), at, moved, type="auto-invest", source=source
    )


_OLDER_TRAVEL = ("Coin", "Amount", "TransactionFee", "Address", "TXID", "SourceAddress",
                 "PaymentID", "Status")  # fmt: skip
_DEPOSITS = ("Date", "Coin", "Network", "Amount", "Address", "TXID", "Status")
_WITHDRAWALS = ("Date", "Coin", "Network", "Amount", "Fee", "Address", "TXID", "Status")


def _lists_deposits(heading: tuple[str, ...]) -> bool:
    older = {"TransactionFee", "Fee", "SourceAddress"} & set(heading)
    return not older and cells.headed(_DEPOSITS)(heading)


FORMATS = (
    ImportFormat(
        id="binance-trades",
        title="Binance: trades",
        description="Spot trade history: Orders, Spot Order, Trade History.",
        headings=(("Date(UTC)", "Pair", "Side", "Price", "Executed", "Amount", "Fee"),),
        entries=legs.one_each(),
        event=_trade,
        exchange="binance",
    ),
    ImportFormat(
        id="binance-trades-older",
        title="Binance: trades, older",
        description="Spot trade history as it was until 2021.",
        headings=(("Date(UTC)", "Market", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"),),
        entries=legs.one_each(),
        event=_older_trade,
        exchange="binance",
    ),
    ImportFormat(
        id="binance-conversions",
        title="Binance: conversions",
        description="Convert history. The file does not say its zone.",
        headings=(
            ("Date", "Pair", "Type", "Sell", "Buy", "Price", "Inverse Price", "Date Updated",
             "Status"),
        ),
        entries=legs.one_each(left_out=legs.undone("Status")),
        event=_conversion,
        exchange="binance",
        asks=("zone",),
    ),
    ImportFormat(
        id="binance-deposits",
        title="Binance: deposits",
        description="Deposits of crypto; the heading names the zone.",
        headings=(_DEPOSITS,),
        recognise=_lists_deposits,
        entries=legs.one_each(left_out=legs.undone("Status")),
        event=_deposit,
        exchange="binance",
        rank=40,
    ),
    ImportFormat(
        id="binance-withdrawals",
        title="Binance: withdrawals",
        description="Withdrawals of crypto; the heading names the zone.",
        headings=(_WITHDRAWALS,),
        recognise=cells.headed(_WITHDRAWALS),
        entries=legs.one_each(left_out=legs.undone("Status")),
        event=_withdrawal,
        exchange="binance",
        rank=40,
    ),
    ImportFormat(
        id="binance-transfers-older",
        title="Binance: deposits or withdrawals, older",
        description="One layout for both. What has a fee is a withdrawal, the rest is to be told.",
        headings=(("Date(UTC)", *_OLDER_TRAVEL), ("Date", *_OLDER_TRAVEL)),
        recognise=cells.headed(("Date", *_OLDER_TRAVEL)),
        entries=legs.one_each(left_out=legs.undone("Status")),
        event=_either,
        exchange="binance",
        rank=40,
    ),
    ImportFormat(
        id="binance-futures-income",
        title="Binance: income of futures",
        description="Transaction history of a futures wallet.",
        headings=(("Date(UTC)", "type", "Amount", "Asset", "Symbol", "Transaction ID"),),
        entries=legs.one_each(ident=_income_id),
        event=_income,
        exchange="binance",
        rank=40,
    ),
    ImportFormat(
        id="binance-auto-invest",
        title="Binance: auto-invest",
        description="History of auto-invest plans.",
        headings=(
            ("Auto-Invest Date(UTC)", "Holding Coin", "Amount per period", "Trading Fee", "Units",
             "From", "Status"),
        ),
        entries=legs.one_each(left_out=legs.undone("Status")),
        event=_auto_invest,
        exchange="binance",
        asks=("day_first",),
    ),
)  # fmt: skip
