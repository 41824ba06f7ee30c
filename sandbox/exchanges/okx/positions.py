"""Open positions of an account: the endpoint that lists them, and the statement's rows."""

from decimal import Decimal
from typing import Any

from sandbox.amounts import exact, plain
from sandbox.exchanges.base import Call
from sandbox.generate.okx import OkxAccount
from sandbox.generate.okx_markets import CONTRACTS, Contract
from sandbox.generate.prices import Prices

Row = dict[str, Any]


def listed(account: OkxAccount, prices: Prices, call: Call) -> list[Row]:
    """What is open, all kinds of instruments unless one is asked for."""
    kind, name = call.params.get("instType", ""), call.params.get("instId", "")
    return [
        _row(CONTRACTS[place], held, prices, call.now_ms)
        for place, held in sorted(account.positions.items())
        if kind in ("", CONTRACTS[place].kind) and name in ("", place)
    ]


def profits(account: OkxAccount, prices: Prices, now_ms: int) -> dict[str, Decimal]:
    """What open positions have won so far, by settlement coin."""
    found: dict[str, Decimal] = {}
    for place, held in account.positions.items():
        contract = CONTRACTS[place]
        with exact():
            won = _won(contract, held, _mark(contract, held, prices, now_ms))
            found[contract.settle] = found.get(contract.settle, Decimal(0)) + won
    return found


def _mark(contract: Contract, held: tuple[int, Decimal], prices: Prices, now_ms: int) -> Decimal:
    """The present price; that of an option is in its coin and stands still here."""
    if contract.kind == "OPTION":
        return held[1]
    return prices.at(contract.base, contract.settle, now_ms, 1)


def _won(contract: Contract, held: tuple[int, Decimal], price: Decimal) -> Decimal:
    count, entry = held
    return (price - entry) * count * contract.size


def _row(contract: Contract, held: tuple[int, Decimal], prices: Prices, now_ms: int) -> Row:
    price = _mark(contract, held, prices, now_ms)
    with exact():
        won = _won(contract, held, price)
    return {
        "adl": "1",
        "availPos": "",
        "avgPx": plain(held[1]),
        "cTime": str(now_ms - 86_400_000),
        "ccy": contract.settle,
        "instId": contract.id,
        "instType": contract.kind,
        "interest": "",
        "last": plain(price),
        "lever": "" if contract.kind == "OPTION" else "5",
        "liab": "",
        "liabCcy": "",
        "liqPx": "",
        "margin": "",
        "markPx": plain(price),
        "mgnMode": "cross",
        "mgnRatio": "",
        "notionalUsd": "",
        "optVal": "",
        "pos": str(held[0]),
        "posCcy": "",
        "posId": str(307_173_036_051_017_730 + len(contract.id)),
        "posSide": "net",
        "tradeId": "109844",
        "uTime": str(now_ms - 3_600_000),
        "upl": plain(won),
        "uplRatio": "",
    }


def told(account: OkxAccount) -> list[dict[str, str]]:
    """The rows of the statement."""
    return [
        {
            "wallet": "trading",
            "symbol": name,
            "side": "long" if count > 0 else "short",
            "quantity": str(abs(count)),
            "unit": "contracts",
            "entry_price": plain(entry),
            "settle_asset": CONTRACTS[name].settle,
        }
        for name, (count, entry) in sorted(account.positions.items())
    ]
