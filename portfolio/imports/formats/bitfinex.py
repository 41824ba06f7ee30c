"""Bitfinex: the ledger books everything; trades and movements tell the same from their side.

A ledger row tells what happened by its description alone. The rows of one trade name no trade; they
meet by minute, coin, amount and price, as in the exchange's answers. Years have two digits.
"""

from __future__ import annotations

import re
from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
EXCHANGE, MARGIN, DERIVATIVES = "exchange", "margin", "derivatives"
_WALLETS = {"trading": MARGIN, "deposit": "funding"}
_COLLATERAL = "F0"
_ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S.%f")
_DAY_FIRST = ("%d-%m-%y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d/%m/%y %H:%M:%S")
_MONTH_FIRST = ("%m-%d-%y %H:%M:%S", "%m-%d-%Y %H:%M:%S", "%m/%d/%y %H:%M:%S")


def _asset(code: str) -> str:
    upper = code.strip().upper()
    if upper.startswith("TEST"):
        return upper
    return codes.asset("bitfinex", upper.removesuffix(_COLLATERAL) or upper)


def _wallet(name: str, code: str) -> str:
    known = _WALLETS.get(name.lower(), name.lower() or EXCHANGE)
    return DERIVATIVES if known == MARGIN and code.upper().endswith(_COLLATERAL) else known


def _at(row: Row, reading: Reading) -> datetime:
    return cells.when(
        row, reading, "DATE", *_ISO, *(_DAY_FIRST if reading.day_first else _MONTH_FIRST)
    )


# --- ledger ------------------------------------------------------------------------------------

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?"
_ON_WALLET = re.compile(r"\s*on wallet (\w+)\s*$", re.IGNORECASE)
_TRADED = re.compile(
    rf"^(?:exchange|trading (?:fees|rebate) for) (?P<amount>{_NUMBER}) (?P<base>\w+) "
    rf".*?@ (?P<price>{_NUMBER})",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"^(?:deposit (?:fee )?\(.*\)|.*withdrawal(?: fee| request)?) #?(\d+)", re.IGNORECASE
)
# What descriptions begin with or hold, the first that fits.
_KINDS: tuple[tuple[re.Pattern[str], TransactionKind], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"^exchange ", _Kind.TRADE),
        (r"^trading (fees?|rebate) |^canceled withdrawal fee", _Kind.FEE),
        (r"^canceled withdrawal", _Kind.WITHDRAWAL),
        (r"^deposit fee|withdrawal.* fee|miner fee", _Kind.FEE),
        (r"^deposit ", _Kind.DEPOSIT),
        (r" withdrawal #|^withdrawal", _Kind.WITHDRAWAL),
        (r"^transfer ", _Kind.TRANSFER),
        (r"^claiming fee", _Kind.FEE),
        (r"^position .*claimed", _Kind.CONVERSION),
        (r"^position .*(funding cost|swap|interest)", _Kind.INTEREST),
        (r"liquidat", _Kind.LIQUIDATION),
        (r"^position |^settlement", _Kind.REALISED_PNL),
        (r"^funding event", _Kind.FUNDING),
        (r"margin funding|^interest|swap payment|swap interest", _Kind.INTEREST),
        (r"staking|^earned fees|affiliate rebate|profit payment", _Kind.REWARD),
        (r"airdrop|distribution|snapshot", _Kind.AIRDROP),
        (r"^currency conversion|token redemption", _Kind.CONVERSION),
        (r"adjustment|loss", _Kind.ADJUSTMENT),
        (r"\bfees?\b", _Kind.FEE),
    )
)


def _about(row: Row) -> str:
    return _ON_WALLET.sub("", cells.text(row, "DESCRIPTION"))


def _row_kind(row: Row) -> TransactionKind:
    what = _about(row)
    found = (kind for pattern, kind in _KINDS if pattern.search(what))
    return next(found, _Kind.UNCLASSIFIED)


def _group(row: Row) -> tuple[str, ...] | None:
    what, minute = _about(row), cells.text(row, "DATE")[:-3]
    if traded := _TRADED.match(what):
        told = (traded["base"].upper(), traded["amount"].lstrip("-"), traded["price"])
        return ("trade", minute, *told)
    if moved := _MOVED.match(what):
        return ("movement", moved.group(1))
    if _row_kind(row) in (_Kind.TRANSFER, _Kind.CONVERSION):
        return ("together", minute, what)
    return None


def _ledger(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        code = cells.needed(row, "CURRENCY")
        told = _ON_WALLET.search(cells.text(row, "DESCRIPTION"))
        place = _wallet(cells.text(row, "WALLET") or (told.group(1) if told else ""), code)
        role = PostingRole.FEE if _row_kind(row) is _Kind.FEE else PostingRole.PRINCIPAL
        moved.append(Movement(place, _asset(code), cells.amount(row, reading, "AMOUNT"), role))
    kind = legs.first_of(_row_kind(row) for row in entry.rows)
    at = min(_at(row, reading) for row in entry.rows)
    first = entry.rows[0]
    return legs.event(
        legs.exchanged(kind, moved) if kind is _Kind.TRADE else kind,
        at,
        legs.summed(moved),
        key=_key(first, kind, at),
        description="; ".join(sorted({_about(row) for row in entry.rows})),
        entry=cells.text(first, "#") if len(entry.rows) == 1 else "",
    )


def _key(row: Row, kind: TransactionKind, at: datetime) -> str:
    what, number = _about(row), cells.text(row, "#")
    if traded := _TRADED.match(what):
        return _trade_key(at, traded["base"], traded["amount"], traded["price"])
    if moved := _MOVED.match(what):
        return f"movement:{moved.group(1)}"
    if kind in (_Kind.TRANSFER, _Kind.CONVERSION):
        return f"{kind.value}:{at:%Y%m%d%H%M}:{what}"
    return f"ledger:{number}" if number else ""


def _trade_key(at: datetime, base: str, amount: str, price: str) -> str:
    numbers = (money.plain(money.parse(told).copy_abs()) for told in (amount, price))
    return ":".join(("trade", f"{at:%Y%m%d%H%M}", base.upper(), *numbers))


# --- trades, movements -------------------------------------------------------------------------


def _trade(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    pair = cells.needed(row, "PAIR")
    base, quote = legs.pair(pair)
    size, price = (cells.amount(row, reading, name) for name in ("AMOUNT", "PRICE"))
    side = "buy" if size > 0 else "sell"
    cost = money.multiply(size.copy_abs(), price)
    at = _at(row, reading)
    charge = cells.or_zero(row, reading, "FEE")
    paid_in = _asset(cells.text(row, "FEE CURRENCY") or quote)
    is_contract = base.endswith(_COLLATERAL) or quote.endswith(_COLLATERAL)
    moved: tuple[Movement, ...] = (
        *legs.swap(EXCHANGE, side, (_asset(base), size), (_asset(quote), cost)),
        Movement(EXCHANGE, paid_in, charge, PostingRole.FEE),
    )
    return legs.event(
        _Kind.TRADE,
        at,
        () if is_contract else moved,
        key=_trade_key(at, base, money.plain(size), money.plain(price)),
        symbol=f"{_asset(base)}/{_asset(quote)}",
        side=side,
        price=price,
        trade=cells.text(row, "#"),
        order=cells.text(row, "ORDER ID"),
    )


def _movement(entry: Entry, reading: Reading) -> Event:
    """A deposit or withdrawal: what left has its fee (below zero) beside it."""
    (row,) = entry.rows
    size, code = cells.amount(row, reading, "AMOUNT"), _asset(cells.needed(row, "CURRENCY"))
    kind = _Kind.DEPOSIT if size > 0 else _Kind.WITHDRAWAL
    paid = cells.or_zero(row, reading, "FEES")
    number = cells.text(row, "#")
    return legs.event(
        kind,
        _at(row, reading),
        legs.travel(kind, EXCHANGE, code, size, paid=paid),
        key=f"movement:{number}" if number else "",
        address=cells.text(row, "DESCRIPTION"),
        txid=cells.text(row, "TRANSACTION ID"),
        status=cells.text(row, "STATUS"),
    )


_ASKS = ("zone", "day_first")

FORMATS = (
    ImportFormat(
        id="bitfinex-ledger",
        title="Bitfinex: ledger",
        description="Ledger report: all that moved.",
        headings=(
            ("#", "DESCRIPTION", "CURRENCY", "AMOUNT", "BALANCE", "DATE", "WALLET"),
            ("DESCRIPTION", "CURRENCY", "AMOUNT", "BALANCE", "DATE", "WALLET"),
        ),
        entries=legs.grouped(_group),
        event=_ledger,
        exchange="bitfinex",
        asks=_ASKS,
        rank=30,
    ),
    ImportFormat(
        id="bitfinex-trades",
        title="Bitfinex: trades",
        description="Trades report. Trades of contracts move nothing: the ledger does.",
        headings=(
            ("#", "PAIR", "AMOUNT", "PRICE", "FEE", "FEE PERC", "FEE CURRENCY", "DATE",
             "ORDER ID"),
        ),
        entries=legs.one_each(),
        event=_trade,
        exchange="bitfinex",
        asks=_ASKS,
        rank=60,
    ),
    ImportFormat(
        id="bitfinex-movements",
        title="Bitfinex: deposits and withdrawals",
        description="Movements report.",
        headings=(
            ("#", "DATE", "CURRENCY", "STATUS", "AMOUNT", "FEES", "DESCRIPTION",
             "TRANSACTION ID"),
        ),
        entries=legs.one_each(left_out=legs.undone("STATUS"),
                              ident=lambda row: cells.text(row, "#")),
        event=_movement,
        exchange="bitfinex",
        asks=_ASKS,
        rank=60,
    ),
)  # fmt: skip
