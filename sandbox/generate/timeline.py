"""Things that happen, in the order of time; one event may plan later ones."""

import heapq
from collections.abc import Callable

Event = Callable[[int], None]


class Timeline:
    """Runs events by time; events of one moment run in the order they were planned."""

    def __init__(self) -> None:
        self._events: list[tuple[int, int, Event]] = []
        self._planned = 0

    def plan(self, time_ms: int, event: Event) -> None:
        """Let an event happen; it is called with its time in milliseconds."""
        heapq.heappush(self._events, (time_ms, self._planned, event))
        self._planned += 1

    def run(self) -> None:
        """Let everything happen that was planned, and what it plans in turn."""
        while self._events:
            time_ms, _, event = heapq.heappop(self._events)
            event(time_ms)
