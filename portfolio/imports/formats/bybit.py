"""Bybit: the unified account's log, the funding account's changes, spot trades. Times are UTC.

Of the log a row's change is the truth; funding, fee and cash flow are its parts, the fee below zero
in newer files and above in older ones. Both rows of a spot trade have its number.
"""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
UNIFIED, FUNDING, SPOT = "unified", "funding", "spot"
_PLUS, _MINUS = Decimal(1), Decimal(-1)

_KINDS = legs.words(
    (_Kind.TRADE, ("trade",)),
    (_Kind.FUNDING, ("settlement", "funding")),
    (_Kind.REALISED_PNL, ("delivery",)),
    (_Kind.LIQUIDATION, ("liquidation", "adl")),
    (_Kind.AIRDROP, ("airdrop",)),
    (_Kind.REWARD, ("bonus", "feerefund", "bonustransferin")),
    (_Kind.ADJUSTMENT, ("bonusrecollect", "autodeduction", "bonustransferout")),
    (_Kind.INTEREST, ("interest", "interestrepaymentinsloan", "autointerestrepaymentinsloan")),
    (_Kind.TRANSFER, ("transferin", "transferout", "transferininsloan", "transferoutinsloan",
                      "loanspledgeasset", "custodylock", "custodyunlock")),
    (_Kind.CONVERSION, ("currencybuy", "currencysell", "convert", "spotrepaymentbuy",
                        "spotrepaymentsell", "autosoldcollateralinsloan",
                        "autobuyliabilityinsloan")),
    (_Kind.OTHER, ("borrowedamountinsloan", "principlerepaymentinsloan", "loansborrowfunds",
                   "autoprinciplerepaymentinsloan")),
    (_Kind.FEE, ("custodynetworkfee", "custodysettlefee", "pefprofitshare")),
)  # fmt: skip
_EXECUTED = ("trade", "settlement", "funding", "liquidation", "adl", "delivery")
_MOVES = ("subscription", "redemption", "refund")


def _word(row: Row) -> str:
    return cells.text(row, "Type").lower().replace("_", "").replace(" ", "")


def _kind_of(word: str) -> TransactionKind:
    moves = word.endswith(_MOVES)
    return _KINDS.get(word, _Kind.TRANSFER if moves else _Kind.UNCLASSIFIED)


def _trade_id(row: Row) -> str:
    told = cells.text(row, "Trade ID", "TradeId")
    return "" if told in ("--", "-") else told


def _order_id(row: Row) -> str:
    told = cells.text(row, "Order ID", "OrderId")
    return "" if told in ("--", "-") else told


def _time(row: Row) -> str:
    return next((cell for name, cell in row.cells.items() if name.startswith("Time") and cell), "")


def _group(row: Row) -> tuple[str, ...] | None:
    word, contract = _word(row), cells.text(row, "Contract")
    if _kind_of(word) is _Kind.CONVERSION:
        return ("convert", _order_id(row) or _time(row))
    if word != "trade":
        return None
    if trade := _trade_id(row):
        return ("trade", contract, trade)
    # Without numbers: of contracts each row stands alone, of pairs the two legs share a second.
    on_contract = cells.text(row, "Action").strip("-") or "Long" in cells.text(row, "Direction")
    return None if on_contract else ("trade", contract, _time(row), cells.text(row, "Filled Price"))


def _event(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        cells.needed(row, "Currency")
        moved += _parts(row, reading)
    first = entry.rows[0]
    word = _word(first)
    coins = {cells.text(row, "Currency") for row in entry.rows}
    is_spot = word == "trade" and (len(coins) > 1 or _is_pair(first))
    return legs.event(
        _kind(first, word, moved, is_spot=is_spot, reading=reading),
        min(cells.zoned(row, reading, "Time") for row in entry.rows),
        legs.summed(moved),
        key=_key(first, word, is_spot=is_spot),
        type=cells.needed(first, "Type"),
        symbol=cells.text(first, "Contract"),
        price=cells.text(first, "Filled Price").strip("-"),
        trade=_trade_id(first),
        order=_order_id(first),
    )


def _is_pair(row: Row) -> bool:
    """A trade without any word of a position is one leg of a pair's."""
    direction = cells.text(row, "Direction").lower()
    in_position = "long" in direction or "short" in direction
    return "Action" in row.cells and not cells.text(row, "Action").strip("-") and not in_position


def _parts(row: Row, reading: Reading) -> list[Movement]:
    coin = cells.text(row, "Currency").upper()
    change = cells.amount(row, reading, "Change")
    flow, fee, funding = (
        cells.or_zero(row, reading, name) for name in ("Cash Flow", "Fee Paid", "Funding")
    )
    for fee_sign, funding_sign in ((_PLUS, _PLUS), (_MINUS, _MINUS), (_MINUS, _PLUS)):
        paid = money.multiply(fee, fee_sign)
        principal = money.add(flow, money.multiply(funding, funding_sign))
        if money.add(principal, paid) == change:
            return [
                legs.leg(UNIFIED, coin, principal),
                legs.fee(UNIFIED, coin, money.negate(paid)),
            ]
    return [legs.leg(UNIFIED, coin, change)]


def _kind(
    row: Row, word: str, moved: list[Movement], *, is_spot: bool, reading: Reading
) -> TransactionKind:
    kind = _kind_of(word)
    if kind is _Kind.CONVERSION:
        return legs.exchanged(kind, moved)
    if word == "settlement":
        session = cells.or_zero(row, reading, "Cash Flow")
        only = session and not cells.or_zero(row, reading, "Funding")
        return _Kind.REALISED_PNL if only else _Kind.FUNDING
    if word != "trade":
        return kind
    if is_spot:
        return legs.exchanged(_Kind.TRADE, moved)
    won = any(m.amount for m in moved if m.role == "principal")
    return _Kind.REALISED_PNL if won else _Kind.FEE


def _key(row: Row, word: str, *, is_spot: bool) -> str:
    trade, order = _trade_id(row), _order_id(row)
    if _kind_of(word) is _Kind.CONVERSION:
        return f"convert:{order or trade}" if order or trade else ""
    if not trade or word not in _EXECUTED:
        return ""
    return f"execution:{'spot' if is_spot else _category(row)}:{trade}"


def _category(row: Row) -> str:
    contract = cells.text(row, "Contract").upper()
    if contract.count("-") >= 3:
        return "option"
    stable = cells.text(row, "Currency").upper() in ("USDT", "USDC")
    return "linear" if stable else "inverse"


# --- the funding account -----------------------------------------------------------------------

# What descriptions hold, the first that fits.
_ABOUT = (
    ("interest", _Kind.REWARD), ("yield", _Kind.REWARD), ("reward", _Kind.REWARD),
    ("bonus", _Kind.REWARD), ("rebate", _Kind.REWARD), ("cashback", _Kind.REWARD),
    ("airdrop", _Kind.AIRDROP), ("convert", _Kind.CONVERSION), ("transfer", _Kind.TRANSFER),
    ("subscri", _Kind.TRANSFER), ("redemption", _Kind.TRANSFER), ("redeem", _Kind.TRANSFER),
    ("withdraw", _Kind.WITHDRAWAL), ("deposit", _Kind.DEPOSIT), ("fiat", _Kind.DEPOSIT),
    ("p2p", _Kind.DEPOSIT), ("buy crypto", _Kind.DEPOSIT), ("card", _Kind.WITHDRAWAL),
)  # fmt: skip


def _about(row: Row) -> TransactionKind:
    told = f"{cells.text(row, 'Description')} {cells.text(row, 'Type')}".lower()
    return next((kind for part, kind in _ABOUT if part in told), _Kind.UNCLASSIFIED)


def _converted(row: Row) -> tuple[str, ...] | None:
    at = cells.text(row, "Date & Time(UTC)", "Time(UTC)")
    return ("convert", at) if _about(row) is _Kind.CONVERSION else None


def _funding(entry: Entry, reading: Reading) -> Event:
    moved = [
        legs.leg(
            FUNDING,
            cells.needed(row, "Coin").upper(),
            cells.amount(row, reading, "QTY", "Amount"),
        )
        for row in entry.rows
    ]
    first = entry.rows[0]
    kind = _about(first)
    if kind is _Kind.CONVERSION:
        kind = legs.exchanged(kind, moved)
    turned = (
        {_Kind.DEPOSIT: _Kind.WITHDRAWAL}
        if moved[0].amount < 0
        else {_Kind.WITHDRAWAL: _Kind.DEPOSIT}
    )
    time = "Date & Time(UTC)" if cells.text(first, "Date & Time(UTC)") else "Time(UTC)"
    return legs.event(
        turned.get(kind, kind),
        min(cells.zoned(row, reading, time) for row in entry.rows),
        legs.summed(moved),
        type=cells.text(first, "Type"),
        note=cells.text(first, "Description"),
    )


# --- spot trades -------------------------------------------------------------------------------

_BACKWARDS = ("%H:%M %Y-%m-%d", "%H:%M:%S %Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def _spot(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    base, quote = legs.pair(cells.needed(row, "Spot Pairs"))
    side = cells.needed(row, "Direction")
    got = base if side.lower() == "buy" else quote
    paid_in = cells.text(row, "feeCoin").strip("-") or got
    trade = cells.text(row, "Transaction ID").strip("-")
    sides = (
        (base, cells.amount(row, reading, "Filled Quantity")),
        (quote, cells.amount(row, reading, "Filled Value")),
    )
    charge = cells.or_zero(row, reading, "ExecFeeV2", "Fees").copy_abs()
    return legs.event(
        _Kind.TRADE,
        cells.zoned(row, reading, "Timestamp", *_BACKWARDS),
        (*legs.swap(UNIFIED, side, *sides), legs.fee(UNIFIED, paid_in.upper(), charge)),
        key=f"execution:spot:{trade}" if trade else "",
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "Filled Price"),
        trade=trade,
        order=cells.text(row, "Order No."),
    )


def _spot_id(row: Row) -> str:
    return cells.text(row, "Transaction ID").strip("-")


_LOG = ("Currency", "Contract", "Type", "Direction", "Quantity", "Position", "Filled Price",
        "Funding", "Fee Paid", "Cash Flow", "Change", "Wallet Balance")  # fmt: skip
_SPOT = ("Spot Pairs", "Order Type", "Direction", "Filled Value", "Filled Price",
         "Filled Quantity", "Fees", "Transaction ID", "Order No.")  # fmt: skip


def _spot_trades(heading: tuple[str, ...]) -> bool:
    return cells.headed((*_SPOT, "Timestamp"))(heading)


_PRIVATE = frozenset(("Uid", "UID"))

FORMATS = (
    ImportFormat(
        id="bybit-log",
        title="Bybit: log of the unified account",
        description="Account change details of the unified trading account; times are UTC.",
        headings=((*_LOG, "Time(UTC)"), ("Uid", *_LOG, "Action", "Time(UTC)")),
        entries=legs.grouped(_group),
        event=_event,
        exchange="bybit",
        private=_PRIVATE,
    ),
    ImportFormat(
        id="bybit-log-local",
        title="Bybit: transaction log",
        description="Transaction log of the unified or derivatives account; it names no zone.",
        headings=(
            (*_LOG, "Time"),
            ("Time", *_LOG, "Fee Rate", "Trade ID", "Order ID"),
            (*_LOG, "Action", "OrderId", "TradeId", "Time"),
        ),
        entries=legs.grouped(_group),
        event=_event,
        exchange="bybit",
        asks=("zone",),
        private=_PRIVATE,
    ),
    ImportFormat(
        id="bybit-funding",
        title="Bybit: changes of the funding account",
        description="Asset history; times are UTC.",
        headings=(
            ("Date & Time(UTC)", "Coin", "QTY", "Type", "Account Balance", "Description"),
            ("Type", "Coin", "Amount", "Wallet Balance", "Time(UTC)"),
        ),
        entries=legs.grouped(_converted),
        event=_funding,
        exchange="bybit",
        private=_PRIVATE,
    ),
    ImportFormat(
        id="bybit-spot",
        title="Bybit: spot trades",
        description="Spot order history; times are UTC. A fee is in what was received.",
        headings=(_SPOT,),
        recognise=_spot_trades,
        entries=legs.one_each(ident=_spot_id),
        event=_spot,
        exchange="bybit",
        rank=60,
        private=_PRIVATE,
    ),
)  # fmt: skip
