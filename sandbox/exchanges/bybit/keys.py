"""Bybit's keys are shorter than most: 18 and 36 letters and digits."""

from collections.abc import Callable


def credentials(purpose: str, text: Callable[[str], str]) -> dict[str, str]:
    """The demo credentials of a purpose, by ccxt's names."""
    return {"apiKey": text("public")[:18], "secret": text("private")[:36]}
