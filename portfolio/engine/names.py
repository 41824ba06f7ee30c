"""Names that come from outside, made to fit where they are kept."""

from __future__ import annotations

import hashlib

_MARK = 12


def fit(text: str, limit: int) -> str:
    """The same text, or, where it is longer than ``limit``, its beginning and a mark of the rest.

    Different texts stay different; NUL characters, which PostgreSQL cannot keep, are written out.
    """
    clean = text.replace("\x00", "\\0")
    if len(clean) <= limit:
        return clean
    digest = hashlib.sha256(clean.encode()).hexdigest()[:_MARK]
    return f"{clean[: limit - _MARK - 1]}~{digest}"
