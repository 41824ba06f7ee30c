"""python -m bench.targets: the targets of exports as docs/export-limits.md has them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from portfolio.exports import registry
from portfolio.exports.format import Check, ExportFormat

HEAD = """\
# Targets of exports, and what they cannot express

By `python -m bench.targets`, from the formats themselves; the same sentences stand, with counts, on
the pages before a file is made and before it is downloaded. *Not verified by running* means written
by documented rules, with tests of structure and sums: the target cannot be run offline.

| format | target | file | checked |
| --- | --- | --- | --- |
"""


def document() -> str:
    """The whole page, in Markdown."""
    known = registry.formats()
    rows = "\n".join(_row(one) for one in known)
    return HEAD + rows + "\n" + "".join(line for one in known for line in _lacking(one))


def _row(known: ExportFormat) -> str:
    return f"| `{known.id}` | {known.title} | {_file(known)} | {_checked(known)} |"


def _file(known: ExportFormat) -> str:
    extension = "zip" if known.files is not None else known.extension
    return f"{extension}, one for each connection" if known.is_per_connection else extension


def _checked(known: ExportFormat) -> str:
    if known.check is Check.RUN:
        return f"by running {known.checked_by}"
    return "Coffer's own" if known.check is Check.OWN else "not verified by running"


def _lacking(known: ExportFormat) -> Iterator[str]:
    if known.lacks:
        yield f"\n## What {known.title} cannot express\n\n"
        yield from (f"- {words}\n" for words in known.lacks.values())


if __name__ == "__main__":
    sys.stdout.write(document())
