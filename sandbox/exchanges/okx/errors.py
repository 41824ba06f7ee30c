"""OKX's errors: a code and words, mostly with a status of their own."""

from sandbox.http import Response, json_response


class OkxError(Exception):
    """Refuses a request with OKX's words."""

    def __init__(self, code: int, words: str, status: int = 200) -> None:
        super().__init__(words)
        self.code, self.words, self.status = code, words, status

    def response(self) -> Response:
        """The error as OKX sends it."""
        body = {"code": str(self.code), "data": [], "msg": self.words}
        return json_response(body, self.status)


def refused(code: int, words: str) -> OkxError:
    """A request that fails at the door."""
    return OkxError(code, words, 401)


def wrong(name: str) -> OkxError:
    """A parameter that cannot be read or is not allowed."""
    return OkxError(51000, f"Parameter {name} error", 400)


def missing(name: str) -> OkxError:
    """A parameter that must be there."""
    return OkxError(50014, f"Parameter {name} can not be empty.", 400)


def too_many() -> OkxError:
    """More than an endpoint allows."""
    return OkxError(50011, "Too Many Requests", 429)
