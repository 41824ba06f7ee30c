"""Serves small exchanges by the first part of the path, and can be told to fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One request; ``path`` is what follows the exchange's own part, ``query`` as it was sent."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True)
class Refusal(Exception):
    """An answer that is not the one that was wanted."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Exchange(Protocol):
    """Answers what it understands. May raise Refusal."""

    def answer(self, request: Request) -> Any: ...


Trouble = Callable[[Request, int], Refusal | None]


class Served:
    """The exchanges by name, and what was asked of them."""

    def __init__(self, exchanges: Mapping[str, Exchange]) -> None:
        self._exchanges = exchanges
        self._lock = threading.Lock()
        self.troubles: list[Trouble] = []
        self.asked: list[tuple[str, Request]] = []
        self.refused: list[int] = []

    def reply(self, name: str, request: Request) -> tuple[int, Any, Mapping[str, str]]:
        """Return status, body and headers of one answer."""
        with self._lock:
            self.asked.append((name, request))
            try:
                for trouble in self.troubles:
                    refusal = trouble(request, len(self.asked))
                    if refusal is not None:
                        raise refusal
                if name not in self._exchanges:
                    raise Refusal(404, {"error": "no such exchange"})
                return 200, self._exchanges[name].answer(request), {}
            except Refusal as refusal:
                self.refused.append(refusal.status)
                return refusal.status, refusal.body, refusal.headers


@contextmanager
def serving(exchanges: Mapping[str, Exchange]) -> Iterator[tuple[str, Served]]:
    """Serve for the time of the block; gives the address and what is served."""
    served = Served(exchanges)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            split = urlsplit(self.path)
            _, name, *rest = split.path.split("/")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            told = {key.lower(): value for key, value in self.headers.items()}
            request = Request(self.command, "/" + "/".join(rest), split.query, body, told)
            status, answer, headers = served.reply(name, request)
            data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
