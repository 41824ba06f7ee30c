"""Keys as OKX writes them: an id, a secret of 32 characters and a passphrase of one's own."""

import hashlib
from collections.abc import Callable
from uuid import UUID

# An account that traded before what OKX still serves: its ledger cannot agree, and must say so.
PURPOSES = {"read-only-older": ("older", frozenset[str]())}


def credentials(purpose: str, text: Callable[[str], str]) -> dict[str, str]:
    """The three parts by ccxt's names."""
    digests = {part: hashlib.sha256(text(part).encode()).hexdigest() for part in ("key", "secret")}
    return {
        "apiKey": str(UUID(digests["key"][:32])),
        "secret": digests["secret"][:32].upper(),
        "password": f"Pass-{text('passphrase')[:12]}",
    }
