"""Coinbase Exchange: each account's own ledger books everything; fills and transfers explain it.

A row moves one amount of its account's currency. The rows of one trade (base, quote, fee) name the
trade and the order; those of a transfer or a conversion name it by an id of its own.
"""

from __future__ import annotations

from typing import Any

from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_utc_text, detail, exact
from portfolio.exchanges.types import StreamSpec

WALLET = "spot"
_ALIASES = ALIASES["coinbaseexchange"]
_FEES = ("fee", "otc_fee", "rfq_fee", "conversion_fee")

_KINDS = {
    **dict.fromkeys(("match", "otc_match", "rfq_match", "fee", "otc_fee", "rfq_fee"),
                    TransactionKind.TRADE),
    **dict.fromkeys(("conversion", "match_conversion", "conversion_fee", "stake_wrap", "redeem"),
                    TransactionKind.CONVERSION),
    "rebate": TransactionKind.REWARD,
    "margin_interest": TransactionKind.INTEREST,
    "tax_credit": TransactionKind.ADJUSTMENT,
}  # fmt: skip
_TRANSFERS = {"deposit": TransactionKind.DEPOSIT, "withdraw": TransactionKind.WITHDRAWAL}


def asset(code: str) -> str:
    """Return the canonical code of one of the exchange's currencies."""
    return _ALIASES.get(code, code)


def pair(product: str) -> tuple[str, str]:
    """Return the (base, quote) codes of a product such as BTC-EUR."""
    base, _, quote = product.partition("-")
    return asset(base), asset(quote)


def trade_key(row: dict[str, Any]) -> str:
    """Return the key of one side of a trade: who trades with himself has two of one number."""
    return f"trade:{row['product_id']}:{row['trade_id']}:{row['order_id']}"


def ledger(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of an account's ledger: what it changed the balance by."""
    word, told = str(row["type"]), row.get("details") or {}
    role = PostingRole.FEE if word in _FEES else PostingRole.PRINCIPAL
    amount = exact(row["amount"])
    moved = Movement(WALLET, stream.scope["asset"], amount, role)
    return Event(
        key=_key(stream, row, told),
        kind=_kind(word, told),
        occurred_at=at_utc_text(row["created_at"]),
        movements=(moved,) if amount else (),
        detail={**detail(row, type="type"), **_about(told)},
    )


def _kind(word: str, told: dict[str, Any]) -> TransactionKind:
    if word == "transfer":
        return _TRANSFERS.get(str(told.get("transfer_type")), TransactionKind.TRANSFER)
    return kind_of(word, _KINDS)


def _key(stream: StreamSpec, row: dict[str, Any], told: dict[str, Any]) -> str:
    if all(told.get(name) for name in ("product_id", "trade_id", "order_id")):
        # A rebate is paid apart from its trade, and a conversion may be made for one.
        of_trade = _KINDS.get(str(row["type"])) is TransactionKind.TRADE
        return trade_key(told) if of_trade else f"{row['type']}:{trade_key(told)}"
    for name in ("transfer_id", "profile_transfer_id", "conversion_id"):
        if told.get(name):
            return f"{name.removesuffix('_id')}:{told[name]}"
    return f"ledger:{stream.scope['account']}:{row['id']}"


def _about(told: dict[str, Any]) -> dict[str, str]:
    shown = detail(told, order="order_id", trade="trade_id", source="from", target="to")
    if not told.get("product_id"):
        return shown
    base, quote = pair(str(told["product_id"]))
    return {**shown, "symbol": f"{base}/{quote}"}


def fill(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A fill's price, size and side, for the ledger rows of its trade."""
    base, quote = pair(str(row["product_id"]))
    liquidity = {"M": "maker", "T": "taker"}.get(str(row.get("liquidity")))
    shown = detail(row, side="side", price="price", quantity="size", order="order_id", fee="fee")
    return Event(
        key=trade_key(row),
        kind=TransactionKind.TRADE,
        occurred_at=at_utc_text(row["created_at"]),
        detail={
            **shown,
            "trade": str(row["trade_id"]),
            "symbol": f"{base}/{quote}",
            **({"role": liquidity} if liquidity else {}),
        },
    )


def transfer(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit's or withdrawal's state, address and transaction; the ledger books its amount."""
    told = row.get("details") or {}
    address = told.get("sent_to_address") or told.get("crypto_address")
    return Event(
        key=f"transfer:{row['id']}",
        kind=_TRANSFERS.get(str(row["type"]), TransactionKind.TRANSFER),
        occurred_at=at_utc_text(row["created_at"]),
        detail={
            "status": _status(row),
            **detail(told, network="network", txid="crypto_transaction_hash", fee="fee"),
            **({"address": str(address)} if address else {}),
        },
    )


def _status(row: dict[str, Any]) -> str:
    for word in ("canceled", "completed", "processed"):
        if row.get(f"{word}_at"):
            return word
    return "pending"
