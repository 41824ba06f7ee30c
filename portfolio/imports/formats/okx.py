"""OKX: the trading account's history and the funding account's. The line above names the zone.

A change of the trading account is net of its fee (below zero: paid). Rows of one order in one
second are one trade.
"""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
TRADING, FUNDING, EARN = "trading", "funding", "earn"
_ALONE = legs.words(
    (_Kind.TRANSFER, ("transfer", "transfer in", "transfer out")),
    (_Kind.FUNDING, ("funding fee", "funding fee income", "funding fee expense")),
    (_Kind.INTEREST, ("interest", "interest deduction")),
    (_Kind.LIQUIDATION, ("liquidation", "partial liquidation", "liquidation long",
                         "liquidation short", "adl")),
    (_Kind.REALISED_PNL, ("delivery", "settlement", "close long", "close short", "open long",
                          "open short")),
    (_Kind.REWARD, ("rebate", "fee rebate")),
)  # fmt: skip


def _asset(code: str) -> str:
    return codes.asset("okx", code)


def _action(row: Row) -> str:
    return cells.text(row, "Action", "Type").lower()


def _is_spot(row: Row) -> bool:
    return cells.text(row, "Trade Type").lower() in ("spot", "margin", "convert", "easy convert")


def _order(row: Row) -> tuple[str, ...] | None:
    if not _is_spot(row):
        return None
    order = cells.text(row, "Order id") or cells.text(row, "Symbol", "Instrument")
    return (cells.text(row, "Trade Type"), order, cells.text(row, "Time"))


def _trading(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        moved += _parts(row, reading)
    first = entry.rows[0]
    ident = cells.text(first, "id")
    return legs.event(
        _trading_kind(first, moved),
        min(cells.when(row, reading, "Time") for row in entry.rows),
        legs.summed(moved),
        key="" if _is_spot(first) or not ident else f"bill:{ident}",
        type=f"{cells.text(first, 'Trade Type')}: {_action(first)}".strip(": "),
        symbol=cells.text(first, "Symbol", "Instrument"),
        price=cells.text(first, "Filled Price"),
        order=cells.text(first, "Order id"),
        bill=ident if len(entry.rows) == 1 else "",
    )


def _trading_kind(row: Row, moved: list[Movement]) -> TransactionKind:
    if _is_spot(row):
        converts = "convert" in cells.text(row, "Trade Type").lower()
        kind = _Kind.CONVERSION if converts else _Kind.TRADE
        return legs.exchanged(kind, moved, many=converts)
    kind = legs.kind_of(_action(row), _ALONE)
    if kind is _Kind.UNCLASSIFIED:
        kind = legs.kind_of(cells.text(row, "Trade Type"), _ALONE)
    if kind is _Kind.REALISED_PNL and not any(m.amount for m in moved if m.role == "principal"):
        return _Kind.FEE
    return kind


def _parts(row: Row, reading: Reading) -> list[Movement]:
    """What a row changed, and its fee within it: where the fee is of another asset, beside it."""
    # Two headings are alike in older files: the second unit is that of the balance.
    unit = _asset(cells.needed(row, "Balance Unit", "Unit 2", "Trading Unit", "Unit"))
    change = cells.amount(row, reading, "Balance Change")
    paid = cells.or_zero(row, reading, "Fee")
    paid_in = _asset(cells.text(row, "Fee Unit") or unit)
    if not paid:
        return [legs.leg(TRADING, unit, change)]
    charge = legs.fee(TRADING, paid_in, money.negate(paid))
    within = paid_in == unit and (_is_spot(row) or _is_net(row, reading))
    if within:
        return [legs.leg(TRADING, unit, money.add(change, money.negate(paid))), charge]
    # Of a contract the change may leave the fee to a row of its own: the change is the truth.
    return [legs.leg(TRADING, unit, change), *([charge] if _is_spot(row) else [])]


def _is_net(row: Row, reading: Reading) -> bool:
    """Whether a contract's change is its profit less the fee."""
    profit = cells.or_zero(row, reading, "PnL", "PL")
    net = money.add(profit, cells.or_zero(row, reading, "Fee"))
    return net == cells.amount(row, reading, "Balance Change")


# --- the funding account -----------------------------------------------------------------------

_FUNDING = legs.words(
    (_Kind.DEPOSIT, ("deposit", "deposit from other users", "fiat deposit", "p2p buy",
                     "buy crypto", "received gift")),
    # A withdrawal that is cancelled comes back by a row of its own.
    (_Kind.WITHDRAWAL, ("withdrawal", "fiat withdrawal", "p2p sell", "sell crypto",
                        "canceled withdrawal", "withdrawal canceled")),
    (_Kind.TRANSFER, ("to unified trading account", "from unified trading account",
                      "to trading account", "from trading account", "transfer in",
                      "transfer out", "stake", "redeem staking", "savings subscription",
                      "savings redemption", "simple earn subscription",
                      "simple earn redemption", "on-chain earn subscription",
                      "to spot trading account", "from spot trading account",
                      "sub-account transfer")),
    (_Kind.REWARD, ("staking yield", "fee rebate", "savings yield", "simple earn yield",
                    "on-chain earn yield", "earnings", "reward", "rewards", "referral reward",
                    "activity rewards", "cashback", "learn and earn rewards")),
    (_Kind.INTEREST, ("interest", "lending interest")),
    (_Kind.AIRDROP, ("airdrop",)),
    (_Kind.CONVERSION, ("convert", "easy convert", "small assets convert", "convert in",
                        "convert out")),
)  # fmt: skip
_SAVED = ("stake", "redeem staking", "savings subscription", "savings redemption",
          "simple earn subscription", "simple earn redemption",
          "on-chain earn subscription")  # fmt: skip


def _type(row: Row) -> str:
    return cells.text(row, "Type").lower()


def _converted(row: Row) -> tuple[str, ...] | None:
    is_one = legs.kind_of(_type(row), _FUNDING) is _Kind.CONVERSION
    return ("convert", cells.text(row, "Time")) if is_one else None


def _funding(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        moved += _funded(row, reading)
    first = entry.rows[0]
    kind = legs.kind_of(_type(first), _FUNDING)
    if kind is _Kind.CONVERSION:
        kind = legs.exchanged(kind, moved, many=True)
    ident = cells.text(first, "id")
    # Deposits, withdrawals and conversions have other names in the answers.
    own = kind in (_Kind.TRANSFER, _Kind.REWARD, _Kind.INTEREST, _Kind.AIRDROP)
    return legs.event(
        kind,
        min(cells.when(row, reading, "Time") for row in entry.rows),
        legs.summed(moved),
        key=f"asset-bill:{ident}" if own and ident else "",
        type=cells.text(first, "Type"),
        bill=ident,
    )


def _funded(row: Row, reading: Reading) -> list[Movement]:
    code, amount = _asset(cells.needed(row, "Symbol")), cells.amount(row, reading, "Amount")
    paid = cells.or_zero(row, reading, "Fee").copy_abs()
    before, after = (
        cells.optional(row, reading, name) for name in ("Before Balance", "After Balance")
    )
    within = (
        before is not None and after is not None and money.add(before, amount) == after and paid
    )
    principal = money.add(amount, paid) if within and amount < 0 else amount
    moved = [legs.leg(FUNDING, code, principal)]
    if paid and amount < 0:
        moved.append(legs.fee(FUNDING, code, paid))
    if _type(row) in _SAVED:
        moved.append(legs.leg(EARN, code, money.negate(amount)))
    return moved


_REST = ("PL", "Fee", "Position Change", "Position Balance", "Balance Change", "Balance")

FORMATS = (
    ImportFormat(
        id="okx-trading",
        title="OKX: trading history",
        description="Bills of the trading account, also of contracts.",
        headings=(
            ("id", "Order id", "Time", "Trade Type", "Symbol", "Action", "Amount", "Trading Unit",
             "Filled Price", "PnL", "Fee", "Fee Unit", "Position Change", "Position Balance",
             "Balance Change", "Balance", "Balance Unit"),
            ("id", "Order id", "Time", "Trade Type", "Instrument", "Type", "Amount", "Unit",
             *_REST, "Unit"),
        ),
        entries=legs.grouped(_order),
        event=_trading,
        exchange="okx",
        asks=("zone",),
        private=frozenset(("UID",)),
    ),
    ImportFormat(
        id="okx-funding",
        title="OKX: funding history",
        description="Bills of the funding account: deposits, withdrawals, earn.",
        headings=(
            ("id", "Time", "Type", "Amount", "Before Balance", "After Balance", "Symbol"),
            ("id", "Time", "Type", "Amount", "Before Balance", "After Balance", "Fee", "Symbol"),
        ),
        entries=legs.grouped(_converted),
        event=_funding,
        exchange="okx",
        asks=("zone",),
    ),
)  # fmt: skip
