"""python -m bench.places: the places of taxes as docs/taxes.md has them."""

from __future__ import annotations

import sys
from calendar import month_name
from collections.abc import Iterator

from portfolio.engine.tax.method import methods
from portfolio.engine.tax.place import Place, all_places

HEAD = """\
# Taxes by place

By `python -m bench.places`, from the places themselves; the same sentences stand on the pages and
in the documents of a report. A place fixes its currency, its time zone, its tax year and the
methods that its law allows; figures bear the boxes of its forms and are rounded as those want it.
Samples of seven simulated exchanges for 2025: [United States](samples/us-2025.pdf),
[United Kingdom](samples/uk-2025.pdf) and [Germany](samples/germany-2025.pdf)
([on the page](screenshots/sample-us-light.png),
[one disposal explained](screenshots/sample-us-disposal-light.png),
[what was open](screenshots/sample-us-findings-light.png)), with 40 lines of each part;
`make screenshots` makes such again.
What nobody can know here (a limit of a year that is not told yet, the worth of a coin without a
price) is left unknown. What was sold or received at a price that nobody knows is in no figure, and
each figure says beside it what it leaves out; what was paid and is not known is taken at no cost.
Nothing of it is advice: laws change, and each case is its own.

| place | id | tax year from | currency | time zone | methods, the usual one first |
| --- | --- | --- | --- | --- | --- |
"""


def document() -> str:
    """The whole page, in Markdown."""
    rows = "".join(f"{_row(place)}\n" for place in all_places())
    return HEAD + rows + "".join(line for place in all_places() for line in _told(place))


def _row(place: Place) -> str:
    month, day = place.year_start
    known = methods()
    names = "; ".join(known[name].title for name in place.methods)
    return (
        f"| {place.title} | `{place.id}` | {day} {month_name[month]} | {place.currency or 'yours'}"
        f" | {place.time_zone or 'yours'} | {names} |"
    )


def _told(place: Place) -> Iterator[str]:
    yield f"\n## {place.title}\n\n"
    yield from (f"- {words}\n" for words in place.covers)
    for words in filter(None, (place.giving, place.identify_by, place.switching)):
        yield f"\n{words}\n"
    yield "\nNot covered:\n\n"
    yield from (f"- **{words}**\n" for words in place.not_covered)
    if place.sources:
        yield f"\nSources: {'; '.join(place.sources)}.\n"


if __name__ == "__main__":
    sys.stdout.write(document())
