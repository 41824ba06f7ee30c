"""Bitget's errors: a code as text and a message, mostly with HTTP 400."""

from sandbox.http import Response, json_response


class BitgetError(Exception):
    """Refuses a request with Bitget's code and words."""

    def __init__(
        self, code: str, message: str, status: int = 400, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.retry_after = retry_after

    def response(self, now_ms: int) -> Response:
        """The error as Bitget sends it."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        body = {"code": self.code, "msg": self.message, "requestTime": now_ms, "data": None}
        return json_response(body, self.status, headers)


def empty(name: str) -> BitgetError:
    """A parameter that must be there."""
    return BitgetError("40019", f"Parameter {name} cannot be empty")


def wrong(name: str) -> BitgetError:
    """A parameter that cannot be read."""
    return BitgetError("40020", f"Parameter {name} error")
