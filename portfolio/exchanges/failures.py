"""One translation of everything that can go wrong into ``errors``; texts are for people.

The HTTP status decides first, then the exchange's own code, then the class of ccxt's exception:
ccxt maps some statuses to misleading classes, and its texts hold addresses and signatures, which
is why nothing of them is passed on.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from portfolio.exchanges.errors import (
    EndpointGone,
    GatewayError,
    KeyBroken,
    NotAnswering,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.profile import CodeRule, Treatment

REPEATED = "page"  # the code of a page that came twice
_BAN = timedelta(minutes=2)
_BLOCK = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_NO_RETRY = {404, 405, 410}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status, headers (any case) and text. None of it is shown to people."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, as the error to raise, and what else follows from it."""

    error: GatewayError
    treatment: Treatment


def from_status(name: str, reply: Reply, code: str, now: datetime) -> Failure | None:
    """Return what the HTTP status alone decides, or None."""
    status = reply.status
    if status in (418, 429):
        until = retry_at(reply.headers, now) or now + (_BAN if status == 418 else _MINUTE)
        text = "has banned this server for a while" if status == 418 else "asks us to slow down"
        return Failure(
            WaitUntil(f"{name} {text}.", until=until, code=code or str(status)),
            Treatment.WAIT_ALL,
        )
    if status >= 500:
        return _again(f"{name} has a fault of its own (HTTP {status}).", code or str(status))
    if 300 <= status < 400:
        return _again(f"{name} sent us to another address, which Coffer does not follow.", "3xx")
    if code:
        return None
    if status == 403:
        until = retry_at(reply.headers, now) or now + _BLOCK
        text = f"{name} blocks requests from this server (HTTP 403)."
        return Failure(WaitUntil(text, until=until, code="403"), Treatment.WAIT_ALL)
    if status == 401:
        return Failure(
            KeyBroken(f"{name} does not accept this key (HTTP 401).", code="401"), Treatment.KEY
        )
    if status == 451:
        return _gone(f"{name} does not serve the country this server is in.", "451")
    if status in _NO_RETRY:
        return _gone(f"{name} no longer serves this (HTTP {status}).", str(status))
    return None


def from_code(code: str, find: Callable[[str], CodeRule | None], now: datetime) -> Failure | None:
    """Return what the exchange's own error code decides, or None where it is not known."""
    rule = find(code) if code else None
    return _by_rule(rule, code, now) if rule else None


def _by_rule(rule: CodeRule, code: str, now: datetime) -> Failure:
    error: GatewayError
    if rule.treatment in (Treatment.WAIT, Treatment.WAIT_ALL):
        error = WaitUntil(rule.message, until=now + rule.wait, code=code)
    elif rule.treatment in (Treatment.KEY, Treatment.KEY_OR_CLOCK):
        error = KeyBroken(rule.message, code=code)
    elif rule.treatment is Treatment.STREAM:
        error = StreamUnavailable(rule.message, code=code)
    else:
        error = TryAgain(rule.message, code=code)
    return Failure(error, rule.treatment)


# By ccxt's class names, nearest ancestor first; for exchanges without a profile, and for faults
# of the network, where there is no answer to look at.
_CLASSES: Mapping[str, tuple[Treatment, str]] = {
    "TooManyRedirects": (
        Treatment.AGAIN,
        "{} sent us to another address, which Coffer does not follow.",
    ),
    "SSLError": (Treatment.AGAIN, "No secure connection to {} could be made."),
    "InvalidNonce": (Treatment.NONCE, "{} takes the request for a repeated or late one."),
    "RateLimitExceeded": (Treatment.WAIT_ALL, "{} asks us to slow down."),
    "DDoSProtection": (Treatment.WAIT_ALL, "{} asks us to slow down."),
    "RequestTimeout": (Treatment.AGAIN, "{} did not answer in time."),
    "OnMaintenance": (Treatment.AGAIN, "{} is under maintenance."),
    "ExchangeNotAvailable": (Treatment.AGAIN, "{} is not available."),
    "BadResponse": (Treatment.AGAIN, "{} gave an answer that cannot be read."),
    "NullResponse": (Treatment.AGAIN, "{} gave an empty answer."),
    "NetworkError": (Treatment.AGAIN, "{} cannot be reached."),
    "PermissionDenied": (Treatment.STREAM, "{} does not let this key read these records."),
    "AccountNotEnabled": (Treatment.STREAM, "This kind of account was never opened at {}."),
    "AccountSuspended": (Treatment.KEY, "{} has suspended this account."),
    "AuthenticationError": (Treatment.KEY, "{} does not accept this key."),
    "RestrictedLocation": (Treatment.STREAM, "{} does not serve the country this server is in."),
    "ArgumentsRequired": (Treatment.STREAM, "{} cannot be asked for this without more details."),
    "NotSupported": (Treatment.STREAM, "{} does not serve this."),
    "BadSymbol": (Treatment.STREAM, "{} does not know this pair."),
    "BadRequest": (Treatment.STREAM, "{} does not accept what was asked for."),
}


def before_sending(name: str, error: BaseException) -> Failure | None:
    """Return what went wrong where no request was made and the error is none of ccxt's own.

    A value that cannot be used to sign is the key's fault, anything else ours or ccxt's.
    """
    if any(ancestor.__name__ == "BaseError" for ancestor in type(error).__mro__):
        return None
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, ValueError | LookupError) and any(f.name == "sign" for f in frames):
        text = f"This key does not have the form that {name} uses: check what was pasted."
        return Failure(KeyBroken(text, code="form"), Treatment.KEY)
    text = f"The request to {name} could not be made: this version of Coffer has a fault there."
    return _again(text, "unsent")


_HIDDEN = ("TooManyRedirects", "SSLError")


def from_class(name: str, error: BaseException, code: str, now: datetime) -> Failure:
    """Return what the class of ccxt's exception says; one that says nothing is tried again."""
    cause = type(error.__cause__).__name__  # ccxt hides these two behind a plain ExchangeError
    ancestors = [ancestor.__name__ for ancestor in type(error).__mro__]
    for known in [cause, *ancestors] if cause in _HIDDEN else ancestors:
        if known in _CLASSES:
            treatment, text = _CLASSES[known]
            return _by_rule(CodeRule(treatment, text.format(name)), code or known, now)
    shown = f" (code {code})" if code else ""
    return _again(f"{name} refused with an error that Coffer does not know{shown}.", code)


def unreadable(name: str) -> TryAgain:
    """Return the error for an answer that was cut off or is of a shape nobody expects."""
    return TryAgain(f"{name} gave an answer that cannot be read.", code="unreadable")


def not_answering(name: str, until: datetime) -> NotAnswering:
    """Return the error for an exchange that answers nobody here."""
    return NotAnswering(
        f"{name} is not answering; it is tried again at {until:%H:%M:%S} UTC.", until=until
    )


def repeated(name: str) -> TryAgain:
    """Return the error for a page that came twice where another should have come."""
    text = f"{name} gave the same page twice, so what follows is not known."
    return TryAgain(text, code=REPEATED)


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return the moment that ``Retry-After`` names (seconds or an HTTP date), or None."""
    text = str(headers.get("Retry-After", "")).strip()
    if text.isdigit():
        return now + timedelta(seconds=min(int(text), 30 * 86400))
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def _again(message: str, code: str) -> Failure:
    return Failure(TryAgain(message, code=code), Treatment.AGAIN)


def _gone(message: str, code: str) -> Failure:
    return Failure(EndpointGone(message, code=code), Treatment.STREAM)
