"""Demo keys in the form of Coinbase's Developer Platform: a name, and an EC key on P-256 as PEM."""

import hashlib
import uuid
from collections.abc import Callable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_ORGANISATION = uuid.uuid5(uuid.NAMESPACE_URL, "https://sandbox.example.org/coinbase")


def credentials(purpose: str, text: Callable[[str], str]) -> dict[str, str]:
    """The same key for a purpose each time; it opens nothing outside the sandbox."""
    name = uuid.uuid5(_ORGANISATION, text("public"))
    return {
        "apiKey": f"organizations/{_ORGANISATION}/apiKeys/{name}",
        "secret": _pem(text("private")),
    }


def _pem(seed: str) -> str:
    number = int.from_bytes(hashlib.sha512(seed.encode()).digest()) % (_ORDER - 1) + 1
    return (
        ec.derive_private_key(number, ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )
