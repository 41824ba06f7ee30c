"""What Binance's lists below /sapi have in common: windows of time, pages, weights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.paging import TimeWindows
from portfolio.exchanges.profile import Allowance, Call, RawPage

SAPI = "/sapi/v1"
DAY = timedelta(days=1)
# Where a key cannot see one kind of record, the key itself is fine: it has shown its balances.
REFUSED = frozenset({"-2015"})
REFUSAL = "Binance does not let this key read these records."
# The same of a whole account, or its endpoint is gone: the other wallets are of use without it.
ABSENT = frozenset({"-3999", "404", "410"}) | REFUSED


def sapi(path: str, *, method: str = "GET", ip: int = 0, uid: int = 0) -> Call:
    """A read below /sapi with its weight by address or by account, counted for it alone."""
    return Call("sapi", method, path, {f"sapi {path}": ip or uid}, SAPI)


def by_address(*calls: Call) -> tuple[Allowance, ...]:
    """What may be asked of each of these endpoints from one address: 12,000 a minute."""
    return tuple(
        Allowance(name, 12000, period=60, used_header="X-SAPI-USED-IP-WEIGHT-1M")
        for call in calls
        for name in call.costs
    )


def by_account(*calls: Call) -> tuple[Allowance, ...]:
    """What may be asked of each of these endpoints of one account: 180,000 a minute."""
    header = "X-SAPI-USED-UID-WEIGHT-1M"
    return tuple(
        Allowance(name, 180000, period=60, per_account=True, used_header=header)
        for call in calls
        for name in call.costs
    )


def listed(*path: str, total: bool = True) -> Callable[[str], RawPage]:
    """Make a reader of the records at ``path``."""

    def read(text: str) -> RawPage:
        count = exact.loads(text).get("total") if total else None
        return RawPage(exact.elements(text, *path), total=int(count or 0) if total else None)

    return read


def field(name: str) -> Callable[[Slice], str]:
    """Make a reader of a record's id."""
    return lambda row: str(row.value[name])


def moment(name: str) -> Callable[[Slice], datetime]:
    """Make a reader of a record's time."""
    return lambda row: at_ms(row.value[name])


def windows(days: int, limit: int, floor: datetime, **more: Any) -> TimeWindows:
    """Walk by ``startTime`` and ``endTime``, a day read again each time; ``more`` overrides."""
    settings: dict[str, Any] = {
        "overlap": DAY,
        "start_parameter": "startTime",
        "end_parameter": "endTime",
        "limit_parameter": "limit",
        **more,
    }
    window = timedelta(days=days)
    return TimeWindows(limit=limit, window=window, floor=floor, **settings)


def numbered(days: int, floor: datetime, **more: Any) -> TimeWindows:
    """Walk by windows whose pages of 100 have numbers."""
    paged: dict[str, Any] = {"limit_parameter": "size", "page_parameter": "current"}
    return windows(days, 100, floor, **{**paged, **more})
