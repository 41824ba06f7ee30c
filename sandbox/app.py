"""The sandbox as a whole: finds the exchange, lets faults strike, counts, answers."""

import time
from threading import RLock

from sandbox import exchanges, outages
from sandbox.control import PREFIX, Control, RequestLog
from sandbox.exchanges.base import Call, Exchange
from sandbox.faults import Faults
from sandbox.generate import crowd, world
from sandbox.http import BadParameters, Request, Response, html_response, json_response
from sandbox.options import Options
from sandbox.rows import RowTroubles


class Sandbox:
    """All exchanges and the control plane behind one address."""

    def __init__(self, options: Options) -> None:
        if options.pairs:
            crowd.list_more(options.pairs)
        made = world.build(options.anchor_ms)
        self._exchanges: dict[str, Exchange] = {
            cls.id: cls(made, options.speed) for cls in exchanges.classes()
        }
        self._faults, self._log = Faults(), RequestLog()
        self._rows = RowTroubles()
        self._control = Control(self._faults, self._log, list(self._exchanges.values()))
        # Records and balances are read and written by many threads; one at a time is enough.
        self._lock = RLock()

    def answer(self, request: Request) -> Response:
        """Answer any request."""
        now_ms = time.time_ns() // 1_000_000
        if request.path.startswith(PREFIX):
            with self._lock:
                return self._control.answer(request, now_ms)
        name, _, rest = request.path.lstrip("/").partition("/")
        exchange = self._exchanges.get(name)
        if exchange is None:
            return html_response(404, "Not Found")
        return self._exchange(exchange, request, f"/{rest}", now_ms)

    def _exchange(self, exchange: Exchange, request: Request, path: str, now_ms: int) -> Response:
        with self._lock:
            faults = self._faults.strike(exchange.id, exchange.account_of(request), path)
        if "clock_skew" in faults:
            now_ms += faults["clock_skew"].option("seconds", 0) * 1000
        response = outages.in_front(faults)
        if response is None:
            with self._lock:
                response = _answer(exchange, Call(request, path, now_ms, faults))
                self._rows.spoil(request, response, faults)
        outages.spoil(response, faults)
        status = 0 if response.drop else response.status
        with self._lock:
            self._log.add(exchange.id, request, path, status, exchange.writes(request.method, path))
        return response


def _answer(exchange: Exchange, call: Call) -> Response:
    try:
        return exchange.answer(call)
    except BadParameters as error:
        return json_response({"error": str(error)}, 400)
