"""Coinbase's errors: a list of ids on the older API, one word on the brokerage, or bare text."""

from sandbox.http import Response, json_response


class CoinbaseError(Exception):
    """Refuses a request; which words it takes depends on the API that was asked."""

    def __init__(
        self, status: int, word: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.word, self.message = status, word, message
        self.headers = headers or {}

    def response(self, path: str) -> Response:
        """The error as Coinbase sends it."""
        if self.word == "unauthorized":
            return Response(401, b"Unauthorized\n", {"Content-Type": "text/plain"})
        if path.startswith("/v2/"):
            body: object = {"errors": [{"id": self.word, "message": self.message}]}
        else:
            word = _BROKERAGE_WORDS.get(self.word, self.word.upper())
            body = {"error": word, "error_details": self.message, "message": self.message}
        return json_response(body, self.status, self.headers)


_BROKERAGE_WORDS = {
    "invalid_scope": "PERMISSION_DENIED",
    "rate_limit_exceeded": "RESOURCE_EXHAUSTED",
    "internal_server_error": "UNAVAILABLE",
    "invalid_request": "INVALID_ARGUMENT",
}


def unauthorized() -> CoinbaseError:
    """A token that is missing, wrong, too old, or from an address the key is not bound to."""
    return CoinbaseError(401, "unauthorized", "Unauthorized")


def missing_right() -> CoinbaseError:
    """A key that may not do this."""
    return CoinbaseError(403, "invalid_scope", "Missing required scopes")


def not_found() -> CoinbaseError:
    """No such account, product or path."""
    return CoinbaseError(404, "not_found", "Not found")


def invalid(message: str) -> CoinbaseError:
    """A parameter that cannot be read or is out of bounds."""
    return CoinbaseError(400, "invalid_request", message)
