"""An exchange in the place of the gateway, whose answers a test decides, even while it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition
from portfolio.exchanges.types import Page, PermissionAudit, StreamSpec, Verdict

Answer = Callable[[], Any]


def audit(verdict: Verdict = Verdict.READ_ONLY, *, uid: str = "uid-1") -> PermissionAudit:
    """What an exchange says of a key."""
    dangerous = {Verdict.CAN_WITHDRAW: ("withdraw",), Verdict.CAN_TRADE: ("trade",)}
    return PermissionAudit(
        verdict=verdict,
        permissions=("read", *dangerous.get(verdict, ())),
        dangerous=dangerous.get(verdict, ()),
        ip_restricted=None,
        ip_allowlist=(),
        created_at=None,
        expires_at=None,
        account_uid=uid,
    )


@dataclass
class Exchange:
    """A client whose answers are values, errors to raise, or calls that give either."""

    permissions: Any = None
    balance: Any = field(default_factory=list)
    open_positions: Any = None
    streams: list[StreamSpec] = field(
        default_factory=lambda: [StreamSpec("ledger", RecordKind.LEDGER)]
    )
    pages: Callable[[StreamSpec, dict[str, Any], datetime], Any] = lambda s, c, now: last_page(now)
    closed: int = 0

    def audit(self) -> PermissionAudit:
        found: PermissionAudit = _given(self.permissions or audit())
        return found

    def balances(self) -> list[ReportedBalance]:
        found: list[ReportedBalance] = _given(self.balance)
        return found

    def positions(self) -> list[ReportedPosition] | None:
        found: list[ReportedPosition] | None = _given(self.open_positions)
        return found

    def plan_streams(
        self, *, known_assets: frozenset[str], leads: Iterable[str] = ()
    ) -> list[StreamSpec]:
        return self.streams

    def fetch_page(self, stream: StreamSpec, cursor: dict[str, Any], *, now: datetime) -> Page:
        page: Page = _given(self.pages(stream, cursor, now))
        return page

    def close(self) -> None:
        self.closed += 1


def _given(answer: Any) -> Any:
    if callable(answer):
        answer = answer()
    if isinstance(answer, BaseException):
        raise answer
    return answer


def last_page(now: datetime, *records: Any, covered: Any = None) -> Page:
    """A page after which there is nothing more."""
    return Page(tuple(records), {"v": 1}, is_last=True, covered=covered, endpoint="GET /records")
