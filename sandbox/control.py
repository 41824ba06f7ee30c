"""The control plane: health, statements, faults, counts of requests, new records."""

from collections import Counter
from typing import Any

from sandbox.exchanges.base import Account, Exchange
from sandbox.faults import KINDS, Faults, UnknownFault
from sandbox.http import BadParameters, Request, Response, json_response

PREFIX = "/__sandbox__/"


class RequestLog:
    """How often each path was asked, and with which status."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str, int, bool]] = Counter()

    def add(self, exchange: str, request: Request, path: str, status: int, write: bool) -> None:  # noqa: FBT001
        """Count one request; a status of 0 means that it got no answer."""
        self._counts[exchange, request.method, path, status, write] += 1

    def listed(self, exchange: str) -> dict[str, Any]:
        """Counts of one exchange, or of all, and how many requests wanted to change something."""
        names = ("exchange", "method", "path", "status", "write")
        rows = [
            dict(zip(names, key, strict=True)) | {"count": count}
            for key, count in sorted(self._counts.items())
            if exchange in ("", key[0])
        ]
        return {
            "requests": rows,
            "total": sum(row["count"] for row in rows),
            "writes": sum(row["count"] for row in rows if row["write"]),
        }

    def clear(self) -> None:
        """Start counting anew."""
        self._counts.clear()


class Control:
    """Answers below ``/__sandbox__``."""

    def __init__(self, faults: Faults, log: RequestLog, exchanges: list[Exchange]) -> None:
        self._faults, self._log, self._exchanges = faults, log, exchanges
        self._accounts: dict[str, Account] = {}
        for exchange in exchanges:
            self._accounts |= exchange.accounts()

    def answer(self, request: Request, now_ms: int) -> Response:
        """Answer a request of a test or a person."""
        words = request.path.removeprefix(PREFIX).strip("/").split("/")
        try:
            match (request.method, words):
                case ("GET", ["health"]):
                    return json_response({"status": "ok", "accounts": sorted(self._accounts)})
                case ("GET", ["accounts"]):
                    return json_response(sorted(self._accounts))
                case (_, ["accounts", name, what]) if name in self._accounts:
                    return self._account(request, name, what, now_ms)
                case (_, ["faults", *rest]):
                    return self._faulty(request, rest)
                case (_, ["requests"]):
                    return self._requests(request)
                case ("DELETE", ["limits"]):
                    for exchange in self._exchanges:
                        exchange.forget_limits()
                    return json_response({})
        except (BadParameters, UnknownFault) as error:
            return json_response({"detail": str(error)}, 400)
        return json_response({"detail": "There is nothing here."}, 404)

    def _account(self, request: Request, name: str, what: str, now_ms: int) -> Response:
        account = self._accounts[name]
        if (request.method, what) == ("GET", "statement"):
            return json_response({"positions": [], **account.statement()})
        if (request.method, what) == ("POST", "advance"):
            records = request.json().get("records", 4)
            if not isinstance(records, int) or not 1 <= records <= 1_000:
                raise BadParameters("records must be a number from 1 to 1000")
            account.live_on(records, now_ms)
            return json_response({"positions": [], **account.statement()})
        return json_response({"detail": "There is nothing here."}, 404)

    def _faulty(self, request: Request, rest: list[str]) -> Response:
        match (request.method, rest):
            case ("GET", []):
                return json_response({"faults": self._faults.listed(), "kinds": KINDS})
            case ("POST", []):
                return json_response({"id": self._faults.add(request.json()).id}, 201)
            case ("DELETE", []):
                return json_response({"removed": self._faults.remove()})
            case ("DELETE", [number]) if number.isdigit():
                return json_response({"removed": self._faults.remove(int(number))})
        return json_response({"detail": "There is nothing here."}, 404)

    def _requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._log.clear()
        return json_response(self._log.listed(request.params.get("exchange", "")))
