"""Bitvavo: the account's history books everything; the other lists explain its rows.

No id is common to the lists, so an event is told by its coin (or pair and side) and its second.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, at_utc_text, detail, exact
from portfolio.exchanges.types import StreamSpec

WALLET = "spot"
_ALIASES = ALIASES["bitvavo"]
_KINDS = {
    **dict.fromkeys(("buy", "sell"), TransactionKind.TRADE),
    **dict.fromkeys(
        ("staking", "fixed_staking", "affiliate", "rebate", "campaign_new_user_incentive"),
        TransactionKind.REWARD,
    ),
    "deposit": TransactionKind.DEPOSIT,
    "withdrawal": TransactionKind.WITHDRAWAL,
    "distribution": TransactionKind.AIRDROP,
    **dict.fromkeys(("internal_transfer", "external_transferred_funds"), TransactionKind.TRANSFER),
    **dict.fromkeys(
        ("withdrawal_cancelled", "manually_assigned", "manually_assigned_bitvavo"),
        TransactionKind.ADJUSTMENT,
    ),
}
_PLACES = 8  # what has no more decimals than an asset may have is exact
_DOUBLE = 15  # the decimal digits that a double carries


def asset(code: str) -> str:
    """Return the canonical code of one of Bitvavo's assets."""
    return _ALIASES.get(code, code)


def pair(market: str) -> tuple[str, str]:
    """Return the (base, quote) codes of a market such as BTC-EUR."""
    base, _, quote = market.partition("-")
    return asset(base), asset(quote)


def history(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of the account's history: what was sent, what was received, and the fee."""
    word, moment = str(row["type"]), at_utc_text(row["executedAt"])
    sums = _sums(row)
    told = detail(row, type="type", address="address")
    if told.get("address") == "null":
        del told["address"]
    return Event(
        key=_history_key(row, word, moment),
        kind=kind_of(word, _KINDS),
        occurred_at=moment,
        movements=tuple(_movements(row, word, sums)),
        detail={**told, **_about_trade(row, word)},
    )


def _history_key(row: dict[str, Any], word: str, moment: datetime) -> str:
    sent, received = asset(row.get("sentCurrency") or ""), asset(row.get("receivedCurrency") or "")
    if word == "deposit" and received:
        return _key(word, received, moment)
    if word == "withdrawal" and sent:
        return _key(word, sent, moment)
    if word in ("buy", "sell") and sent and received:
        base, quote = (received, sent) if word == "buy" else (sent, received)
        return _key(word, f"{base}/{quote}", moment)
    return f"{word}:{row['transactionId']}"


def _key(word: str, what: str, moment: datetime) -> str:
    return f"{word}:{what}:{int(moment.timestamp())}"


def _movements(row: dict[str, Any], word: str, sums: dict[str, Decimal]) -> Iterator[Movement]:
    fee = sums.get("fees", money.ZERO)
    within = fee if _is_within(row, word, sums) else money.ZERO
    for side in ("sent", "received"):
        amount = sums.get(side, money.ZERO)
        if side == "sent":
            amount = money.negate(amount)
        if within and row[f"{side}Currency"] == row["feesCurrency"]:
            amount = money.add(amount, within)
        if amount:
            yield Movement(WALLET, asset(row[f"{side}Currency"]), amount)
    if fee:
        yield Movement(WALLET, asset(row["feesCurrency"]), money.negate(fee), PostingRole.FEE)


def _is_within(row: dict[str, Any], word: str, sums: dict[str, Decimal]) -> bool:
    """Tell whether a trade's amount has the fee in it: then its price says so.

    Those that were seen have it beside: 299.25 EUR sent and 0.75 EUR of fees were 300 EUR.
    """
    paid, traded = ("sent", "received") if word == "buy" else ("received", "sent")
    known = word in ("buy", "sell") and {paid, traded, "fees"} <= sums.keys()
    if not known or not row.get("priceAmount") or row["feesCurrency"] != row[f"{paid}Currency"]:
        return False
    value = money.multiply(sums[traded], exact(row["priceAmount"]))
    fee = sums["fees"] if word == "buy" else money.negate(sums["fees"])
    beside = money.add(sums[paid], money.negate(value))
    inside = money.add(beside, money.negate(fee))
    return money.multiply(inside.copy_abs(), Decimal(2)) < fee.copy_abs()


def _sums(row: dict[str, Any]) -> dict[str, Decimal]:
    """Return what was sent, received and paid, without what floats add to it.

    They come as ``0.7486213800000314`` beside ``299.25137861999997``: what one knows of the larger
    of two amounts of a coin is all there is to know of the smaller.
    """
    names = [n for n in ("sent", "received", "fees") if row.get(f"{n}Amount") not in (None, "")]
    told = {name: exact(row[f"{name}Amount"]).copy_abs() for name in names}
    if "fees" in told and exact(row["feesAmount"]) < 0:
        told["fees"] = money.negate(told["fees"])
    widest: dict[str, int] = {}
    for name, amount in told.items():
        code = row[f"{name}Currency"]
        widest[code] = max(widest.get(code, 0), amount.adjusted() + 1)
    return {name: _clean(a, _DOUBLE - widest[row[f"{name}Currency"]]) for name, a in told.items()}


def _clean(amount: Decimal, places: int) -> Decimal:
    _, digits, exponent = amount.as_tuple()
    noisy = isinstance(exponent, int) and -exponent > _PLACES and 15 < len(digits) <= 17
    if not noisy:
        return amount
    return amount.quantize(Decimal(1).scaleb(-max(places, _PLACES)), context=money.EXACT)


def _about_trade(row: dict[str, Any], word: str) -> dict[str, str]:
    if word not in ("buy", "sell"):
        return {}
    sent, received = asset(row["sentCurrency"]), asset(row["receivedCurrency"])
    base, quote = (received, sent) if word == "buy" else (sent, received)
    return {"symbol": f"{base}/{quote}", "side": word, **detail(row, price="priceAmount")}


def trade(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A fill's order, price and fee, for the row of the history of that second."""
    base, quote = pair(str(row["market"]))
    moment, side = at_ms(row["timestamp"]), str(row["side"])
    told = f"{row['amount']} {base} at {row['price']} {quote}"
    if row.get("fee"):
        told = f"{told}, fee {row['fee']} {row['feeCurrency']}"
    role = {True: "maker", False: "taker"}.get(not row["taker"]) if "taker" in row else None
    return Event(
        key=_key(side, f"{base}/{quote}", moment),
        kind=TransactionKind.TRADE,
        occurred_at=moment,
        detail={
            "symbol": f"{base}/{quote}",
            "side": side,
            **detail(row, order="orderId"),
            f"fill {row['id']}": f"{told}, {role}" if role else told,
        },
    )


def deposit(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A deposit's state, fee and transaction; the history books its amount."""
    return _moved("deposit", TransactionKind.DEPOSIT, row)


def withdrawal(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A withdrawal's state, fee, address and transaction; the history books its amount."""
    return _moved("withdrawal", TransactionKind.WITHDRAWAL, row)


def _moved(word: str, kind: TransactionKind, row: dict[str, Any]) -> Event:
    moment = at_ms(row["timestamp"])
    return Event(
        key=_key(word, asset(str(row["symbol"])), moment),
        kind=kind,
        occurred_at=moment,
        detail=detail(
            row, status="status", txid="txId", address="address", tag="paymentId", listed_fee="fee"
        ),
    )
