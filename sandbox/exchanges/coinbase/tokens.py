"""The bearer tokens of requests: JWT signed with ES256, good for one method and path."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sandbox.http import Request

LIFE = 120  # seconds
ISSUERS = ("cdp", "coinbase-cloud")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was sent; nothing of it is checked yet."""

    head: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def key_name(self) -> str:
        """The key that it says it was signed with."""
        return str(self.head.get("kid", ""))


def read(request: Request) -> Token | None:
    """The token of a request, if it has one that can be read."""
    word, _, text = request.headers.get("authorization", "").partition(" ")
    parts = text.split(".")
    if word != "Bearer" or len(parts) != 3:
        return None
    try:
        head, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (binascii.Error, ValueError):
        return None
    if not isinstance(head, dict) or not isinstance(claims, dict):
        return None
    return Token(head, claims, f"{parts[0]}.{parts[1]}".encode(), signature)


def is_good(token: Token, request: Request, secret: str, now_ms: int) -> bool:
    """Whether it was signed with the key, is of now, and was made for this very request."""
    return (
        token.head.get("alg") == "ES256"
        and bool(token.head.get("nonce"))
        and token.claims.get("sub") == token.key_name
        and token.claims.get("iss") in ISSUERS
        and _is_of_now(token.claims, now_ms)
        and _is_for(token.claims, request)
        and _is_signed(token, secret)
    )


def _is_of_now(claims: Mapping[str, Any], now_ms: int) -> bool:
    begin, end = claims.get("nbf"), claims.get("exp")
    if not isinstance(begin, int) or not isinstance(end, int):
        return False
    return begin * 1000 <= now_ms < end * 1000 and end - begin <= LIFE


def _is_for(claims: Mapping[str, Any], request: Request) -> bool:
    """Method, host and path; ccxt takes only https:// off, so plain http may stand there here."""
    method, _, place = str(claims.get("uri", "")).partition(" ")
    host = request.headers.get("host", "")
    return (method, place.removeprefix("http://")) == (request.method, f"{host}{request.path}")


def _is_signed(token: Token, secret: str) -> bool:
    if len(token.signature) != 64:
        return False
    r, s = (int.from_bytes(half) for half in (token.signature[:32], token.signature[32:]))
    try:
        _public(secret).verify(encode_dss_signature(r, s), token.signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@cache
def _public(secret: str) -> ec.EllipticCurvePublicKey:
    key = serialization.load_pem_private_key(secret.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("a demo key is not on a curve")
    return key.public_key()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
