"""Damages files of every format, and looks that what reads them says so and nothing worse."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from portfolio.imports import detection, facts, reading, registry, tables
from portfolio.imports.format import ImportFormat, LeftOut, NotUnderstood, Reading
from portfolio.imports.limits import Limits
from portfolio.imports.reading import Source, Tally, Told
from portfolio.imports.tables import Place, Table
from tests.imports.books import ods, xlsx

SAMPLES = Path(__file__).parent.parent / "data" / "imports"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LIMITS = Limits()
# Cells that are not what they look like, or far from what was thought of.
ODD = (
    *("1e30", "-1e30", "1e-30", "1e999", "NaN", "Infinity", "-Infinity", "0x10", "1_000", "١٢٣"),
    *("", " ", "-", "--", "null", "'", '"', "\\", "\u202e", "\u00a0", "\ufeff", "🪙", "\x07"),
    *("=1+1", "+1", "@SUM(A1)", '=HYPERLINK("http://example.org")', "-2+3", "1,5", "1.234,56"),
    *("1,234.5", "(1)", "1 BTC", "BTC", "2099-01-01 00:00:00", "1900-01-01", "0000-00-00"),
    *("31/02/2024", "2024-13-45", "1700000000", "1700000000000", "99999999999999999999", "[]"),
    *("{}", '{"a": 1}', "[[[[", "BTC/", "/", "BTC-USDT-X", "9" * 400, "0." + "9" * 400, "x" * 500),
)


@dataclass(frozen=True)
class Sample:
    """A file that is fine, of one of the formats."""

    name: str
    data: bytes


@dataclass
class Seen:
    """What became of files, by the outcome; the slowest of them in seconds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_name: str = ""


def samples() -> list[Sample]:
    """The project's own sample files, and a few of them as workbooks."""
    found = [
        Sample(str(path.relative_to(SAMPLES)), path.read_bytes())
        for path in sorted(SAMPLES.rglob("*"))
        if path.suffix in (".csv", ".jsonl", ".tsv", ".xlsx", ".ods")
    ]
    return found + [_book(sample) for sample in found[:: max(1, len(found) // 12)]]


def _book(sample: Sample) -> Sample:
    lines = sample.data.decode("utf-8-sig").splitlines()[:12]
    cells = [list(line.split(",")) for line in lines]
    make, name = random.Random(sample.name).choice([(xlsx, "xlsx"), (ods, "ods")])
    sheet: list[Sequence[str | float]] = [[_printable(cell) for cell in row[:26]] for row in cells]
    return Sample(f"{sample.name}.{name}", make({"Sheet": sheet}))


def _printable(text: str) -> str:
    plain = "".join(letter for letter in text if letter.isprintable())
    return plain if not plain[:4].isdigit() else f" {plain}"


# --- Damage -----------------------------------------------------------------------------------


def damaged(sample: Sample, rng: random.Random) -> bytes:
    """The sample with one to three kinds of damage."""
    data = sample.data
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(_DAMAGES)(data, rng)
    return data


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _cut_start(data: bytes, rng: random.Random) -> bytes:
    return data[rng.randrange(len(data) + 1) :]


def _flip(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")


def _shuffle(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    rng.shuffle(lines)
    return b"\n".join(lines)


def _repeat(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    place = rng.randrange(len(lines))
    return b"\n".join([*lines[:place], *[lines[place]] * rng.randrange(2, 30), *lines[place:]])


def _drop(data: bytes, rng: random.Random) -> bytes:
    lines = _lines(data)
    return b"\n".join(line for line in lines if rng.random() > 0.2)


def _columns(data: bytes, rng: random.Random) -> bytes:
    """Columns in another order, or one of them gone, in the heading and all rows."""
    rows = [line.split(b",") for line in _lines(data)]
    width = len(rows[0])
    order = list(range(width))
    rng.shuffle(order)
    order = order[: rng.choice((width, max(1, width - 1)))]
    return b"\n".join(b",".join(row[place] for place in order if place < len(row)) for row in rows)


def _cell(data: bytes, rng: random.Random) -> bytes:
    rows = [line.split(b",") for line in _lines(data)]
    for _ in range(rng.randrange(1, 5)):
        row = rng.choice(rows)
        row[rng.randrange(len(row))] = rng.choice(ODD).encode()
    return b"\n".join(b",".join(row) for row in rows)


def _delimiter(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b",", rng.choice((b";", b"\t", b"|", b",,", b":", b"")))


def _ends(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"\x0b", b"\x00")))


def _encoding(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    name = rng.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1", "utf-7", "cp037"))
    return text.encode(name, "replace")


def _insert(data: bytes, rng: random.Random) -> bytes:
    what = (b'"', b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"'", b"=", b"\\", b'""', b"\n,")
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(what) * rng.randrange(1, 4) + data[place:]


def _huge(data: bytes, rng: random.Random) -> bytes:
    what = rng.choice((b"9", b"x", b",", b'"', b"1e9", b"\n", b"(", b"["))
    place = rng.randrange(len(data) + 1)
    return data[:place] + what * rng.choice((1000, 40_000, 300_000)) + data[place:]


def _zip(data: bytes, rng: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(rng.choice((1, 2, 60))):
            archive.writestr(f"{number}.csv", data[:2000])
    return packed.getvalue()


def _bomb(data: bytes, rng: random.Random) -> bytes:
    return _zip(data + b"0" * 8_000_000 + data, rng) if rng.random() < 0.05 else _zip(data, rng)


def _mixed(data: bytes, rng: random.Random) -> bytes:
    return data + rng.choice(samples_at_hand()).data


_AT_HAND: list[Sample] = []


def samples_at_hand() -> list[Sample]:
    """The samples, read once."""
    if not _AT_HAND:
        _AT_HAND.extend(samples())
    return _AT_HAND


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_cell, _cell, _cell, _cell, _cell, _cell, _columns, _columns, _cut, _cut_start, _flip),
    *(_shuffle, _repeat, _drop, _delimiter, _ends, _encoding, _insert, _huge, _zip, _bomb, _mixed),
)


# --- Judgement --------------------------------------------------------------------------------


def judge(data: bytes, rng: random.Random) -> str:
    """Reads a file as an import does; returns what became of it. Raises what a reader must not."""
    file = io.BytesIO(data)
    try:
        places = tables.places(file, LIMITS)
    except NotUnderstood as error:
        return _refused(error)
    return max((_judge_table(file, place, rng) for place in places[:3]), default="nothing")


def _judge_table(file: io.BytesIO, place: Place, rng: random.Random) -> str:
    try:
        with tables.opened(file, place, LIMITS) as table:
            detected = detection.detect(table, registry.formats())
            if not detected.formats:
                return "of no format"
            known = registry.by_id(rng.choice(detected.formats))
            return _judge_rows(table, detected, known, rng)
    except NotUnderstood as error:
        return _refused(error)


def _judge_rows(
    table: Table, detected: detection.Detected, known: ImportFormat, rng: random.Random
) -> str:
    layout, problems = detected.layout, list[NotUnderstood]()
    rows = tables.rows(table, layout, known, LIMITS, problems)
    told = facts.gathered(layout.heading, detected.preamble, rows)
    how = Reading(
        zone=told.zone or "Europe/Berlin",
        day_first=bool(told.day_first),
        decimal_comma=bool(told.decimal_comma),
        heading=layout.heading,
        settings={name: "EUR" for name in known.asks if name not in Reading.__slots__},
    )
    tally = Tally()
    found = list(reading.read(Source(table, layout, known, how, LIMITS), tally, now=NOW))
    assert all(str(problem) for problem in tally.problems)
    assert tally.wrong >= len(tally.problems)
    events = [each for each in found if isinstance(each, Told)]
    # A stored record says the same later as the file said.
    for each in events[:2]:
        assert registry.normalise(each.body) == each.event
    _account_for_all(tally, found)
    return "refused with its lines" if tally.wrong else "read"


def _account_for_all(tally: Tally, found: Sequence[Told | LeftOut]) -> None:
    if not tally.wrong:
        assert len(tally.told) == tally.rows, "a row was lost"


def _refused(error: NotUnderstood) -> str:
    assert str(error), "refused without a word"
    return "refused whole"


def run(number: int, seed: int) -> Seen:
    """Judges that many damaged files; a seed makes always the same. Raises at the first crash."""
    rng, seen = random.Random(seed), Seen()
    at_hand = samples_at_hand()
    for turn in range(number):
        sample = at_hand[turn % len(at_hand)]
        data = damaged(sample, rng)
        begun = time.perf_counter()
        try:
            outcome = judge(data, rng)
        except Exception as error:
            error.add_note(f"{sample.name}, turn {turn} of seed {seed}: {data[:3000]!r}")
            raise
        spent = time.perf_counter() - begun
        seen.outcomes[outcome] += 1
        if spent > seen.slowest:
            seen.slowest, seen.slowest_name = spent, sample.name
    return seen
