"""Sealing of credentials: encrypted under CREDENTIALS_KEY, bound to the row they belong to.

django-cryptography's model field pickles its values and knows one key for all rows; so its cipher
(AES-CBC with an HMAC, ``FernetBytes``) is used directly, on JSON, under a key derived from
CREDENTIALS_KEY and the row's id: a sealed value copied to another row cannot be opened there.
"""

from __future__ import annotations

import json
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django_cryptography.core.signing import FernetSigner
from django_cryptography.utils.crypto import FernetBytes


class CredentialsUnreadable(Exception):
    """The sealed value does not belong to this row, or CREDENTIALS_KEY is not the one it had."""


def seal(values: dict[str, str], *, row: uuid.UUID) -> bytes:
    """Encrypts credentials for one row."""
    text = json.dumps(values, separators=(",", ":"), sort_keys=True)
    return bytes(_cipher(row).encrypt(text.encode()))


def open_sealed(sealed: bytes | memoryview, *, row: uuid.UUID) -> dict[str, str]:
    """Decrypts credentials; for workers only. May raise CredentialsUnreadable."""
    try:
        text = _cipher(row).decrypt(bytes(sealed))
        values: dict[str, str] = json.loads(text)
    except Exception:
        # The library raises many kinds; none may carry a part of the secret any further.
        raise CredentialsUnreadable(
            "The stored key cannot be decrypted: CREDENTIALS_KEY has changed, or the row was "
            "tampered with. Put the former CREDENTIALS_KEY back, or replace the key."
        ) from None
    return values


def _cipher(row: uuid.UUID) -> FernetBytes:
    derived = HKDF(
        algorithm=hashes.SHA256(), length=64, salt=row.bytes, info=b"coffer credentials v1"
    ).derive(settings.CREDENTIALS_KEY.encode())
    return FernetBytes(derived[:32], FernetSigner(derived[32:]))
