"""Secrets of second steps, sealed at rest: what apps and recovery codes are worked out from.

The cipher is that of stored exchange keys (AES-CBC with an HMAC), under a key of its own that is
derived from CREDENTIALS_KEY: what opens one does not open the other. The hooks of django-allauth
name no row, so a sealed value is bound to none.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django_cryptography.core.signing import FernetSigner
from django_cryptography.utils.crypto import FernetBytes

# No secret of django-allauth begins so: they are base 32, hexadecimal, or digits.
_MARK = "sealed:1:"


class FactorUnreadable(Exception):
    """CREDENTIALS_KEY is not the one that a second step was sealed under."""


def seal(text: str) -> str:
    """Encrypts a secret; what is sealed stays as it is."""
    if text.startswith(_MARK):
        return text
    sealed = bytes(_cipher().encrypt(text.encode()))
    return _MARK + base64.urlsafe_b64encode(sealed).decode()


def opened(text: str) -> str:
    """Decrypts a secret; one from before they were sealed is itself. May raise FactorUnreadable."""
    if not text.startswith(_MARK):
        return text
    try:
        return bytes(_cipher().decrypt(base64.urlsafe_b64decode(text[len(_MARK) :]))).decode()
    except Exception:
        # The library raises many kinds; none may carry a part of the secret any further.
        raise FactorUnreadable(
            "A second step cannot be decrypted: CREDENTIALS_KEY has changed. Put the former one "
            "back, or remove the second steps (docs/operating.md)."
        ) from None


def sealed_data(data: dict[str, Any]) -> dict[str, Any]:
    """What django-allauth keeps of an app or of recovery codes, its secrets sealed."""
    return _each(data, seal)


def opened_data(data: dict[str, Any]) -> dict[str, Any]:
    """The same with its secrets in clear. May raise FactorUnreadable."""
    return _each(data, opened)


def _each(data: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    told = dict(data)
    for name in ("secret", "seed"):
        if name in told:
            told[name] = change(told[name])
    if "migrated_codes" in told:
        told["migrated_codes"] = [change(code) for code in told["migrated_codes"]]
    return told


def _cipher() -> FernetBytes:
    derived = HKDF(
        algorithm=hashes.SHA256(), length=64, salt=None, info=b"coffer second factors v1"
    ).derive(settings.CREDENTIALS_KEY.encode())
    return FernetBytes(derived[:32], FernetSigner(derived[32:]))
