"""Kraken's errors: plain words in a list, always with HTTP 200."""

from sandbox.http import Response, json_response


class KrakenError(Exception):
    """Refuses a request with Kraken's words."""

    def response(self) -> Response:
        """The error as Kraken sends it."""
        return json_response({"error": [str(self)]})


def invalid_arguments(name: str = "") -> KrakenError:
    """A parameter that is missing or cannot be read."""
    return KrakenError("EGeneral:Invalid arguments" + (f":{name}" if name else ""))
