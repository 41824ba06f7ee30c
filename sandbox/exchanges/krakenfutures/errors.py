"""Kraken Futures' errors: a word with HTTP 200 below /derivatives, HTTP codes elsewhere."""

from datetime import UTC, datetime

from sandbox.http import Response, json_response

UNAUTHORISED = "authenticationError"


class FuturesError(Exception):
    """Refuses a request with one of Kraken's words."""

    def __init__(self, word: str, status: int = 200) -> None:
        super().__init__(word)
        self.word, self.status = word, status

    def response(self, path: str, now_ms: int) -> Response:
        """The error as the part of the API that was asked sends it."""
        told: dict[str, object]
        if self.word == UNAUTHORISED and path.startswith("/api/auth/"):
            told = {"error": "UNAUTHORIZED", "message": "API key not found", "suberror": None}
        elif self.word == UNAUTHORISED and path.startswith("/api/"):
            told = {"status": "unauthorized", "reason": "api key not found"}
        else:
            told = {"result": "error", "error": self.word, "serverTime": iso(now_ms)}
        refused = self.word == UNAUTHORISED and path.startswith("/api/")
        return json_response(told, 401 if refused else self.status)


def invalid(name: str) -> FuturesError:
    """A parameter that cannot be read."""
    return FuturesError(f"invalidArgument: {name}")


def iso(ms: int) -> str:
    """A moment as Kraken Futures writes it."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"
