"""Binance's error answers, in its own words."""

from sandbox.http import Response, json_response


class BinanceError(Exception):
    """Refuses a request with Binance's code and message."""

    def __init__(
        self, code: int, message: str, status: int = 400, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.retry_after = retry_after

    def response(self) -> Response:
        """The error as Binance sends it."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return json_response({"code": self.code, "msg": self.message}, self.status, headers)


def missing(name: str) -> BinanceError:
    """A parameter that must be there is not, or cannot be read."""
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return BinanceError(-1102, text)


def not_allowed() -> BinanceError:
    """Unknown key, foreign address or missing permission: Binance does not say which."""
    return BinanceError(-2015, "Invalid API-key, IP, or permissions for action.", 401)


def invalid_symbol() -> BinanceError:
    """No such pair."""
    return BinanceError(-1121, "Invalid symbol.")


def invalid_data(name: str) -> BinanceError:
    """A value outside of what the parameter takes."""
    return BinanceError(-1130, f"Data sent for parameter '{name}' is not valid.")
