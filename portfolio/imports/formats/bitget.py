"""Bitget: ledgers of the spot and futures accounts, orders, earn. The clock is the account's own.

Amounts are signed and stand before the fee. Rows of one trade share the order's number.
"""

from __future__ import annotations

from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT, EARN = "spot", "earn"
_FUTURES = {"USDT": "usdt-m futures", "USDC": "usdc-m futures"}
_KINDS = legs.words(
    (_Kind.TRADE, ("buy", "sell", "buy crypto", "buy with card", "sell crypto")),
    (_Kind.CONVERSION, ("exchange spending", "exchange income", "megaswap transfer in",
                        "megaswap transfer out")),
    (_Kind.DEPOSIT, ("deposit", "automatic deposit", "fiat deposit", "fiat_recharge_in",
                     "received")),
    (_Kind.WITHDRAWAL, ("withdrawal", "ordinary withdrawal", "automatic withdrawal", "sent",
                        "fiat withdrawal success - deduct")),
    (_Kind.TRANSFER, ("transfer in", "transfer out", "subscribe", "redemption", "super account",
                      "deposit from strategy account", "withdraw to strategy account",
                      "strategic purchase-user accounts", "strategic refund-user account")),
    (_Kind.INTEREST, ("interest",)),
    (_Kind.AIRDROP, ("airdrop reward-a", "airdrop reward-b", "airdrop")),
    (_Kind.REWARD, ("trading fee rebate", "rebate rewards", "channel referral rewards",
                    "lotto rewards", "activity fund", "activity issuance", "rebate",
                    "crypto voucher distribution", "gains", "copy trade profit",
                    "refund copy trade commission")),
    (_Kind.FEE, ("transaction fee deduct", "user fees", "system charges fees", "penalty",
                 "fast withdrawal fee", "copy trade expense")),
    (_Kind.OTHER, ("withdrawal frozen", "withdrawal unfreeze", "system lock-up",
                   "user lock-up")),
)  # fmt: skip
_SAVED = ("subscribe", "redemption")
_BOTH_LEGS = (_Kind.TRADE, _Kind.CONVERSION)
_BY_ORDER = (*_BOTH_LEGS, _Kind.DEPOSIT, _Kind.WITHDRAWAL)


def _asset(code: str) -> str:
    return codes.asset("bitget", code)


def _word(row: Row) -> str:
    return cells.text(row, "Type").lower()


def _number(row: Row) -> str:
    """An order's number, which a tab keeps from being taken for an amount."""
    return cells.text(row, "order", "Order", "Order Id", "Order ID").strip("\t '\"")


def _order(row: Row) -> tuple[str, ...] | None:
    kind = legs.kind_of(_word(row), _KINDS)
    if kind not in _BOTH_LEGS and _word(row) != "transaction fee deduct":
        return None
    return ("order", _number(row) or cells.text(row, "Date"))


def _spot(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        moved += _parts(row, reading, SPOT)
        if _word(row) in _SAVED:
            size = cells.amount(row, reading, "Amount")
            moved.append(legs.leg(EARN, _asset(cells.text(row, "Coin")), money.negate(size)))
    first = entry.rows[0]
    kind = legs.first_of(legs.kind_of(_word(row), _KINDS) for row in entry.rows)
    if kind in _BOTH_LEGS:
        kind = legs.exchanged(kind, moved)
    order = _number(first)
    return legs.event(
        kind,
        min(cells.when(row, reading, "Date") for row in entry.rows),
        () if kind is _Kind.OTHER else legs.summed(moved),
        key=f"order:{order}" if order and kind in _BY_ORDER else "",
        type=", ".join(sorted({cells.text(row, "Type") for row in entry.rows})),
        order=order,
    )


def _parts(row: Row, reading: Reading, wallet: str) -> list[Movement]:
    code = _asset(cells.needed(row, "Coin"))
    size, paid = cells.amount(row, reading, "Amount"), cells.or_zero(row, reading, "Fee")
    if legs.kind_of(_word(row), _KINDS) is _Kind.FEE:
        return [legs.fee(wallet, code, money.negate(size))]
    return [legs.leg(wallet, code, size), legs.fee(wallet, code, paid.copy_abs())]


# --- futures -----------------------------------------------------------------------------------

_BEGINNINGS = (
    ("transfer", _Kind.TRANSFER), ("trans_", _Kind.TRANSFER), ("contract_", _Kind.FUNDING),
    ("burst", _Kind.LIQUIDATION), ("risk_liq", _Kind.LIQUIDATION),
    ("risk_captital", _Kind.ADJUSTMENT), ("close", _Kind.REALISED_PNL),
    ("force", _Kind.REALISED_PNL), ("offset", _Kind.REALISED_PNL), ("buy", _Kind.REALISED_PNL),
    ("sell", _Kind.REALISED_PNL), ("open", _Kind.REALISED_PNL), ("interest", _Kind.INTEREST),
    ("exchange", _Kind.CONVERSION), ("order_dealt", _Kind.CONVERSION),
    ("order_plf_fee", _Kind.FEE), ("cash_gift", _Kind.REWARD),
)  # fmt: skip
_MARGIN = ("append_margin", "reduce_margin", "adjust_down_lever", "auto_append_margin")


def _futures(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word, code = _word(row), _asset(cells.needed(row, "Coin"))
    wallet = _FUTURES.get(code, "coin-m futures")
    size = cells.amount(row, reading, "Amount")
    if word.startswith("trans_to") or word.endswith("_out"):
        size = money.negate(size.copy_abs())
    kind = next((kind for start, kind in _BEGINNINGS if word.startswith(start)), None)
    inside = word.startswith(_MARGIN)
    if kind is _Kind.REALISED_PNL and not size:
        kind = _Kind.FEE
    paid = cells.or_zero(row, reading, "Fee").copy_abs()
    moved = (legs.leg(wallet, code, size), legs.fee(wallet, code, paid))
    return legs.event(
        _Kind.OTHER if inside else kind or _Kind.UNCLASSIFIED,
        cells.when(row, reading, "Date"),
        () if inside else moved,
        type=cells.text(row, "Type"),
        symbol=cells.text(row, "Futures"),
        order=_number(row),
    )


# --- orders ------------------------------------------------------------------------------------


def _fill(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    base, quote = (_asset(cells.needed(row, f"{part} Asset")) for part in ("Base", "Quote"))
    side = cells.needed(row, "Direction")
    size = cells.amount(row, reading, "Executed", "Amount")
    cost = cells.amount(row, reading, "Trading volume", "Total")
    paid_in = _asset(cells.text(row, "Fee Coin") or quote)
    charge = cells.or_zero(row, reading, "Fee").copy_abs()
    order = _number(row)
    return legs.event(
        _Kind.TRADE,
        cells.when(row, reading, "Date"),
        (*legs.swap(SPOT, side, (base, size), (quote, cost)), legs.fee(SPOT, paid_in, charge)),
        key=f"order:{order}" if order else "",
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "Average Price", "Price"),
        order=order,
    )


def _not_filled(row: Row) -> str:
    executed = cells.text(row, "Executed")
    status = cells.text(row, "Status")
    nothing = executed.strip("-0.") == ""
    return f"nothing was filled: {status or 'no status'}" if nothing else ""


def _futures_order(entry: Entry, reading: Reading) -> Event:
    """An order of contracts: evidence. What it won and cost is in the futures transactions."""
    (row,) = entry.rows
    cells.optional(row, reading, "Realized P/L")
    return legs.event(
        _Kind.TRADE,
        cells.when(row, reading, "Date"),
        (),
        symbol=cells.text(row, "Futures"),
        side=cells.text(row, "Direction"),
        quantity=cells.text(row, "Executed"),
        price=cells.text(row, "Average Price"),
        profit=cells.text(row, "Realized P/L"),
        order=_number(row),
    )


# --- earn, travel ------------------------------------------------------------------------------

_EARN_WORDS = (
    ("interest", _Kind.REWARD), ("reward", _Kind.REWARD), ("yield", _Kind.REWARD),
    ("earning", _Kind.REWARD), ("subscri", _Kind.TRANSFER), ("stak", _Kind.TRANSFER),
    ("redem", _Kind.TRANSFER), ("redeem", _Kind.TRANSFER),
)  # fmt: skip


def _earn(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word = _word(row)
    kind = next((kind for part, kind in _EARN_WORDS if part in word), _Kind.UNCLASSIFIED)
    size = cells.amount(row, reading, "Amount").copy_abs()
    code = _asset(cells.text(row, "Interest coin", "Coin") if kind is _Kind.REWARD
                  else cells.needed(row, "Coin"))  # fmt: skip
    back = "redem" in word or "redeem" in word
    moved: list[Movement] = [legs.leg(SPOT, code, size)]
    if kind is _Kind.TRANSFER:
        out = size if back else money.negate(size)
        moved = [legs.leg(SPOT, code, out), legs.leg(EARN, code, money.negate(out))]
    paid = cells.or_zero(row, reading, "Handling fee").copy_abs()
    moved.append(legs.fee(SPOT, code, paid))
    return legs.event(
        kind,
        cells.when(row, reading, "Start time"),
        moved,
        type=cells.text(row, "Type"),
        reference=cells.text(row, "Reference"),
    )


def _travelled(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    kind = legs.kind_of(_word(row), _KINDS)
    code, size = _asset(cells.needed(row, "Coin")), cells.amount(row, reading, "Quantity")
    known = kind in (_Kind.DEPOSIT, _Kind.WITHDRAWAL)
    moved = legs.travel(kind, SPOT, code, size) if known else (legs.leg(SPOT, code, size),)
    return legs.event(
        kind,
        cells.when(row, reading, "Date"),
        moved,
        type=cells.text(row, "Type"),
        address=cells.text(row, "Address"),
        txid=cells.text(row, "TxID"),
        status=cells.text(row, "Status"),
    )


def _made(
    ident: str, title: str, about: str, heading: tuple[str, ...], **given: Any
) -> ImportFormat:
    return ImportFormat(
        id=ident,
        title=f"Bitget: {title}",
        description=about,
        headings=(heading,),
        exchange="bitget",
        asks=("zone",),
        **given,
    )


FORMATS = (
    _made(
        "bitget-spot", "spot transactions", "All changes of the spot account.",
        ("order", "Date", "Coin", "Type", "Amount", "Fee", "Available"),
        entries=legs.grouped(_order), event=_spot, rank=30,
    ),
    _made(
        "bitget-futures", "futures transactions", "All changes of the futures accounts.",
        ("Order", "Date", "Coin", "Futures", "Margin Mode", "Type", "Amount", "Fee",
         "Wallet balance"),
        entries=legs.one_each(), event=_futures, rank=30,
    ),
    _made(
        "bitget-fills", "spot order details", "Fills of spot orders, with their fees.",
        ("Date", "Trading pair", "Base Asset", "Quote Asset", "Direction", "Price", "Amount",
         "Total", "Fee", "Fee Coin"),
        entries=legs.one_each(), event=_fill, rank=60,
    ),
    _made(
        "bitget-orders", "spot orders", "Order history, without fees. Prefer the transactions.",
        ("Date", "Type", "Order Id", "Trading pair", "Base Asset", "Quote Asset", "Direction",
         "Price", "Order amount", "Executed", "Average Price", "Trading volume", "Status"),
        entries=legs.one_each(left_out=_not_filled, ident=_number), event=_fill, rank=70,
    ),
    _made(
        "bitget-futures-orders", "futures orders", "Order history of contracts; moves nothing.",
        ("Date", "Order ID", "Direction", "Coin", "Futures", "order source", "Transaction type",
         "Price", "Average Price", "Order amount", "Executed", "Trading volume", "Realized P/L",
         "NetProfits", "Status"),
        entries=legs.one_each(left_out=_not_filled, ident=_number), event=_futures_order, rank=80,
    ),
    _made(
        "bitget-earn", "on-chain earn", "Subscriptions, redemptions and interest of on-chain earn.",
        ("Reference", "Start time", "Coin", "Type", "Interest coin", "Amount", "Handling fee",
         "Status"),
        entries=legs.one_each(left_out=legs.undone("Status")), event=_earn,
    ),
    _made(
        "bitget-travel", "deposits and withdrawals", "Without fees. Prefer the transactions.",
        ("Date", "Type", "Funding account", "Coin", "Quantity", "Address", "TxID", "Status"),
        entries=legs.one_each(left_out=legs.undone("Status")), event=_travelled, rank=60,
    ),
)  # fmt: skip
