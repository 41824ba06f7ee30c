"""Every way an exchange can fail us, named by what is to be done about it."""

from __future__ import annotations

from datetime import datetime


class GatewayError(Exception):
    """Base of all: ``message`` is for people, plain words without secrets or URLs."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code  # the exchange's own error code, where it gave one
        self.caller = ""  # the address that the exchange says the request came from


class TryAgain(GatewayError):
    """A passing fault (network, 5xx, maintenance, cut-off answer): again with backoff."""


class NotAnswering(TryAgain):
    """The exchange has failed others here too: left alone until ``until``, then tried by one."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message, code="circuit")
        self.until = until


class WaitUntil(GatewayError):
    """The request budget is used up or the exchange asked to wait: not before ``until``."""

    def __init__(self, message: str, *, until: datetime, code: str = "") -> None:
        super().__init__(message, code=code)
        self.until = until


class KeyBroken(GatewayError):
    """This key does not work (wrong, expired, other address, revoked): tell its owner and stop."""


class StreamUnavailable(GatewayError):
    """This kind of record is not to be had here (no permission, no such wallet, not served)."""


class EndpointGone(StreamUnavailable):
    """The address itself is no longer served, or not from here: nothing about the key."""


class WriteRefused(GatewayError):
    """Coffer itself refused a request that is not on the exchange's list of reads."""
