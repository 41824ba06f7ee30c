"""Keys of Kraken Futures: base64 of 42 and of 64 bytes."""

import base64
import hashlib
from collections.abc import Callable


def credentials(purpose: str, text: Callable[[str], str]) -> dict[str, str]:
    """The demo credentials of a purpose, by ccxt's names."""
    public, private = (hashlib.sha512(text(part).encode()).digest() for part in _PARTS)
    return {
        "apiKey": base64.b64encode(public[:42]).decode(),
        "secret": base64.b64encode(private).decode(),
    }


_PARTS = ("public", "private")
