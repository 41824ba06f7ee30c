"""The markets of an exchange, loaded once and shared by all workers."""

from __future__ import annotations

import zlib
from typing import Any, Protocol

_LIFETIME = 12 * 60 * 60  # seconds


class MarketCache(Protocol):
    """Where the list of an exchange's markets is kept, as JSON text."""

    def get(self, exchange: str) -> str | None: ...
    def set(self, exchange: str, text: str) -> None: ...


class RedisMarketCache:
    """Markets in Redis, compressed, for twelve hours. ``client`` must not decode responses."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, exchange: str) -> str | None:
        """Return the text kept for ``exchange``, or None."""
        kept = self._client.get(f"markets:{exchange}")
        return zlib.decompress(kept).decode() if kept else None

    def set(self, exchange: str, text: str) -> None:
        """Keep ``text`` for ``exchange``."""
        self._client.set(f"markets:{exchange}", zlib.compress(text.encode()), ex=_LIFETIME)


class LocalMarketCache:
    """Markets in this process only."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, exchange: str) -> str | None:
        """Return the text kept for ``exchange``, or None."""
        return self._kept.get(exchange)

    def set(self, exchange: str, text: str) -> None:
        """Keep ``text`` for ``exchange``."""
        self._kept[exchange] = text
