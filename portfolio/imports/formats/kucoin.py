"""KuCoin: fills, orders, deposits, withdrawals, account history. Newer headings name the zone."""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
FUNDING, SPOT = "funding", "spot"
_WALLETS = (
    ("trad", SPOT), ("spot", SPOT), ("cross", "cross margin"), ("isolated", "isolated margin"),
    ("futures", "futures"),
)  # fmt: skip
_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S")


def _asset(code: str) -> str:
    return codes.asset("kucoin", code)


def _wallet(row: Row, usual: str) -> str:
    """Sub-accounts and the funding account are told by the account's type."""
    told = cells.text(row, "Account Type").lower()
    return next((wallet for part, wallet in _WALLETS if part in told), usual)


def _at(row: Row, reading: Reading) -> datetime:
    for name in ("Filled Time", "tradeCreatedAt", "Time"):
        if any(cells.without_zone(each) == name for each in row.cells):
            return cells.zoned(row, reading, name, *_TIMES)
    return cells.zoned(row, reading, "Filled Time", *_TIMES)


def _fill(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    base, quote = (
        _asset(code) for code in legs.pair(cells.needed(row, "Symbol", "symbol", "Pair"))
    )
    side = cells.needed(row, "Side", "side")
    sides = (
        (base, cells.amount(row, reading, "Filled Amount", "size", "Amount")),
        (quote, cells.amount(row, reading, "Filled Volume", "funds", "Volume")),
    )
    paid_in = _asset(cells.text(row, "Fee Currency", "feeCurrency", "FeeCoin") or quote)
    charge = cells.or_zero(row, reading, "Fee", "fee")
    return legs.event(
        _Kind.TRADE,
        _at(row, reading),
        (*legs.swap(SPOT, side, *sides), legs.fee(SPOT, paid_in, charge)),
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "Avg. Filled Price", "price", "FilledPrice"),
        order=cells.text(row, "Order ID", "orderId"),
        role=cells.text(row, "Maker/Taker", "liquidity").lower(),
    )


def _not_filled(row: Row) -> str:
    empty = cells.text(row, "Filled Amount").strip("0.-") == ""
    return f"nothing was filled: {cells.text(row, 'Status') or 'no status'}" if empty else ""


def _travelled(entry: Entry, reading: Reading) -> Event:
    """A withdrawal is told by where it went; what has a deposit address, or none, came."""
    (row,) = entry.rows
    target = cells.text(row, "Withdrawal Address/Account", "Wallet Address/Account")
    out = any("Withdrawal Address" in name or "Wallet Address" in name for name in row.cells)
    kind = _Kind.WITHDRAWAL if out else _Kind.DEPOSIT
    code, size = cells.needed(row, "Coin"), cells.amount(row, reading, "Amount")
    paid = cells.or_zero(row, reading, "Fee")
    txid = cells.text(row, "Hash").partition("@")[0]
    return legs.event(
        kind,
        _at(row, reading),
        legs.travel(kind, FUNDING, _asset(code), size, paid=paid),
        key=f"deposit:{code.upper()}:{txid}" if txid and not out else "",
        network=cells.text(row, "Transfer Network"),
        address=target or cells.text(row, "Deposit Address"),
        txid=txid,
        note=cells.text(row, "Remarks"),
        status=cells.text(row, "Status"),
    )


# --- account history ---------------------------------------------------------------------------

_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposit",)),
    (_Kind.WITHDRAWAL, ("withdrawal", "withdraw")),
    (_Kind.TRANSFER, ("transfer", "sub transfer", "sub account transfer", "kucoin earn", "earn",
                      "staking", "redemption", "pool-x", "lendings", "bot transfer",
                      "sub-account transfer", "futures transfer", "margin transfer")),
    (_Kind.TRADE, ("spot", "exchange", "spot exchange", "trade exchange", "trade_exchange")),
    (_Kind.CONVERSION, ("convert", "instant exchange", "convert dust to kcs", "convert to kcs",
                        "buy crypto", "sell crypto", "small assets conversion")),
    (_Kind.REWARD, ("rewards", "kucoin bonus", "referral bonus", "other rewards", "fee rebate",
                    "kcs returned fees", "refunded fees", "distribution", "staking profits",
                    "soft staking profits", "cashback", "kcs bonus")),
    (_Kind.AIRDROP, ("airdrop", "airdrop/fork")),
    (_Kind.FEE, ("kcs pay fees", "deduction fees", "kcs fee deduction", "liquidation fees")),
    (_Kind.INTEREST, ("interest", "liability interest")),
    (_Kind.OTHER, ("borrow", "repay", "borrowings", "repayment")),
)  # fmt: skip


def _word(row: Row) -> str:
    return cells.text(row, "Type", "Remark").lower()


def _together(row: Row) -> tuple[str, ...] | None:
    kind = legs.kind_of(_word(row), _KINDS)
    if kind not in (_Kind.TRADE, _Kind.CONVERSION):
        return None
    time = next((cell for name, cell in row.cells.items() if name.startswith("Time")), "")
    return (kind.value, cells.text(row, "Account Type"), time)


def _history(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        moved += _changed(row, reading)
    first = entry.rows[0]
    kind = legs.kind_of(_word(first), _KINDS)
    if kind in (_Kind.TRADE, _Kind.CONVERSION):
        kind = legs.exchanged(kind, moved, many=kind is _Kind.CONVERSION)
    return legs.event(
        kind,
        min(_at(row, reading) for row in entry.rows),
        legs.summed(moved),
        type=cells.text(first, "Type", "Remark"),
        note=cells.text(first, "Remark"),
    )


def _changed(row: Row, reading: Reading) -> list[Movement]:
    """An amount is what the balance changed by, its fee taken already."""
    wallet, code = _wallet(row, FUNDING), _asset(cells.needed(row, "Currency"))
    size = cells.amount(row, reading, "Amount").copy_abs()
    paid = cells.or_zero(row, reading, "Fee").copy_abs()
    came = cells.needed(row, "Side").lower() in ("deposit", "in")
    change = size if came else money.negate(size)
    if legs.kind_of(_word(row), _KINDS) is _Kind.FEE:
        return [legs.fee(wallet, code, money.negate(change))]
    return [
        legs.leg(wallet, code, money.add(change, paid)),
        legs.fee(wallet, code, paid),
    ]


_FILLS = ("Symbol", "Side", "Filled Amount", "Filled Volume", "Filled Time", "Fee",
          "Fee Currency")  # fmt: skip
_TRAVEL = ("Time", "Coin", "Amount", "Fee", "Transfer Network", "Status", "Remarks")
_HISTORY = ("Currency", "Side", "Amount", "Fee", "Time", "Remark")

FORMATS = (
    ImportFormat(
        id="kucoin-fills",
        title="KuCoin: filled orders",
        description="Spot orders, filled or split into fills; the heading names the zone.",
        headings=(_FILLS,),
        recognise=cells.headed(_FILLS),
        entries=legs.one_each(left_out=_not_filled),
        event=_fill,
        exchange="kucoin",
        private=frozenset(("UID",)),
        rank=60,
    ),
    ImportFormat(
        id="kucoin-orders-older",
        title="KuCoin: orders, older",
        description="Order histories until 2022, which do not say their zone: often UTC+8.",
        headings=(
            ("tradeCreatedAt", "symbol", "side", "price", "size", "funds", "fee", "feeCurrency"),
            ("Time", "Pair", "Side", "FilledPrice", "FilledPriceCoin", "Amount", "AmountCoin",
             "Volume", "VolumeCoin", "Fee", "FeeCoin"),
        ),
        entries=legs.one_each(),
        event=_fill,
        exchange="kucoin",
        asks=("zone",),
        rank=60,
    ),
    ImportFormat(
        id="kucoin-travel",
        title="KuCoin: deposits or withdrawals",
        description="Deposit and withdrawal history; the heading names the zone.",
        headings=(_TRAVEL,),
        recognise=cells.headed(_TRAVEL),
        entries=legs.one_each(left_out=legs.undone("Status")),
        event=_travelled,
        exchange="kucoin",
        private=frozenset(("UID",)),
        rank=60,
    ),
    ImportFormat(
        id="kucoin-history",
        title="KuCoin: account history",
        description="All changes of an account; the heading names the zone.",
        headings=(_HISTORY,),
        recognise=cells.headed(_HISTORY),
        entries=legs.grouped(_together),
        event=_history,
        exchange="kucoin",
        private=frozenset(("UID",)),
        rank=40,
    ),
)  # fmt: skip
