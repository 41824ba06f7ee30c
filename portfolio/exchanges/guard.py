"""The one way out to an exchange: what is not on its list of reads never leaves this process.

Two locks lie on it. ``fetch2`` is the single road of every ccxt call, unified or implicit, to a
signature: there (section, method, path) must be on the read list. ``fetch`` is the single road to
the network: there the address must belong to the exchange, and redirects are not followed.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import ccxt
import requests
import urllib3

from portfolio.exchanges.errors import WriteRefused
from portfolio.exchanges.whole import Whole

_SILENT = logging.getLogger("portfolio.exchanges.silenced")
_SILENT.disabled = True
ANSWER_WITHIN_MS = 20_000  # from a request to the end of its answer
_PIECE = 65_536
_TALKATIVE = ("ccxt", "ccxt.base.exchange", "urllib3.connectionpool", "requests", "http.client")


class Gate(Protocol):
    """Who decides what passes and hears what came back."""

    def admit(self, section: str, method: str, path: str) -> None: ...
    def admit_url(self, method: str, url: str) -> None: ...
    def heard(self, status: int, headers: Mapping[str, str], body: str) -> None: ...
    def parse(self, text: str) -> Any: ...


class _Muted(logging.Filter):
    """Lets nothing through: what these loggers print are addresses, headers and signatures."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


_MUTED = _Muted()


def mute_libraries() -> None:
    """Keep ccxt, requests and urllib3 from printing what they send."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_MUTED)


class _NoRedirects(requests.Session):
    """A session that stops at the first redirect; nothing is sent to where it points.

    An answer must be whole in time: the time-out of requests is of each piece of it, so that an
    exchange that sends a byte now and then would hold a worker for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = 0
        self.trust_env = False  # no proxy, and no .netrc, from the environment

    def send(self, request: Any, **kwargs: Any) -> requests.Response:
        """Send and read it all. May raise any RequestException."""
        until = time.monotonic() + ANSWER_WITHIN_MS / 1000
        response = super().send(request, **{**kwargs, "stream": True})
        response._content = b"".join(_pieces(response, until))
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def _pieces(response: requests.Response, until: float) -> Iterator[bytes]:
    """The body as it comes in. May raise ReadTimeout, ConnectionError, ContentDecodingError."""
    while piece := _piece(response):
        if time.monotonic() > until:
            response.close()
            raise requests.exceptions.ReadTimeout("the answer did not end in time")
        yield piece


def _piece(response: requests.Response) -> bytes:
    """What there is of the body now, as ``iter_content`` would translate what goes wrong."""
    try:
        return bytes(response.raw.read1(_PIECE, decode_content=True))
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(error) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise requests.exceptions.ConnectionError(error) from error


def _no_gate(*_: object) -> Any:
    raise WriteRefused("Coffer refuses requests that no read list allows.")


class _Closed:
    """The gate of an instance that was given none: nothing passes."""

    admit = admit_url = heard = parse = staticmethod(_no_gate)


def section_of(api: object) -> str:
    """Return ccxt's name of a group of endpoints; nested ones are joined by dots."""
    return ".".join(api) if isinstance(api, list | tuple) else str(api)


class Locked:
    """Both locks, before a ccxt class."""

    _gate: Gate = _Closed()

    def fetch2(
        self,
        path: str,
        api: object = "public",
        method: str = "GET",
        params: Any = None,
        config: Any = None,
    ) -> Any:
        """Sign and send what the read list allows. May raise WriteRefused."""
        self._gate.admit(section_of(api), method, path)
        return super().fetch2(path, api, method, params or {}, config or {})  # type: ignore[misc]

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """Send to an address of the exchange's own. May raise WriteRefused."""
        self._gate.admit_url(method, url)
        return super().fetch(url, method, headers, body)  # type: ignore[misc]

    def on_rest_response(
        self, code: int, reason: str, url: str, method: str, headers: Any, body: str, *_: Any
    ) -> str:
        """Let the gate hear every answer as it came."""
        text = body.strip()
        self._gate.heard(code, headers, text)
        return text

    def on_json_response(self, text: str) -> Any:
        """Read an answer as the gate does: with exact numbers."""
        return self._gate.parse(text)


class ByTheirClock:
    """The exchange's clock in what is signed, before a ccxt class that has no way to set it."""

    options: dict[str, Any]

    def seconds(self) -> int:
        """The time for those that sign with seconds (ccxt corrects only milliseconds)."""
        ahead = self.options.get("timeDifference") or 0
        return int(super().seconds()) - int(ahead) // 1000  # type: ignore[misc]

    def milliseconds(self) -> int:
        """The time for those that sign with it."""
        ahead = self.options.get("timeDifference") or 0
        shift = self.options.get("millisecondsMinusTimeDifference")
        return int(super().milliseconds()) - (int(ahead) if shift else 0)  # type: ignore[misc]

    def nonce(self) -> Any:
        """The time for those that number their requests by it."""
        number = super().nonce()  # type: ignore[misc]
        shift = self.options.get("nonceMinusTimeDifference")
        return number - self.options.get("timeDifference", 0) if shift else number


@functools.cache
def guarded_class(exchange: str) -> type[Any]:
    """Return ccxt's class of ``exchange`` with both locks on. May raise KeyError."""
    if exchange not in ccxt.exchanges:
        raise KeyError(exchange)
    mute_libraries()
    base: type[Any] = getattr(ccxt, exchange)

    return type(exchange, (Locked, ByTheirClock, Whole, base), {})


def make_instance(
    exchange: str, gate: Gate, credentials: Mapping[str, str], options: Mapping[str, Any]
) -> Any:
    """Return a ready instance: exact numbers, no retries, no limiter, no logs of its own."""
    instance = guarded_class(exchange)(
        {
            **credentials,
            "number": str,
            "enableRateLimit": False,
            "timeout": ANSWER_WITHIN_MS,
            "verbose": False,
            "logger": _SILENT,
            "session": _NoRedirects(),
            "options": {"maxRetriesOnFailure": 0, **options},
        }
    )
    instance._gate = gate
    return instance


def add_sections(instance: Any, urls: Mapping[str, str]) -> None:
    """Let ``instance`` know of parts of the exchange's own address that ccxt's table lacks.

    They pass the same locks: only listed reads, only addresses that are the exchange's already.
    May raise ValueError for a section that ccxt has, or an address elsewhere.
    """
    known, table = origins(instance), instance.urls["api"]
    for name, url in urls.items():
        split = urlsplit(url)
        if name in table or f"{split.scheme}://{split.netloc}" not in known:
            raise ValueError(f"{name} is not a new part of the exchange's own address")
    instance.urls = {**instance.urls, "api": {**table, **urls}}


def point_at(instance: Any, base_url: str) -> None:
    """Send everything to ``base_url`` (which may have a path), each path staying as it is."""
    base = base_url.rstrip("/")

    def moved(leaf: Any) -> Any:
        if isinstance(leaf, dict):
            return {name: moved(value) for name, value in leaf.items()}
        if isinstance(leaf, str):
            path = urlsplit(leaf.replace("{hostname}", "host")).path
            return base + path
        return leaf

    instance.urls = {**instance.urls, "api": moved(instance.urls["api"])}


def origins(instance: Any) -> frozenset[str]:
    """Return the addresses (scheme, host, port) that ``instance`` may speak to."""
    found: set[str] = set()

    def collect(leaf: Any) -> None:
        if isinstance(leaf, dict):
            for value in leaf.values():
                collect(value)
        elif isinstance(leaf, str):
            split = urlsplit(instance.implode_params(leaf, {"hostname": instance.hostname}))
            found.add(f"{split.scheme}://{split.netloc}")

    collect(instance.urls["api"])
    return frozenset(found)
