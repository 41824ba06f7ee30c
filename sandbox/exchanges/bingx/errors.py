"""BingX's error answers, in its own words; all of them come with HTTP 200."""

from sandbox.http import Response, json_response


class BingXError(Exception):
    """Refuses a request with BingX's code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def response(self, now_ms: int) -> Response:
        """The error as BingX sends it."""
        body = {"code": self.code, "msg": self.message, "success": False, "timestamp": now_ms}
        return json_response(body)


def incorrect_key() -> BingXError:
    """An unknown or expired key."""
    return BingXError(100413, "Incorrect apiKey, please check your valid api key")


def foreign_address(peer: str) -> BingXError:
    """A key that is bound to other addresses."""
    text = f"your current request IP {peer} does not match IP whitelist"
    return BingXError(100419, f"{text}, please go to https://bingx.com/en/account/api/ to verify")


def not_permitted() -> BingXError:
    """The key lacks a right."""
    return BingXError(100004, "Permission denied as the API key was created without the permission")


def wrong_time() -> BingXError:
    """No timestamp, or one too far from BingX's clock."""
    return BingXError(100421, "Null timestamp or timestamp mismatch")


def too_often(until_ms: int) -> BingXError:
    """Over the limit of an endpoint."""
    text = (
        "code:100410:The endpoint trigger frequency limit rule is currently in the disabled period "
        f"and will be unblocked after {until_ms}"
    )
    return BingXError(100410, text)


def bad_parameter(name: str) -> BingXError:
    """A parameter that must be there is not, or cannot be read."""
    return BingXError(100400, f"miss arguments, err:Key: '{name}' invalid")


def bad_symbol() -> BingXError:
    """Not a pair's name."""
    return BingXError(100400, "invalid symbol, send symbol like BTC-USDT")


def no_funds() -> BingXError:
    """What a write is answered with by a key that may write: nothing ever changes here."""
    return BingXError(100202, "Insufficient assets")
