"""Bitfinex: the ledger books everything; trades and movements add what the ledger does not say.

A ledger row tells what happened by its description alone. The rows of one trade (what was bought,
what was paid, the fee) name no trade and may be seconds apart; they and the trade itself meet by
minute, coin, amount and price.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.exchange_codes import ALIASES
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import known
from portfolio.exchanges.normalisers.values import at_ms, exact
from portfolio.exchanges.types import StreamSpec

EXCHANGE, MARGIN, FUNDING, DERIVATIVES = "exchange", "margin", "funding", "derivatives"
_WALLETS = {"trading": MARGIN, "deposit": FUNDING}  # their names in older rows
_COLLATERAL = "F0"  # USTF0 is what derivatives are traded with: an account of its own

# Bitfinex's names that are other coins elsewhere, or other names of the same coin (as in ccxt).
_ASSETS = ALIASES["bitfinex"]


def asset(code: str) -> str:
    """Return the canonical code of one of Bitfinex's currencies (``USTF0`` is USDT)."""
    upper = code.upper()
    if upper.startswith("TEST"):
        return upper  # paper trading: worth nothing, and never the coin it is named after
    bare = upper.removesuffix(_COLLATERAL) or upper
    return _ASSETS.get(bare, bare)


def wallet(name: str, code: str) -> str:
    """Return the wallet of a currency: collateral of derivatives is kept in one of its own."""
    known = _WALLETS.get(name.lower(), name.lower())
    return DERIVATIVES if known == MARGIN and code.upper().endswith(_COLLATERAL) else known


def sides(symbol: str) -> tuple[str, str]:
    """Return (base, quote), as Bitfinex names them, of a pair such as tBTCUSD or tDOGE:USD."""
    pair = symbol.removeprefix("t")
    base, colon, quote = pair.partition(":")
    return (base, quote) if colon else (pair[:3], pair[3:])


_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
_ON_WALLET = re.compile(r"\s*on wallet (\w+)\s*$", re.IGNORECASE)
_TRADED = re.compile(
    rf"^(?:exchange|trading (?:fees|rebate) for) (?P<amount>{_NUMBER}) (?P<base>\w+) "
    rf".*?@ (?P<price>{_NUMBER})",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"^(?:deposit (?:fee )?\(.*\)|.*withdrawal(?: fee| request)?) #?(\d+)", re.IGNORECASE
)
_CLAIMED = re.compile(r"^position #(\d+) claimed", re.IGNORECASE)
_FEE = TransactionKind.FEE
# What descriptions begin with or hold, the first that fits; those of a fee are booked as one.
_KINDS: tuple[tuple[re.Pattern[str], TransactionKind], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"^exchange ", TransactionKind.TRADE),
        (r"^trading fees? ", _FEE),
        (r"^trading rebate ", _FEE),
        (r"^canceled withdrawal fee", _FEE),
        (r"^canceled withdrawal", TransactionKind.WITHDRAWAL),
        (r"^deposit fee|withdrawal.* fee|miner fee", _FEE),
        (r"^deposit ", TransactionKind.DEPOSIT),
        (r" withdrawal #|^withdrawal", TransactionKind.WITHDRAWAL),
        (r"^transfer ", TransactionKind.TRANSFER),
        (r"^claiming fee", _FEE),
        (r"^position .*claimed", TransactionKind.CONVERSION),
        (r"^position .*(funding cost|swap|interest)", TransactionKind.INTEREST),
        (r"liquidat", TransactionKind.LIQUIDATION),
        (r"^position |^settlement", TransactionKind.REALISED_PNL),
        (r"^funding event", TransactionKind.FUNDING),
        (r"margin funding|^interest|swap payment|swap interest", TransactionKind.INTEREST),
        (r"staking|^earned fees|affiliate rebate|profit payment", TransactionKind.REWARD),
        (r"airdrop|distribution|snapshot", TransactionKind.AIRDROP),
        (r"^currency conversion|token redemption", TransactionKind.CONVERSION),
        (r"adjustment|loss", TransactionKind.ADJUSTMENT),
        (r"\bfees?\b", _FEE),
    )
)


def ledger(stream: StreamSpec, row: Any) -> Event:
    """One row: [id, currency, wallet, ms, _, amount, balance, _, description]."""
    code, about = str(row[1]), str(row[8] or "")
    told = _ON_WALLET.search(about)
    place = wallet(str(row[2] or (told.group(1) if told else EXCHANGE)), code)
    what = _ON_WALLET.sub("", about)
    kind = known(next((kind for pattern, kind in _KINDS if pattern.search(what)), None))
    role = PostingRole.FEE if kind is _FEE else PostingRole.PRINCIPAL
    return Event(
        key=_key(row, kind, what),
        kind=kind,
        occurred_at=at_ms(row[3]),
        movements=(Movement(place, asset(code), exact(row[5]), role),),
        detail={"description": what, "entry": str(row[0])},
    )


def _key(row: Any, kind: TransactionKind, what: str) -> str:
    """Return what the rows of one event have in common; a row that has nothing stands alone."""
    moment = at_ms(row[3])
    if traded := _TRADED.match(what):
        amount, price = exact(traded["amount"]), exact(traded["price"])
        return _trade_key(moment, traded["base"], amount, price)
    if moved := _MOVED.match(what):
        return f"movement:{moved.group(1)}"
    if claimed := _CLAIMED.match(what):
        return f"claim:{claimed.group(1)}"
    if kind in (TransactionKind.TRANSFER, TransactionKind.CONVERSION):
        return f"{kind.value}:{_minute(moment)}:{what}"
    return f"ledger:{row[0]}"


def _trade_key(moment: datetime, base: str, amount: Decimal, price: Decimal) -> str:
    told = (base.upper(), money.plain(amount.copy_abs()), money.plain(price))
    return ":".join(("trade", _minute(moment), *told))


def _minute(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M}"


def trade(stream: StreamSpec, row: Any) -> Event:
    """A trade's side, price and order, for the ledger rows that book it.

    [id, pair, ms, order, amount, price, order type, order's price, maker, fee, its currency, ...]
    """
    base, quote = sides(str(row[1]))
    amount, price, moment = exact(row[4]), exact(row[5]), at_ms(row[2])
    role = {1: "maker", -1: "taker"}.get(row[8])
    return Event(
        key=_trade_key(moment, base, amount, price),
        kind=TransactionKind.TRADE,
        occurred_at=moment,
        detail={
            "symbol": f"{asset(base)}/{asset(quote)}" if _is_spot(row) else str(row[1]),
            "side": "sell" if amount < 0 else "buy",
            "price": money.plain(price),
            "quantity": money.plain(amount.copy_abs()),
            "order": str(row[3]),
            "trade": str(row[0]),
            **({"role": role} if role else {}),
        },
    )


def _is_spot(row: Any) -> bool:
    return _COLLATERAL not in str(row[1])


def movement(stream: StreamSpec, row: Any) -> Event:
    """A deposit or withdrawal: state, address and transaction; the ledger books the amount.

    [id, currency, its name, _, _, ms begun, ms changed, _, _, status, _, _, amount, fees, _, _,
    address, payment id, _, _, transaction, note]
    """
    out = exact(row[12]) < 0
    shown = {
        "status": row[9],
        "network": row[2],
        "address": row[16],
        "tag": row[17],
        "txid": row[20],
    }
    return Event(
        key=f"movement:{row[0]}",
        kind=TransactionKind.WITHDRAWAL if out else TransactionKind.DEPOSIT,
        occurred_at=at_ms(row[5]),
        detail={name: str(value) for name, value in shown.items() if value not in (None, "")},
    )
