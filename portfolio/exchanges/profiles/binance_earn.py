"""Binance's simple earn, conversions, dust, bank money and Binance Pay.

Simple earn: https://developers.binance.com/docs/simple_earn. What flexible products add every day
stays in them and is listed there. Bonus rewards and those of locked products are paid to the spot
wallet and are among the dividends, so their own lists are not asked for: they would count twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import binance_earn as normalisers
from portfolio.exchanges.normalisers.binance_earn import EARN
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.profile import Listing, StreamRule
from portfolio.exchanges.profiles.binance_lists import (
    ABSENT,
    DAY,
    REFUSAL,
    REFUSED,
    field,
    listed,
    moment,
    numbered,
    sapi,
    windows,
)
from portfolio.exchanges.types import StreamSpec

_EARN_OPENED = datetime(2019, 8, 1, tzinfo=UTC)  # the first savings product: 28 August 2019
_CONVERT_OPENED = datetime(2019, 1, 1, tzinfo=UTC)
_DUST_KEPT = datetime(2020, 12, 1, tzinfo=UTC)  # nothing older is served
_BANK_OPENED = datetime(2019, 7, 1, tzinfo=UTC)
_QUARTER = 85  # days; "three months" may be asked for
_PAY_KEPT = timedelta(days=540)  # 18 months
_PAGE = 100

FLEXIBLE = sapi("simple-earn/flexible/position", ip=150)
LOCKED = sapi("simple-earn/locked/position", ip=150)
FLEXIBLE_IN = sapi("simple-earn/flexible/history/subscriptionRecord", ip=150)
FLEXIBLE_OUT = sapi("simple-earn/flexible/history/redemptionRecord", ip=150)
FLEXIBLE_REWARDS = sapi("simple-earn/flexible/history/rewardsRecord", ip=150)
LOCKED_IN = sapi("simple-earn/locked/history/subscriptionRecord", ip=150)
LOCKED_OUT = sapi("simple-earn/locked/history/redemptionRecord", ip=150)
CONVERSIONS = sapi("convert/tradeFlow", uid=3000)
DUST = sapi("asset/dribblet", ip=1)
BANK = sapi("fiat/orders", uid=90000)
PAYMENTS = sapi("fiat/payments", ip=1)
PAY = sapi("pay/transactions", uid=3000)
BY_ADDRESS = (
    *(FLEXIBLE, LOCKED, FLEXIBLE_IN, FLEXIBLE_OUT, FLEXIBLE_REWARDS, LOCKED_IN, LOCKED_OUT),
    *(DUST, PAYMENTS),
)
BY_ACCOUNT = (CONVERSIONS, BANK, PAY)
CALLS = (*BY_ADDRESS, *BY_ACCOUNT)


def _next_page(asked: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    """Go on while a page is full."""
    full = len(exact.elements(text, "rows")) >= _PAGE
    return {**asked, "current": asked["current"] + 1} if full else None


_ABSENT = ABSENT | {"-6003"}
_FIRST = {"current": 1, "size": _PAGE}
LISTINGS = (
    Listing(FLEXIBLE, _FIRST, turn=_next_page, absent_codes=_ABSENT),
    Listing(LOCKED, _FIRST, turn=_next_page, absent_codes=_ABSENT),
)


def read_positions(texts: list[str], name: str) -> list[ReportedBalance]:
    """Read the pages of a list of positions; ``name`` is the field of what is in one."""
    rows = [row for text in texts for row in exact.loads(text).get("rows") or ()]
    found = [ReportedBalance(EARN, row["asset"], number(row[name])) for row in rows]
    return [balance for balance in found if balance.quantity]


def plan() -> list[StreamSpec]:
    """Return the streams that every account may have, most telling first."""
    kind = RecordKind
    return [
        StreamSpec("conversions", kind.CONVERSIONS),
        *(StreamSpec(f"dust:{place}", kind.DUST, {"account": place}) for place in _DUST_ACCOUNTS),
        StreamSpec("flexible-in", kind.TRANSFERS, {"product": "flexible"}),
        StreamSpec("flexible-out", kind.TRANSFERS, {"product": "flexible"}),
        StreamSpec("locked-in", kind.TRANSFERS, {"product": "locked"}),
        StreamSpec("locked-out", kind.TRANSFERS, {"product": "locked"}),
        StreamSpec("flexible-rewards", kind.REWARDS, {"product": "flexible"}),
        StreamSpec("payments:buy", kind.CONVERSIONS, {"type": "0"}),
        StreamSpec("payments:sell", kind.CONVERSIONS, {"type": "1"}),
        StreamSpec("pay", kind.TRANSFERS),
    ]


def plan_last() -> list[StreamSpec]:
    """Return the streams of bank money: one page weighs half of what a minute allows.

    As a sweep: while they bring nothing new they are asked once a day.
    """
    return [
        StreamSpec("bank-in", RecordKind.DEPOSITS, {"type": "0", "sweep": "yes"}),
        StreamSpec("bank-out", RecordKind.WITHDRAWALS, {"type": "1", "sweep": "yes"}),
    ]


_DUST_ACCOUNTS = ("SPOT", "MARGIN")
_rows, _data = listed("rows"), listed("data", total=False)
_bank_pages: dict[str, Any] = {
    "start_parameter": "beginTime",
    "end_parameter": "endTime",
    "limit_parameter": "rows",
    "page_parameter": "page",
    "overlap": 14 * DAY,  # their state changes
}


def _of_type(stream: StreamSpec) -> dict[str, Any]:
    return {"transactionType": stream.scope["type"]}


def _earn(family: str, call: Any, ident: str, normalise: Any) -> StreamRule:
    return StreamRule(
        family=family,
        kind=RecordKind.TRANSFERS,
        call=call,
        strategy=numbered(_QUARTER, _EARN_OPENED),
        read=_rows,
        external_id=field(ident),
        occurred_at=moment("time"),
        normalise=normalise,
        overlap=DAY,
        refused_codes=REFUSED,
        refused=REFUSAL,
    )


def _bank(family: str, kind: RecordKind) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=BANK,
        strategy=windows(90, 500, _BANK_OPENED, **_bank_pages),
        read=_data,
        external_id=field("orderNo"),
        occurred_at=moment("createTime"),
        normalise=normalisers.bank,
        overlap=14 * DAY,
        parameters=_of_type,
        refused_codes=REFUSED,
        refused=REFUSAL,
    )


STREAMS = (
    _earn("flexible-in", FLEXIBLE_IN, "purchaseId", normalisers.subscription),
    _earn("flexible-out", FLEXIBLE_OUT, "redeemId", normalisers.redemption),
    _earn("locked-in", LOCKED_IN, "purchaseId", normalisers.subscription),
    _earn("locked-out", LOCKED_OUT, "redeemId", normalisers.redemption),
    StreamRule(
        family="flexible-rewards",
        kind=RecordKind.REWARDS,
        call=FLEXIBLE_REWARDS,
        strategy=numbered(_QUARTER, _EARN_OPENED),
        read=_rows,
        external_id=lambda row: normalisers.reward_id(row.value),
        occurred_at=moment("time"),
        normalise=normalisers.reward,
        overlap=DAY,
        parameters=lambda stream: {"type": "REALTIME"},
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    StreamRule(
        family="conversions",
        kind=RecordKind.CONVERSIONS,
        call=CONVERSIONS,
        strategy=windows(30, 1000, _CONVERT_OPENED),
        read=listed("list", total=False),
        external_id=field("orderId"),
        occurred_at=moment("createTime"),
        normalise=normalisers.conversion,
        overlap=DAY,
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    StreamRule(
        family="dust",
        kind=RecordKind.DUST,
        call=DUST,
        strategy=windows(30, 100, _DUST_KEPT, limit_parameter=""),
        read=listed("userAssetDribblets", total=False),
        external_id=field("transId"),
        occurred_at=moment("operateTime"),
        normalise=normalisers.dust,
        overlap=DAY,
        parameters=lambda stream: {"accountType": stream.scope["account"]},
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    _bank("bank-in", RecordKind.DEPOSITS),
    _bank("bank-out", RecordKind.WITHDRAWALS),
    StreamRule(
        family="payments",
        kind=RecordKind.CONVERSIONS,
        call=PAYMENTS,
        strategy=windows(90, 500, _BANK_OPENED, **_bank_pages),
        read=_data,
        external_id=field("orderNo"),
        occurred_at=moment("createTime"),
        normalise=normalisers.payment,
        overlap=14 * DAY,
        parameters=_of_type,
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
    StreamRule(
        family="pay",
        kind=RecordKind.TRANSFERS,
        call=PAY,
        strategy=windows(90, 100, _EARN_OPENED, retention=_PAY_KEPT, asks_beyond=True),
        read=_data,
        external_id=field("transactionId"),
        occurred_at=moment("transactionTime"),
        normalise=normalisers.pay,
        overlap=DAY,
        refused_codes=REFUSED,
        refused=REFUSAL,
    ),
)
