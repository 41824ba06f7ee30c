"""Hyperliquid: fills, funding and the ledger of one address, each of which books what it tells.

Contracts are settled in USDC in the wallet ``perp``; coins are in ``spot`` and ``staking``. Other
people's contracts (``xyz:GOLD``) have wallets of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

PERP, SPOT, STAKING = "perp", "spot", "staking"
DOLLAR, OWN_COIN = "USDC", "HYPE"
# Coins that others keep elsewhere and issue here under a name of their own, one for one.
_ISSUED = {
    "UBTC": "BTC",
    "UETH": "ETH",
    "USOL": "SOL",
    "UFART": "FARTCOIN",
    "UPUMP": "PUMP",
    "UBONK": "BONK",
    "UXPL": "XPL",
    "UDZ": "2Z",
    "HPENGU": "PENGU",
    "UUUSPX": "SPX",
    "USDT0": "USDT",
    "XAUT0": "XAUT",
}
_FEE = PostingRole.FEE
_Read = Callable[[dict[str, Any], str], list[Movement]]


def asset(name: str) -> str:
    """Return the canonical code of a token; ``NAME:0x...`` names one with its number."""
    code = name.partition(":")[0].upper()
    return _ISSUED.get(code, code)


def is_spot(coin: str) -> bool:
    """Tell a pair (``@107``, ``PURR/USDC``) from a contract."""
    return coin.startswith("@") or "/" in coin


def _wallet(coin: str) -> str:
    """Return where a contract is settled."""
    owner, mark, _ = coin.partition(":")
    return f"{PERP}:{owner}" if mark else PERP


# --- fills -------------------------------------------------------------------------------------


def fill(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A fill of a pair moves both coins; one of a contract what was won or lost, and the fee."""
    coin, kind = str(row["coin"]), TransactionKind.TRADE
    bought, size, price = row["side"] == "B", exact(row["sz"]), exact(row["px"])
    fee, paid_in = exact(row.get("fee") or 0), asset(str(row.get("feeToken") or DOLLAR))
    wallet, symbol = SPOT, coin
    if is_spot(coin):
        symbol = str(row["pair"])  # a market that was not known when it was fetched is refused
        base, _, quote = symbol.partition("/")
        cost = money.multiply(size, price)
        signed = (size, money.negate(cost)) if bought else (money.negate(size), cost)
        moved = [Movement(SPOT, base, signed[0]), Movement(SPOT, quote, signed[1])]
    else:
        wallet = _wallet(coin)
        won = exact(row.get("closedPnl") or 0)
        moved = [Movement(wallet, paid_in, won)]
        kind = TransactionKind.REALISED_PNL if won else TransactionKind.FEE
    if _is_liquidated(row, stream):
        kind = TransactionKind.LIQUIDATION
    moved.append(Movement(wallet, paid_in, money.negate(fee), _FEE))
    return Event(
        key=f"fill:{fill_id(row)}",
        kind=kind,
        occurred_at=at_ms(row["time"]),
        movements=_real(moved),
        detail={
            "symbol": symbol,
            "side": "buy" if bought else "sell",
            **detail(row, price="px", quantity="sz", action="dir", order="oid", trade="tid"),
            **detail(row, txid="hash"),
            "role": "taker" if row.get("crossed") else "maker",
        },
    )


def fill_id(row: dict[str, Any]) -> str:
    """Return a fill's name: both sides of a trade share its number, but not the order's."""
    return f"{row['tid']}:{row['oid']}"


def _is_liquidated(row: dict[str, Any], stream: StreamSpec) -> bool:
    told = row.get("liquidation")
    whose = told.get("liquidatedUser") if isinstance(told, dict) else None
    return bool(whose) and str(whose).lower() == stream.scope["address"]


def _real(moved: list[Movement]) -> tuple[Movement, ...]:
    return tuple(movement for movement in moved if movement.amount)


# --- funding and rewards -----------------------------------------------------------------------


def funding(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """What a position has paid or received in an hour."""
    told = row["delta"]
    coin = str(told["coin"])
    return Event(
        key=f"funding:{funding_id(row)}",
        kind=TransactionKind.FUNDING,
        occurred_at=at_ms(row["time"]),
        movements=_real([Movement(_wallet(coin), DOLLAR, exact(told["usdc"]))]),
        detail={"symbol": coin, **detail(told, rate="fundingRate", position="szi")},
    )


def funding_id(row: dict[str, Any]) -> str:
    """Return a payment's name: there is one an hour for each coin."""
    return f"{row['time']}:{row['delta']['coin']}"


def reward(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """What staking has earned in a day."""
    return Event(
        key=f"staking:{reward_id(row)}",
        kind=TransactionKind.REWARD,
        occurred_at=at_ms(row["time"]),
        movements=_real([Movement(STAKING, OWN_COIN, exact(row["totalAmount"]))]),
        detail=detail(row, type="source"),
    )


def reward_id(row: dict[str, Any]) -> str:
    """Return a reward's name."""
    return f"{row['time']}:{row['source']}"


# --- the ledger --------------------------------------------------------------------------------


def _usdc(told: dict[str, Any]) -> Decimal:
    return exact(told["usdc"])


def _paid(told: dict[str, Any], wallet: str) -> list[Movement]:
    """What the sender pays: in ``feeToken`` or USDC, and in the token that is sent."""
    fee, own = exact(told.get("fee") or 0), exact(told.get("nativeTokenFee") or 0)
    paid_in = asset(str(told.get("feeToken") or DOLLAR))
    moved = [Movement(wallet, paid_in, money.negate(fee), _FEE)]
    if own:
        moved.append(Movement(wallet, asset(str(told["token"])), money.negate(own), _FEE))
    return moved


def _sent(
    told: dict[str, Any], own: str, code: str, amount: Decimal, wallets: tuple[str, str]
) -> list[Movement]:
    """A move from ``user`` to ``destination``, one of which, or both, is this account."""
    source, target = wallets
    moved: list[Movement] = []
    if str(told["user"]).lower() == own:
        moved += [Movement(source, code, money.negate(amount)), *_paid(told, source)]
    if str(told["destination"]).lower() == own:
        moved.append(Movement(target, code, amount))
    return moved


def _withdrawn(told: dict[str, Any], own: str) -> list[Movement]:
    return [Movement(PERP, DOLLAR, money.negate(_usdc(told))), *_paid(told, PERP)]


def _between(told: dict[str, Any], own: str) -> list[Movement]:
    return _sent(told, own, DOLLAR, _usdc(told), (PERP, PERP))


def _coins(told: dict[str, Any], own: str) -> list[Movement]:
    return _sent(told, own, asset(str(told["token"])), exact(told["amount"]), (SPOT, SPOT))


def _anything(told: dict[str, Any], own: str) -> list[Movement]:
    places = _place(told.get("sourceDex")), _place(told.get("destinationDex"))
    return _sent(told, own, asset(str(told["token"])), exact(told["amount"]), places)


def _place(name: Any) -> str:
    """Return the wallet of ``sourceDex``: "" is the exchange's own contracts."""
    return {"": PERP, SPOT: SPOT}.get(str(name or ""), f"{PERP}:{name}")


def _class(told: dict[str, Any], own: str) -> list[Movement]:
    amount, into = _usdc(told), bool(told["toPerp"])
    source, target = (SPOT, PERP) if into else (PERP, SPOT)
    return [
        Movement(source, DOLLAR, money.negate(amount)),
        Movement(target, DOLLAR, amount),
    ]


def _staked(told: dict[str, Any], own: str) -> list[Movement]:
    amount, code = exact(told["amount"]), asset(str(told["token"]))
    source, target = (SPOT, STAKING) if told["isDeposit"] else (STAKING, SPOT)
    return [Movement(source, code, money.negate(amount)), Movement(target, code, amount)]


def _into_vault(told: dict[str, Any], own: str) -> list[Movement]:
    return [Movement(PERP, DOLLAR, money.negate(_usdc(told))), *_paid(told, PERP)]


def _gift(told: dict[str, Any], own: str) -> list[Movement]:
    return [Movement(SPOT, asset(str(told.get("token") or DOLLAR)), exact(told["amount"]))]


def _burnt(told: dict[str, Any], own: str) -> list[Movement]:
    code = asset(str(told["token"]))
    return [Movement(SPOT, code, money.negate(exact(told["amount"])), _FEE)]


def _into_perp(told: dict[str, Any], own: str) -> list[Movement]:
    return [Movement(PERP, DOLLAR, _usdc(told))]


def _from_vault(told: dict[str, Any], own: str) -> list[Movement]:
    return [Movement(PERP, DOLLAR, exact(told["netWithdrawnUsd"]))]


_UPDATES: dict[str, tuple[TransactionKind, _Read]] = {
    "deposit": (TransactionKind.DEPOSIT, _into_perp),
    "withdraw": (TransactionKind.WITHDRAWAL, _withdrawn),
    "internalTransfer": (TransactionKind.TRANSFER, _between),
    "subAccountTransfer": (TransactionKind.TRANSFER, _between),
    "spotTransfer": (TransactionKind.TRANSFER, _coins),
    "send": (TransactionKind.TRANSFER, _anything),
    "accountClassTransfer": (TransactionKind.TRANSFER, _class),
    "cStakingTransfer": (TransactionKind.TRANSFER, _staked),
    "vaultCreate": (TransactionKind.TRANSFER, _into_vault),
    "vaultDeposit": (TransactionKind.TRANSFER, _into_vault),
    "vaultWithdraw": (TransactionKind.TRANSFER, _from_vault),
    "vaultDistribution": (TransactionKind.REWARD, _into_perp),
    "vaultLeaderCommission": (TransactionKind.REWARD, _into_perp),
    "spotGenesis": (TransactionKind.AIRDROP, _gift),
    "rewardsClaim": (TransactionKind.REWARD, _gift),
    "deployGasAuction": (TransactionKind.FEE, _burnt),
    "accountActivationGas": (TransactionKind.FEE, _burnt),
    "liquidation": (TransactionKind.LIQUIDATION, lambda told, own: []),  # its fills are booked
}


def update(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """One row of the ledger. A word that is not known moves nothing: which wallet is not told."""
    told, own = row["delta"], stream.scope["address"]
    word = str(told["type"])
    kind, read = _UPDATES.get(word, (TransactionKind.UNCLASSIFIED, lambda told, own: []))
    shown = detail(told, sender="user", address="destination", vault="vault")
    amount = detail(told, usdc="usdc", amount="amount", token="token")  # noqa: S106
    return Event(
        key=f"ledger:{update_id(row)}",
        kind=kind,
        occurred_at=at_ms(row["time"]),
        movements=_real(read(told, own)),
        detail={
            "type": word,
            **({} if word in _UPDATES else amount),
            **shown,
            **detail(row, txid="hash"),
        },
    )


def update_id(row: dict[str, Any]) -> str:
    """Return the name of a row: one transaction may do several things."""
    told = row["delta"]
    amounts = (told.get(name) for name in ("usdc", "amount", "netWithdrawnUsd"))
    amount = next((money.plain(exact(each)) for each in amounts if each is not None), "")
    return f"{row['hash']}:{told['type']}:{told.get('token') or ''}:{amount}:{row['time']}"
