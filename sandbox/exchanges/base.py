"""What every exchange is given and must answer."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeVar

from sandbox.faults import Fault
from sandbox.generate.world import World
from sandbox.http import Request, Response
from sandbox.statement import Statement

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an exchange: its path below the exchange's prefix, the time there, faults."""

    request: Request
    path: str
    now_ms: int
    faults: Mapping[str, Fault]

    @property
    def params(self) -> dict[str, str]:
        """Query and body parameters. May raise BadParameters."""
        return self.request.params

    def punctual(self, rows: Iterable[tuple[str, int, Row]]) -> list[Row]:
        """Rows given as (id, time in ms, row) without those that a fault withholds."""
        rows = self._still_there(list(rows))
        late = self.faults.get("late_records")
        if late is None:
            return [row for _, _, row in rows]
        every = max(late.option("every_record", 5), 1)
        since = self.now_ms - late.option("hours", 24 * 365 * 20) * 3_600_000
        return [
            row
            for name, time_ms, row in rows
            if time_ms < since or zlib.crc32(name.encode()) % every
        ]

    def _still_there(self, rows: list[tuple[str, int, Row]]) -> list[tuple[str, int, Row]]:
        """Without the newest rows, where a fault takes them away; rows of one name go together."""
        fault = self.faults.get("vanished_records")
        if fault is None:
            return rows
        newest = sorted(rows, key=lambda row: row[1])[-fault.option("rows", 1) :]
        gone = {name for name, _, _ in newest}
        return [row for row in rows if row[0] not in gone]

    def page(self, rows: Sequence[Row], start: int, limit: int) -> list[Row]:
        """One page; a fault lets pages after the first repeat rows of the page before."""
        back = min(self.overlap, start)
        return list(rows[start - back : start - back + limit])

    @property
    def overlap(self) -> int:
        """How many rows pages repeat."""
        fault = self.faults.get("duplicate_pages")
        return fault.option("rows", 5) if fault else 0


@dataclass(frozen=True, slots=True)
class Account:
    """One demo account, as the control plane knows it."""

    statement: Callable[[], Statement]
    live_on: Callable[[int, int], None]  # (number of events, time in ms): adds new records


class Exchange(Protocol):
    """One stand-in exchange."""

    id: str

    def __init__(self, world: World, speed: Fraction) -> None: ...

    def accounts(self) -> dict[str, Account]:
        """The demo accounts by name."""

    def account_of(self, request: Request) -> str:
        """The account that a request's key belongs to, or nothing; checks nothing."""

    def writes(self, method: str, path: str) -> bool:
        """Whether a path changes something; such requests are counted apart."""

    def answer(self, call: Call) -> Response:
        """Answer a request as the exchange would."""

    def forget_limits(self) -> None:
        """Start counting requests anew and lift bans."""
