"""Bitget: the tax records book everything; deposit and withdrawal lists explain rows of them.

One row is one amount of one coin. ``amount`` is signed and stands before the fee; a fee is paid
whatever its sign. Words that no table has keep their movement.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of, known
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

SPOT, EARN = "spot", "earn"
FUTURES = {
    "USDT-FUTURES": "usdt-m futures",
    "USDC-FUTURES": "usdc-m futures",
    "COIN-FUTURES": "coin-m futures",
}
MARGIN = {"crossed": "cross margin", "isolated": "isolated margin"}
# Other coins than those that elsewhere go by the same code, and one that goes by another.
_ALIASES = ALIASES["bitget"]

_SPOT_KINDS = {
    TransactionKind.TRADE: ("buy", "sell", "buy crypto", "buy with card", "sell crypto"),
    TransactionKind.CONVERSION: (
        *("exchange spending", "exchange income", "megaswap transfer in", "megaswap transfer out"),
    ),
    TransactionKind.DEPOSIT: (
        *("deposit", "automatic deposit", "fiat deposit", "fiat_recharge_in", "received"),
    ),
    TransactionKind.WITHDRAWAL: (
        *("withdrawal", "ordinary withdrawal", "automatic withdrawal", "sent"),
        "fiat withdrawal success - deduct",
    ),
    TransactionKind.TRANSFER: (
        *("transfer in", "transfer out", "subscribe", "redemption"),
        *("deposit from strategy account", "withdraw to strategy account", "super account"),
        *("strategic purchase-user accounts", "strategic refund-user account"),
    ),
    TransactionKind.INTEREST: ("interest",),
    TransactionKind.AIRDROP: ("airdrop reward-a", "airdrop reward-b"),
    TransactionKind.REWARD: (
        *("trading fee rebate", "rebate rewards", "channel referral rewards", "lotto rewards"),
        *("activity fund", "activity fund(usdt-ⓜ)", "activity fund(coin-ⓜ)", "activity issuance"),
        *("crypto voucher distribution", "gains", "copy trade profit"),
        "refund copy trade commission",
    ),
    TransactionKind.FEE: (
        *("transaction fee deduct", "user fees", "system charges fees", "fast withdrawal fee"),
        *("penalty", "copy trade expense"),
    ),
}
# Rows of one order (both legs of a trade, its fee in BGB, a deposit and its entry in the list of
# deposits) share its number. Of other words it is not known what the number stands for.
_BY_ORDER = {
    TransactionKind.TRADE,
    TransactionKind.CONVERSION,
    TransactionKind.DEPOSIT,
    TransactionKind.WITHDRAWAL,
}
_ORDER_FEES = ("transaction fee deduct",)
# Moves within one wallet: its balance counts what is locked and frozen.
_LOCKS = (
    *("withdrawal frozen", "withdrawal unfreeze", "system lock-up", "user lock-up"),
    *("manage background lock positions", "unlock locked order"),
)
_BY_SPOT_WORD = {
    **{word: kind for kind, words in _SPOT_KINDS.items() for word in words},
    **dict.fromkeys(_LOCKS, TransactionKind.OTHER),
}
_SAVED = ("subscribe", "redemption")

_POSITION_MARGIN = ("append_margin", "reduce_margin", "adjust_down_lever", "auto_append_margin")
_FUTURES_KINDS = (  # by how the word begins
    ("transfer", TransactionKind.TRANSFER),
    ("trans_", TransactionKind.TRANSFER),
    ("contract_", TransactionKind.FUNDING),
    ("burst", TransactionKind.LIQUIDATION),
    ("risk_liq", TransactionKind.LIQUIDATION),
    ("close", TransactionKind.REALISED_PNL),
    ("force", TransactionKind.REALISED_PNL),
    ("offset", TransactionKind.REALISED_PNL),
    ("buy", TransactionKind.REALISED_PNL),
    ("sell", TransactionKind.REALISED_PNL),
    ("open", TransactionKind.REALISED_PNL),
    ("interest", TransactionKind.INTEREST),
    ("exchange", TransactionKind.CONVERSION),
    ("order_dealt", TransactionKind.CONVERSION),
    ("order_plf_fee", TransactionKind.FEE),
    ("cash_gift", TransactionKind.REWARD),
    *((word, TransactionKind.OTHER) for word in _POSITION_MARGIN),
)

_LOANS = ("borrow", "repay")  # what is borrowed is owed: nothing is won or lost
_MARGIN_KINDS = {
    **dict.fromkeys(_LOANS, TransactionKind.OTHER),
    "transfer_in": TransactionKind.TRANSFER,
    "transfer_out": TransactionKind.TRANSFER,
    "deal_in": TransactionKind.TRADE,
    "deal_out": TransactionKind.TRADE,
    "system_fee_in": TransactionKind.FEE,
    "interest_repay": TransactionKind.INTEREST,
    "liquidation_fee": TransactionKind.LIQUIDATION,
    "confiscated": TransactionKind.LIQUIDATION,
    "compensate": TransactionKind.ADJUSTMENT,
    "exchange_in": TransactionKind.CONVERSION,
    "exchange_out": TransactionKind.CONVERSION,
}
_OUTWARD = ("interest_repay", "liquidation_fee", "confiscated", "system_fee_in")


def asset(code: Any) -> str:
    """Return the canonical code of one of Bitget's coins."""
    name = str(code).upper()
    return _ALIASES.get(name, name)


def spot(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of the spot ledger; what goes into savings arrives there by the same row."""
    word, coin = str(row["spotTaxType"]).strip().lower(), asset(row["coin"])
    kind = kind_of(word, _BY_SPOT_WORD)
    amount = exact(row["amount"])
    role = PostingRole.FEE if word in _ORDER_FEES else PostingRole.PRINCIPAL
    moved = [*_amounts(SPOT, coin, amount, row, role)]
    if word in _SAVED:
        moved.append(Movement(EARN, coin, money.negate(amount)))
    order = str(row.get("bizOrderId") or "0")
    together = order != "0" and (kind in _BY_ORDER or word in _ORDER_FEES)
    return Event(
        key=f"order:{order}" if together else f"spot:{row['id']}",
        kind=kind,
        occurred_at=at_ms(row["ts"]),
        movements=() if word in _LOCKS else tuple(moved),
        detail=detail(row, type="spotTaxType", order="bizOrderId", entry="id"),
    )


def futures(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of a futures ledger: profit, funding and fees in the margin coin."""
    product, word = stream.scope["product"], str(row["futureTaxType"]).strip().lower()
    coin, amount = asset(row["marginCoin"]), _directed(word, exact(row["amount"]))
    kind = next((kind for start, kind in _FUTURES_KINDS if word.startswith(start)), None)
    if kind is TransactionKind.REALISED_PNL and not amount:
        kind = TransactionKind.FEE  # opening costs a fee, no more
    inside = word.startswith(_POSITION_MARGIN)
    return Event(
        key=f"futures:{product}:{row['id']}",
        kind=known(kind),
        occurred_at=at_ms(row["ts"]),
        movements=() if inside else _amounts(FUTURES[product], coin, amount, row),
        detail=detail(row, type="futureTaxType", symbol="symbol", entry="id"),
    )


def margin(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of a margin ledger. Loans move nothing: the balance is what is owned, not owed."""
    mode, word = stream.scope["mode"], str(row["marginTaxType"]).strip().lower()
    coin, amount = asset(row["coin"]), _directed(word, exact(row["amount"]))
    kind = kind_of(word, _MARGIN_KINDS)
    trade = kind is TransactionKind.TRADE
    # The legs of a trade have no number in common, but their pair and their millisecond.
    place = f"{row.get('symbol') or ''}:{row['ts']}" if trade else row["id"]
    return Event(
        key=f"margin:{mode}:{place}",
        kind=kind,
        occurred_at=at_ms(row["ts"]),
        movements=() if word in _LOANS else _amounts(MARGIN[mode], coin, amount, row),
        detail=detail(row, type="marginTaxType", symbol="symbol", entry="id")
        | ({"amount": money.plain(amount)} if word in _LOANS else {}),
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit's status, transaction id and address; the amount is booked from the ledger."""
    return _travel(row, TransactionKind.DEPOSIT)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal's status, transaction id and address; the ledger books the amount."""
    return _travel(row, TransactionKind.WITHDRAWAL)


def _travel(row: dict[str, Any], kind: TransactionKind) -> Event:
    shown = detail(row, status="status", network="chain", address="toAddress", order="orderId")
    if row.get("dest", "on_chain") == "on_chain":  # else the field holds another order's number
        shown |= detail(row, txid="tradeId")
    return Event(
        key=f"order:{row['orderId']}", kind=kind, occurred_at=at_ms(row["cTime"]), detail=shown
    )


def _amounts(
    wallet: str,
    coin: str,
    amount: Decimal,
    row: dict[str, Any],
    role: PostingRole = PostingRole.PRINCIPAL,
) -> tuple[Movement, ...]:
    fee = exact(row.get("fee") or "0").copy_abs()
    moved = (
        Movement(wallet, coin, amount, role),
        Movement(wallet, coin, money.negate(fee), PostingRole.FEE),
    )
    return tuple(movement for movement in moved if movement.amount)


def _directed(word: str, amount: Decimal) -> Decimal:
    """Return ``amount`` with the sign that its word demands, should it come without one."""
    outward = word.endswith("_out") or word.startswith("trans_to") or word in _OUTWARD
    return money.negate(amount) if outward and amount > 0 else amount
