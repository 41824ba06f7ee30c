"""HTTP/1.1 with keep-alive over threads; stops cleanly on SIGTERM and SIGINT."""

import logging
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from sandbox.app import Sandbox
from sandbox.http import Request, Response
from sandbox.options import Options

log = logging.getLogger(__name__)
LARGEST_BODY = 1_000_000
PIECES = 10  # of an answer that drips


class Server(ThreadingHTTPServer):
    """Listens and hands every request to the sandbox."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options: Options, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        super().__init__((options.host, options.port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave before their answer is sent are none of our troubles."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Turns HTTP into requests of the sandbox and its answers back."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 75
    disable_nagle_algorithm = True
    # Head and body leave in one packet: apart, each answer would wait for the client's ack.
    wbufsize = -1

    def do_GET(self) -> None:
        """Any method goes the same way."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.send_error(413)
            return
        target = urlsplit(self.path)
        request = Request(
            self.command,
            target.path,
            target.query,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            self.client_address[0],
        )
        self._send(self.server.sandbox.answer(request))

    do_POST = do_PUT = do_DELETE = do_GET

    def _send(self, response: Response) -> None:
        if response.drop:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body) + response.missing))
        self.end_headers()
        if response.missing:
            self.close_connection = True
        if response.reset:
            self._reset(response.body)
        elif response.pause:
            self._drip(response)
        else:
            self.wfile.write(response.body)
            self.wfile.flush()

    def _reset(self, body: bytes) -> None:
        """Send half of it, then end the connection by a RST instead of a FIN."""
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.connection.close()
        self.close_connection = True

    def _drip(self, response: Response) -> None:
        size = max(len(response.body) // PIECES, 1)
        with suppress(OSError):  # whoever asked may have left
            for start in range(0, len(response.body), size):
                self.wfile.write(response.body[start : start + size])
                self.wfile.flush()
                time.sleep(response.pause)
            return
        self.close_connection = True

    def version_string(self) -> str:
        """What stands in the Server header."""
        return "sandbox"

    def log_message(self, format: str, *args: object) -> None:
        """Requests are counted by the control plane; paths carry signatures, so none is logged."""


def serve(options: Options) -> None:
    """Answer until told to stop. May raise OSError if the address is taken."""
    server = Server(options, Sandbox(options))

    def stop(signal_number: int, frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread runs.
        Thread(target=server.shutdown).start()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    host, port = server.server_address[:2]
    print(f"Sandbox exchanges on http://{host!s}:{port}", flush=True)  # noqa: T201
    with server:
        server.serve_forever(poll_interval=0.1)
