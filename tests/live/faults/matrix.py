"""The faults, as data: what is switched on in the sandbox, where, and what must come of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tests.live.faults.places import PLACES, Places

PAGE = 10  # rows in a page during these tests, so that little accounts have many pages


class Expect(enum.StrEnum):
    """What must come of a fault while it lasts; afterwards the ledger equals the statement."""

    READ = "read all the same"
    RETRY = "tried again later, in words"
    WAIT = "waited out, nothing asked meanwhile"
    TELL = "the owner is told, nothing asked meanwhile"
    REFUSE = "the key is refused, its owner told"
    ABSENT = "that stream: not served; the others go on"
    FAILED = "that stream: failed, said so; the others go on"
    UNREADABLE = "record kept and marked as unreadable, nothing booked of it"
    KEPT = "record kept and booked as it stands"
    OTHER = "record kept, of no known kind"
    NEXT = "completed by the next round"


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the matrix.

    ``wish`` is what the sandbox is asked for; ``role`` names the field of the exchange's rows that
    it strikes. ``only`` says where it makes sense; ``instead`` what is expected elsewhere.
    """

    name: str
    expect: Expect
    wish: Mapping[str, int | str] = field(default_factory=dict)
    role: str = ""
    of_stream: bool = False  # strikes the path of one stream only
    wait: timedelta | None = None
    hides: bool = False  # the exchange shows less than there is: nobody can know
    address: str = ""  # instead of the sandbox's: a port or a scheme that nobody serves
    hurried: bool = False  # Coffer waits for an answer a second only
    many: bool = False  # so much has happened on the account before that there are several pages
    not_at: frozenset[str] = frozenset()
    instead: Mapping[str, Expect] = field(default_factory=dict)

    def expected(self, exchange: str) -> Expect | None:
        """What must come of it there; None where such a thing cannot be."""
        return None if exchange in self.not_at else self.instead.get(exchange, self.expect)

    def wished(self, exchange: str) -> dict[str, int | str]:
        """What the sandbox is asked for; nothing where the fault is on our side."""
        if not self.wish:
            return {}
        places = PLACES[exchange]
        wish = {**self.wish, "exchange": exchange}
        if self.of_stream:
            wish["path"] = places.records
        if self.role:
            at = places.fields[self.role]
            wish |= {"path": at.path, "field": at.name}
        if wish.get("value") == "ODD":
            wish["value"] = places.odd_kind
        return _in_its_words(wish, places)


def _in_its_words(wish: dict[str, int | str], places: Places) -> dict[str, int | str]:
    if wish.get("body") == "REFUSED":
        status, body = places.refused
        return {**wish, "body": body, "status": status}
    if wish.get("body") == "NONCE":
        status, body = places.nonce
        return {**wish, "body": body, "status": status}
    return wish


def _status(status: int, **more: int | str) -> dict[str, int | str]:
    return {"kind": "server_error", "status": status, **more}


def _row(value: str) -> dict[str, int | str]:
    return {"kind": "altered_rows", "value": value, "every_record": 2}


def _kind(name: str, **more: int | str) -> dict[str, int | str]:
    return {"kind": name, **more}


_NO_FEE_ASSET = frozenset(name for name, at in PLACES.items() if "fee_asset" not in at.fields)

OUTAGES = (
    *(
        Fault(f"HTTP {status}", Expect.RETRY, _status(status))
        for status in (500, 502, 503, 504, 520)
    ),
    Fault("HTTP 429", Expect.WAIT, _status(429), wait=timedelta(seconds=60)),
    Fault(
        "HTTP 429 with Retry-After",
        Expect.WAIT,
        _status(429, retry_after=97),
        wait=timedelta(seconds=97),
    ),
    Fault(
        "HTTP 418 with Retry-After",
        Expect.WAIT,
        _status(418, retry_after=300),
        wait=timedelta(seconds=300),
    ),
    Fault("HTTP 403, a firewall's page", Expect.WAIT, _status(403), wait=timedelta(minutes=5)),
    Fault("over the limit, in its own words", Expect.WAIT, _kind("rate_limit", seconds=97)),
    Fault("maintenance", Expect.RETRY, _kind("maintenance")),
    Fault("HTTP 451 for everything", Expect.RETRY, _status(451)),
    Fault("HTTP 404 for everything", Expect.RETRY, _status(404)),
    Fault("redirect to another host", Expect.RETRY, _status(302, location="https://example.org/")),
    Fault("connection refused", Expect.RETRY, address="http://127.0.0.1:9"),
    Fault("TLS where there is none", Expect.RETRY, address="https"),
    Fault("no answer in time", Expect.RETRY, _kind("timeout", seconds=2), hurried=True),
    Fault("closed without an answer", Expect.RETRY, _kind("timeout", seconds=0)),
    Fault("done, but the answer is lost", Expect.RETRY, _kind("lost_answer")),
    Fault(
        "done, but no answer in time", Expect.RETRY, _kind("lost_answer", seconds=2), hurried=True
    ),
    Fault("connection reset within the answer", Expect.RETRY, _kind("reset")),
    Fault("connection closed within the answer", Expect.RETRY, _kind("short_body")),
    Fault("slow drip", Expect.READ, _kind("slow_drip", pause_ms=5)),
    Fault("drip without end", Expect.RETRY, _kind("slow_drip", pause_ms=300), hurried=True),
    Fault("broken gzip", Expect.RETRY, _kind("broken_gzip")),
    Fault("HTML for JSON", Expect.RETRY, _kind("html")),
    Fault("cut JSON", Expect.RETRY, _kind("cut_json")),
    Fault("empty body", Expect.RETRY, _kind("empty_body")),
    Fault("JSON null", Expect.RETRY, _kind("json_null")),
    Fault("wrong content type", Expect.READ, _kind("wrong_type")),
    Fault("very large page", Expect.READ, _kind("large_page", megabytes=4), of_stream=True),
    Fault("clock ahead by 60 s", Expect.READ, _kind("clock_skew", seconds=60)),
    Fault("clock behind by 60 s", Expect.READ, _kind("clock_skew", seconds=-60)),
    Fault(
        "nonce or timestamp refused once",
        Expect.READ,
        _kind("answer", body="NONCE", times=1),
        of_stream=True,
    ),
    Fault("every seventh request fails", Expect.READ, _status(503, every=7)),
)

KEYS = (
    Fault("key expired", Expect.TELL, _kind("key_expired")),
    Fault("key deleted", Expect.TELL, _kind("key_deleted")),
    Fault("address not allowed", Expect.TELL, _kind("address_refused")),
    Fault("rights widened", Expect.REFUSE, _kind("rights_widened")),
    Fault("a right taken away", Expect.ABSENT, _kind("answer", body="REFUSED"), of_stream=True),
)

STREAMS = (
    Fault("HTTP 404 for one stream", Expect.ABSENT, _status(404), of_stream=True),
    Fault("HTTP 410 for one stream", Expect.ABSENT, _status(410), of_stream=True),
    Fault("HTTP 451 for one stream", Expect.ABSENT, _status(451), of_stream=True),
    Fault("HTTP 500 for one stream", Expect.FAILED, _status(500), of_stream=True),
    Fault("redirect for one stream", Expect.FAILED, _status(301), of_stream=True),
    Fault("cut JSON for one stream", Expect.FAILED, _kind("cut_json"), of_stream=True),
)

PAGES = (
    Fault(
        "empty page in the middle",
        Expect.READ,
        _kind("empty_page", after_full=PAGE, times=2),
        of_stream=True,
        many=True,
    ),
    Fault(
        "page repeated once",
        Expect.READ,
        _kind("repeated_page", times=2),
        of_stream=True,
        many=True,
    ),
    Fault(
        "page that never ends",
        Expect.FAILED,
        _kind("repeated_page"),
        of_stream=True,
        many=True,
        # Stretches of time without pages in them: what is not of the stretch claims nothing.
        instead={"bitget": Expect.NEXT},
    ),
    Fault("pages overlap", Expect.READ, _kind("duplicate_pages", rows=3), many=True),
    Fault("rows out of order", Expect.READ, _kind("unordered_rows"), of_stream=True, many=True),
    Fault("rows twice in a page", Expect.READ, _kind("doubled_rows"), of_stream=True, many=True),
    Fault("many records of one moment", Expect.READ, many=True),
    Fault(
        "late rows",
        Expect.NEXT,
        _kind("late_records", hours=1, every_record=2),
        many=True,
        hides=True,
    ),
    Fault(
        "row vanished between pages",
        Expect.NEXT,
        _kind("vanished_records", every=2),
        many=True,
        hides=True,
    ),
)

RECORDS = (
    Fault("amount corrected later", Expect.KEPT, _row('"0.5"'), role="amount"),
    Fault("unknown asset", Expect.KEPT, _row('"NEVERHEARDOF"'), role="asset"),
    Fault("unknown record type", Expect.OTHER, {**_row("ODD"), "every_record": 1}, role="kind"),
    Fault(
        "unknown field",
        Expect.READ,
        {**_row('{"a":[1]}'), "field": "something_new"},
        of_stream=True,
    ),
    Fault("amount missing", Expect.UNREADABLE, _row(""), role="amount"),
    Fault("amount null", Expect.UNREADABLE, _row("null"), role="amount"),
    Fault("amount empty", Expect.UNREADABLE, _row('""'), role="amount"),
    Fault("amount NaN, bare", Expect.UNREADABLE, _row("NaN"), role="amount"),
    Fault("amount NaN, text", Expect.UNREADABLE, _row('"NaN"'), role="amount"),
    Fault("amount infinite", Expect.UNREADABLE, _row('"Infinity"'), role="amount"),
    Fault("amount 1e-18", Expect.KEPT, _row('"1e-18"'), role="amount"),
    Fault("amount 1e-18, bare", Expect.KEPT, _row("1e-18"), role="amount"),
    Fault("amount 1e30", Expect.KEPT, _row('"1e30"'), role="amount"),
    Fault("amount of 60 digits", Expect.UNREADABLE, _row('"' + "9" * 60 + '"'), role="amount"),
    Fault("amount negative zero", Expect.KEPT, _row('"-0"'), role="amount"),
    Fault(
        "fee in a third coin", Expect.KEPT, _row('"XRP"'), role="fee_asset", not_at=_NO_FEE_ASSET
    ),
    Fault("rebate", Expect.KEPT, _row('"-0.00123"'), role="fee"),
    Fault(
        "fee null", Expect.KEPT, _row("null"), role="fee", instead={"binance": Expect.UNREADABLE}
    ),
    # Kraken's rows stand under their ids; Bybit has rows without one, told apart by what they say.
    Fault(
        "id missing",
        Expect.FAILED,
        _row(""),
        role="identity",
        not_at=frozenset({"kraken", "bybit"}),
    ),
    Fault("time missing", Expect.FAILED, _row(""), role="moment"),
    Fault("time null", Expect.FAILED, _row("null"), role="moment"),
)

MATRIX = (*OUTAGES, *KEYS, *STREAMS, *PAGES, *RECORDS)
