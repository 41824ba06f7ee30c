"""What the sandbox can be told from outside."""

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

DEFAULT_ANCHOR = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Options:
    """Address, pace and age of the sandbox. ``speed`` multiplies every rate limit.

    ``pairs`` are listed at Binance in addition, so that the list is as long as the real one.
    """

    host: str = "127.0.0.1"
    port: int = 8090
    speed: Fraction = Fraction(1)
    anchor: datetime = DEFAULT_ANCHOR
    pairs: int = 0

    @property
    def anchor_ms(self) -> int:
        """The end of the generated history, in milliseconds."""
        return int(self.anchor.timestamp()) * 1000
