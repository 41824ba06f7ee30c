"""Coinbase: each account's own ledger books everything; fills and bank lists explain its rows.

Every movement is a row in the account it moved. Two rows of one event (what was bought, what was
paid) are told by the id inside them: of the purchase, the sale, the conversion, or the order.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_utc_text, detail, exact
from portfolio.exchanges.types import StreamSpec

_ALIASES = ALIASES["coinbase"]
_FILL = "advanced_trade_fill"

_KINDS = {
    "buy": TransactionKind.TRADE,
    "sell": TransactionKind.TRADE,
    _FILL: TransactionKind.TRADE,
    **dict.fromkeys(
        ("trade", "wrap_asset", "unwrap_asset", "retail_simple_dust", "fcm_futures_usdc_sell"),
        TransactionKind.CONVERSION,
    ),
    **dict.fromkeys(
        ("fiat_deposit", "receive", "unsupported_asset_recovery"), TransactionKind.DEPOSIT
    ),
    "fiat_withdrawal": TransactionKind.WITHDRAWAL,
    # Between a person's own accounts, here or at another of Coinbase's houses.
    **dict.fromkeys(
        (
            *("transfer", "staking_transfer", "unstaking_transfer", "vault_withdrawal"),
            *("pro_deposit", "pro_withdrawal", "exchange_deposit", "exchange_withdrawal"),
            *("intx_deposit", "intx_withdrawal", "retail_eth2_deprecation"),
        ),
        TransactionKind.TRANSFER,
    ),
    **dict.fromkeys(
        (
            *("staking_reward", "inflation_reward", "earn_payout", "incentives_rewards_payout"),
            *("subscription_rebate", "credit_card_reward"),
        ),
        TransactionKind.REWARD,
    ),
    "interest": TransactionKind.INTEREST,
    "subscription": TransactionKind.FEE,
    "derivatives_settlement": TransactionKind.REALISED_PNL,
    **dict.fromkeys(
        ("clawback", "incentives_shared_clawback", "retail_simple_price_improvement"),
        TransactionKind.ADJUSTMENT,
    ),
}
_GIVERS = frozenset(("Coinbase Earn", "Coinbase Rewards"))


def asset(code: str) -> str:
    """Return the canonical code of one of Coinbase's currencies."""
    return _ALIASES.get(code, code)


def pair(product: str) -> tuple[str, str]:
    """Return the (base, quote) codes of a product such as BTC-EUR."""
    base, _, quote = product.partition("-")
    return asset(base), asset(quote)


def ledger(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of an account's ledger: what it moved, once it is completed."""
    shown = {
        **detail(row, type="type", status="status", description="description"),
        **_network(row),
        **_about(row),
    }
    return Event(
        key=_key(row),
        kind=_kind(row),
        occurred_at=at_utc_text(row["created_at"]),
        movements=_movements(row, stream.scope["wallet"]) if row["status"] == "completed" else (),
        detail=shown,
    )


def fill(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A fill's exact price, size and fee, for the ledger rows of its order."""
    base, quote = pair(row["product_id"])
    size_of = quote if row.get("size_in_quote") is True else base
    told = f"{row['size']} {size_of} at {row['price']} {quote}, fee {row['commission']} {quote}"
    liquidity = str(row.get("liquidity_indicator") or "").lower()
    if liquidity in ("maker", "taker"):
        told = f"{told}, {liquidity}"
    return Event(
        key=f"order:{row['order_id']}",
        kind=TransactionKind.TRADE,
        occurred_at=at_utc_text(row["trade_time"]),
        detail={
            "symbol": f"{base}/{quote}",
            "side": str(row["side"]).lower(),
            "order": str(row["order_id"]),
            f"fill {row['trade_id']}": told,
        },
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A bank deposit's status, fee and reference; the ledger books the amount."""
    return _bank(row, "fiat_deposit", TransactionKind.DEPOSIT)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A bank withdrawal's status, fee and reference; the ledger books the amount."""
    return _bank(row, "fiat_withdrawal", TransactionKind.WITHDRAWAL)


def _bank(row: dict[str, Any], word: str, kind: TransactionKind) -> Event:
    return Event(
        key=f"{word}:{row['id']}",
        kind=kind,
        occurred_at=at_utc_text(row["created_at"]),
        detail={
            **detail(row, bank_status="status", reference="user_reference", payout="payout_at"),
            **_sums(row, fee="fee"),
        },
    )


def _key(row: dict[str, Any]) -> str:
    word = str(row["type"])
    inner = _inner(row)
    if word == _FILL and inner.get("order_id"):
        return f"order:{inner['order_id']}"
    return f"{word}:{inner['id']}" if inner.get("id") else f"transaction:{row['id']}"


def _inner(row: dict[str, Any]) -> dict[str, Any]:
    """Return the object named like the row's type, which tells more of it."""
    inner = row.get(str(row["type"]))
    return inner if isinstance(inner, dict) else {}


def _kind(row: dict[str, Any]) -> TransactionKind:
    word = str(row["type"])
    if word in ("send", "request"):
        if exact(row["amount"]["amount"]) < 0:
            return TransactionKind.WITHDRAWAL
        given = (row.get("from") or {}).get("name") in _GIVERS
        return TransactionKind.REWARD if given else TransactionKind.DEPOSIT
    return kind_of(word, _KINDS)


def _movements(row: dict[str, Any], wallet: str) -> tuple[Movement, ...]:
    amount, code = exact(row["amount"]["amount"]), str(row["amount"]["currency"])
    own = asset(code)
    if row["type"] == _FILL:
        return (Movement(wallet, own, amount), *_commission(_inner(row), wallet, own))
    fee = _fee_within(row, amount, code)
    if not fee:
        return (Movement(wallet, own, amount),)
    return (
        Movement(wallet, own, money.add(amount, fee)),
        Movement(wallet, own, money.negate(fee), PostingRole.FEE),
    )


def _commission(told: dict[str, Any], wallet: str, own: str) -> tuple[Movement, ...]:
    """The fee of a fill goes out beside both of its rows, in the quote; the base's row books it."""
    base, quote = pair(str(told.get("product_id") or ""))
    fee = exact(told.get("commission") or "0")
    if own != base or not quote or not fee:
        return ()
    return (Movement(wallet, quote, money.negate(fee), PostingRole.FEE),)


def _fee_within(row: dict[str, Any], amount: Decimal, code: str) -> Decimal:
    """Return the fee that the row's amount contains already; zero where there is none in it."""
    word = str(row["type"])
    network, inner = row.get("network") or {}, _inner(row)
    told = (network.get("transaction_fee") if word == "send" else inner.get("fee")) or {}
    if told.get("currency") != code:
        return money.ZERO
    if word in ("send", "trade"):
        contained = amount < 0
    else:
        contained = word in ("buy", "sell") and _is_total(inner, amount, code)
    return exact(told["amount"]).copy_abs() if contained else money.ZERO


def _is_total(inner: dict[str, Any], amount: Decimal, code: str) -> bool:
    total = inner.get("total") or {}
    same = total.get("currency") == code
    return same and exact(total["amount"]).copy_abs() == amount.copy_abs()


def _network(row: dict[str, Any]) -> dict[str, str]:
    network, target = row.get("network") or {}, row.get("to") or {}
    return {
        **detail(network, network="network_name", txid="hash"),
        **(detail(target, address="address") if isinstance(target, dict) else {}),
    }


def _about(row: dict[str, Any]) -> dict[str, str]:
    inner = _inner(row)
    if row["type"] == _FILL:
        base, quote = pair(str(inner.get("product_id") or ""))
        shown = detail(inner, side="order_side", order="order_id")
        return {**shown, "symbol": f"{base}/{quote}"} if quote else shown
    giver = (row.get("from") or {}).get("name")
    return {
        **_sums(inner, total="total", fee="fee"),
        **detail(inner, method="payment_method_name"),
        **({"from": str(giver)} if giver else {}),
    }


def _sums(row: dict[str, Any], **names: str) -> dict[str, str]:
    """Return amounts with their currency as text: our name = Coinbase's name."""
    found = {ours: row.get(theirs) for ours, theirs in names.items()}
    return {
        ours: f"{told['amount']} {told['currency']}"
        for ours, told in found.items()
        if isinstance(told, dict) and told.get("amount")
    }
