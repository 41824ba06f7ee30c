"""Two alike rows without an id of the file's are two transactions."""

from __future__ import annotations

from portfolio.engine.types import RecordKind
from portfolio.exchanges.types import StreamSpec
from portfolio.imports import bodies, registry
from portfolio.imports.format import Entry, Reading, Row
from portfolio.models import RawRecord, Stream
from portfolio.services import booking


def test_the_records_own_id_names_what_the_file_has_no_id_of() -> None:
    known = registry.by_id("binance-statement")
    cells = {"UTC_Time": "2024-03-01 10:00:00", "Account": "Spot", "Operation": "Deposit",
             "Coin": "BTC", "Change": "1"}  # fmt: skip
    body = bodies.encoded(known, Entry((Row(2, cells),)), Reading())
    spec = StreamSpec("import:binance-statement", RecordKind.IMPORT)
    stream = Stream(key=spec.key)
    keys = set()
    for external_id in ("same", "same-2"):
        event = booking.read(
            "binance", spec, RawRecord(stream=stream, external_id=external_id, body=body)
        )
        assert event is not None
        keys.add(event.key)
    assert keys == {"import:binance-statement:same", "import:binance-statement:same-2"}
