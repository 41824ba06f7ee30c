"""What Bitget's keys look like: ``bg_`` and 32 hexadecimal digits, a secret, a passphrase."""

import hashlib
from collections.abc import Callable


def credentials(purpose: str, text: Callable[[str], str]) -> dict[str, str]:
    """By ccxt's names of the fields."""

    def digits(part: str, count: int) -> str:
        return hashlib.sha256(text(part).encode()).hexdigest()[:count]

    return {
        "apiKey": f"bg_{digits('public', 32)}",
        "secret": digits("private", 64),
        "password": f"Sandbox{digits('password', 12)}",
    }
