"""Hyperliquid: https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint

An account is an address, and everything about it is public: there is no key. An address here has
1200 units of weight a minute. Of the fills only the newest 10,000 are to be had.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import hyperliquid as normalisers
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import Strategy, to_ms
from portfolio.exchanges.paging_forward import AllAtOnce, TimeAscending
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    Listing,
    MarketRow,
    MarketRule,
    PositionRule,
    Profile,
    RawPage,
    StreamRule,
)
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2023, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def _info(question: str, weight: int) -> Call:
    fixed = {"type": question}
    return Call("public", "POST", "info", {"weight": weight}, fixed=fixed)


def _own(question: str, weight: int = 20) -> Call:
    fixed = {"type": question}
    costs = {"weight": weight}
    return Call("public", "POST", "info", costs, fixed=fixed, address_parameter="user")


ROLE = _own("userRole", 60)
CONTRACTS, COINS = _own("clearinghouseState", 2), _own("spotClearinghouseState", 2)
STAKED, REWARDS = _own("delegatorSummary"), _own("delegatorRewards", 45)
FILLS = _own("userFillsByTime", 120)  # 20, and one for each 20 rows
FUNDING, LEDGER = _own("userFunding", 45), _own("userNonFundingLedgerUpdates", 45)
PAIRS, MIDS, CANDLES = _info("spotMeta", 20), _info("allMids", 2), _info("candleSnapshot", 30)

# --- what may be read --------------------------------------------------------------------------

_ABOUT = {
    "agent": "This is the address of an API wallet, which has no account: give the main wallet's.",
    "missing": "Hyperliquid does not know this address yet: nothing was ever sent there.",
}


def read_audit(text: str) -> PermissionAudit:
    """An address can but be looked at; what kind of account it is, ``userRole`` tells."""
    role = str(exact.loads(text)["role"])
    return PermissionAudit(
        verdict=Verdict.READ_ONLY,
        permissions=(),
        dangerous=(),
        ip_restricted=None,
        ip_allowlist=(),
        created_at=None,
        expires_at=None,
        account_uid="",
        warnings=(_ABOUT[role],) if role in _ABOUT else (),
        raw=text,
    )


# --- balances and positions --------------------------------------------------------------------


def read_cash(text: str) -> list[ReportedBalance]:
    """Read ``clearinghouseState``: the account's value less what open contracts have won."""
    state = exact.loads(text)
    won = money.total(number(row["unrealizedPnl"]) for row in _open(state))
    cash = money.add(number(state["marginSummary"]["accountValue"]), money.negate(won))
    return [ReportedBalance(normalisers.PERP, normalisers.DOLLAR, cash)] if cash else []


def _open(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [row["position"] for row in state["assetPositions"]]


def read_coins(text: str) -> list[ReportedBalance]:
    """Read ``spotClearinghouseState``; what orders hold is part of ``total``."""
    sums: dict[str, Decimal] = {}
    for row in exact.loads(text)["balances"]:
        code = normalisers.asset(str(row["coin"]))
        sums[code] = money.add(sums.get(code, money.ZERO), number(row["total"]))
    return [ReportedBalance(normalisers.SPOT, code, each) for code, each in sums.items() if each]


def read_staked(text: str) -> list[ReportedBalance]:
    """Read ``delegatorSummary``: what is staked, what is not yet, and what is on its way back."""
    told = exact.loads(text)
    parts = ("delegated", "undelegated", "totalPendingWithdrawal")
    staked = money.total(number(told[part]) for part in parts)
    return [ReportedBalance(normalisers.STAKING, normalisers.OWN_COIN, staked)] if staked else []


def read_positions(text: str) -> list[ReportedPosition]:
    """Read the open contracts of ``clearinghouseState``."""
    return [_position(row) for row in _open(exact.loads(text)) if number(row["szi"])]


def _position(row: dict[str, Any]) -> ReportedPosition:
    size, entry = number(row["szi"]), row.get("entryPx")
    each = money.divide(number(row["positionValue"]), size).copy_abs()
    return ReportedPosition(
        wallet=normalisers.PERP,
        symbol=str(row["coin"]),
        side="short" if size < 0 else "long",
        quantity=size.copy_abs(),
        unit=str(row["coin"]),
        entry_price=None if entry is None else number(entry),
        mark_price=each.quantize(Decimal("1e-8"), context=money.EXACT).normalize(),
        price_asset=normalisers.DOLLAR,
        unrealised_pnl=number(row["unrealizedPnl"]),
        settle_asset=normalisers.DOLLAR,
    )


# --- streams -----------------------------------------------------------------------------------


def _forward(limit: int, horizon: int = 0) -> TimeAscending:
    return TimeAscending("startTime", "", limit, _OPENED, _DAY, horizon=horizon)


def _rows(text: str) -> RawPage:
    return RawPage(exact.elements(text))


def _stream(
    family: str,
    kind: RecordKind,
    call: Call,
    strategy: Strategy,
    external_id: Callable[[dict[str, Any]], str],
    normalise: Callable[..., Any],
    market_of: Callable[[Slice], str] | None = None,
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=strategy,
        read=_rows,
        external_id=lambda row: external_id(row.value),
        occurred_at=lambda row: at_ms(row.value["time"]),
        normalise=normalise,
        overlap=_DAY,
        market_of=market_of,
    )


def _market_of(row: Slice) -> str:
    coin = str(row.value["coin"])
    return coin if normalisers.is_spot(coin) else ""


_STREAMS = (
    _stream(
        *("trades", RecordKind.TRADES, FILLS, _forward(2000, horizon=10_000)),
        *(normalisers.fill_id, normalisers.fill, _market_of),
    ),
    _stream(
        *("ledger", RecordKind.LEDGER, LEDGER, _forward(500)),
        *(normalisers.update_id, normalisers.update),
    ),
    _stream(
        *("funding", RecordKind.FUNDING, FUNDING, _forward(500)),
        *(normalisers.funding_id, normalisers.funding),
    ),
    _stream(
        *("rewards", RecordKind.REWARDS, REWARDS, AllAtOnce(_OPENED)),
        *(normalisers.reward_id, normalisers.reward),
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the four streams, that of which the oldest is soonest lost first."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read the pairs of ``spotMeta``; tokens are named by their place in its list."""
    told = exact.loads(text)
    names = {int(token["index"]): normalisers.asset(str(token["name"])) for token in told["tokens"]}
    found = []
    for row in told["universe"]:
        base, quote = (names[int(place)] for place in row["tokens"])
        found.append(MarketRow(str(row["name"]), base, quote, True))
    return found


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``allMids``: midway between the best offers, of pairs and contracts by name."""
    return {name: number(price) for name, price in exact.loads(text).items()}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``candleSnapshot``: the day's opening and its closing price."""
    return [(at_ms(row["t"]), number(row["c"])) for row in exact.loads(text)]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    span = {"startTime": to_ms(since), "endTime": to_ms(since + (limit - 1) * _DAY)}
    return {"req": {"coin": symbol, "interval": "1d", **span}}


_GUIDE = Guide(
    give=(),
    keep=("A private key or an API wallet's key",),
    steps=("Copy the public address of your wallet, beginning with 0x. No key is needed.",),
    notes=(
        "Use the main wallet's address: an API wallet's address shows nothing.",
        "Connect early and keep syncing: only the newest 10,000 fills are shown. What is older is "
        "missed and shows as a difference to the balance.",
        "Sub-accounts and vaults are addresses of their own.",
    ),
    covers=(
        ("balances", True, "", "contracts, spot and staking"),
        ("positions", True, "", "the exchange's own perpetuals"),
        ("trades", True, "the newest 10,000", "fills of pairs and perpetuals"),
        ("ledger", True, "from the first day", "what came and went, between wallets and vaults"),
        ("deposits", True, "from the first day", "as part of the ledger"),
        ("withdrawals", True, "from the first day", "as part of the ledger"),
        ("transfers", True, "from the first day", "as part of the ledger"),
        ("funding", True, "from the first day", ""),
        ("rewards", True, "from the first day", "of staking; claims are in the ledger"),
        ("liquidations", True, "the newest 10,000", "as fills"),
    ),
)

PROFILE = Profile(
    exchange="hyperliquid",
    guide=_GUIDE,
    by_address=True,
    read_list=(
        *(ROLE, CONTRACTS, COINS, STAKED, REWARDS, FILLS, FUNDING, LEDGER),
        *(PAIRS, MIDS, CANDLES),
    ),
    allowances=(Allowance("weight", 1200, period=60),),
    audit_call=ROLE,
    read_audit=read_audit,
    audit_refused="Hyperliquid does not accept this address.",
    balances=(
        BalanceRule(CONTRACTS, {}, read_cash),
        BalanceRule(COINS, {}, read_coins),
        BalanceRule(STAKED, {}, read_staked),
    ),
    balances_refused="Hyperliquid does not show the balances of this address.",
    positions=(PositionRule(Listing(CONTRACTS), read_positions),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=PAIRS,
        read_list=read_markets,
        ticker_call=MIDS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=500,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=lambda text: "",
    codes={},
)
