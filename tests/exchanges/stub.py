"""A tiny HTTP server whose answers a test writes, and which remembers what it was asked."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    parameters: dict[str, str]
    headers: dict[str, str]
    body: str = ""


@dataclass(frozen=True)
class Reply:
    """One answer; ``cut`` sends only half of the body, ``wait`` seconds pass before it."""

    body: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0
    cut: bool = False


Answer = Reply | Callable[[Asked], Reply]


class Stub:
    """What the server answers by path, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._answers: dict[str, Answer] = {}

    def answers(self, path: str, answer: Answer | str) -> None:
        """Answer requests of ``path`` so from now on."""
        self._answers[path] = Reply(answer) if isinstance(answer, str) else answer

    def reply(self, asked: Asked) -> Reply:
        """Return the answer to one request; 404 for a path that nobody expected."""
        self.asked.append(asked)
        answer = self._answers.get(asked.path, Reply("not here", 404))
        return answer(asked) if callable(answer) else answer


@contextmanager
def running_stub() -> Iterator[Stub]:
    """Serve on a free port of this machine for the time of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    stub = Stub(f"http://127.0.0.1:{server.server_address[1]}")
    server.stub = stub  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one packet: two would wait for each other

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        parameters = dict(parse_qsl(split.query) + parse_qsl(body))
        asked = Asked(self.command, split.path, parameters, dict(self.headers), body)
        reply = self.server.stub.reply(asked)  # type: ignore[attr-defined]
        time.sleep(reply.wait)
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        data = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(data)))
        for name, value in reply.headers.items():
            if name != "Content-Type":
                self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # the client did not want to wait
            self.wfile.write(data[: len(data) // 2] if reply.cut else data)
        if reply.cut:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
