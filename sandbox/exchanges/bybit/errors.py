"""Bybit's error answers: a code and words, mostly with HTTP 200."""

from sandbox.http import Response, json_response


class BybitError(Exception):
    """Refuses a request with Bybit's code and message."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def response(self, now_ms: int) -> Response:
        """The error as Bybit sends it."""
        return json_response(envelope({}, now_ms, self.code, self.message), self.status)


def envelope(result: object, now_ms: int, code: int = 0, message: str = "OK") -> dict[str, object]:
    """What is around every answer."""
    return {
        "retCode": code,
        "retMsg": message,
        "result": result,
        "retExtInfo": {},
        "time": now_ms,
    }


def wrong(name: str) -> BybitError:
    """A parameter that is missing or outside of what is taken."""
    return BybitError(10001, f"Request parameter error: {name}.")


def denied() -> BybitError:
    """The key lacks a right."""
    return BybitError(10005, "Permission denied, please check your API key permissions.")
