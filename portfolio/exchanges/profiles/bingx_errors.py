"""What BingX's error codes mean; nearly all come with HTTP 200."""

from __future__ import annotations

from datetime import timedelta

from portfolio.exchanges import exact
from portfolio.exchanges.profile import CodeRule, Treatment


def error_code(text: str) -> str:
    """Return the code of ``{"code": 100001, ...}``, or "" for none or success.

    Two codes have two meanings each; the words beside them tell which.
    """
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    if not isinstance(answer, dict) or answer.get("code") in (None, 0, "0"):
        return ""
    code, words = str(answer["code"]), str(answer.get("msg") or "").lower()
    if code == "100421" and "restricted" in words:
        return "100421-pair"
    if code == "100400" and "symbol" in words:
        return "100400-symbol"
    return code


REJECTED = (
    "BingX does not accept this key: it is wrong, expired or deleted, or bound to another IP "
    "address."
)
_FORBIDDEN = "BingX does not let this key read these records."
_NO_PAIR = "BingX does not know this pair."
_SLOWER = "BingX asks us to slow down."
_BUSY = "BingX is busy."
_ASKED = "BingX does not accept what was asked for."
_FIVE_MINUTES = timedelta(minutes=5)
CODES = {
    "100001": CodeRule(Treatment.KEY, "BingX finds the signature wrong: check the secret key."),
    "100412": CodeRule(Treatment.KEY, "BingX finds the signature wrong: check the secret key."),
    "100413": CodeRule(Treatment.KEY, REJECTED),
    "100419": CodeRule(Treatment.KEY, REJECTED),
    "100414": CodeRule(Treatment.KEY, "BingX has restricted this account: ask its support."),
    "100441": CodeRule(Treatment.KEY, "BingX has restricted this account: ask its support."),
    "100421": CodeRule(Treatment.CLOCK, "The clocks of this server and of BingX differ."),
    "100410": CodeRule(Treatment.WAIT, _SLOWER, _FIVE_MINUTES),
    "109429": CodeRule(Treatment.WAIT, _SLOWER, _FIVE_MINUTES),
    "100004": CodeRule(Treatment.STREAM, _FORBIDDEN),
    "80020": CodeRule(Treatment.STREAM, _FORBIDDEN),
    "100204": CodeRule(Treatment.STREAM, _ASKED),
    "100400": CodeRule(Treatment.STREAM, _ASKED),
    "109400": CodeRule(Treatment.STREAM, _ASKED),
    "80014": CodeRule(Treatment.STREAM, _ASKED),
    "100400-symbol": CodeRule(Treatment.STREAM, _NO_PAIR),
    "100421-pair": CodeRule(Treatment.STREAM, _NO_PAIR),
    "100490": CodeRule(Treatment.STREAM, _NO_PAIR),
    "100202": CodeRule(Treatment.AGAIN, _BUSY),  # of reads: "the current system is busy"
    "80012": CodeRule(Treatment.AGAIN, _BUSY),
    "100500": CodeRule(Treatment.AGAIN, _BUSY),
    "100503": CodeRule(Treatment.AGAIN, _BUSY),
    "109500": CodeRule(Treatment.AGAIN, _BUSY),
}
