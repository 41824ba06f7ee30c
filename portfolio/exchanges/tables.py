"""Writes what is fetched of every exchange, and how far back, into docs/exchanges.md.

``python -m portfolio.exchanges.tables``. All of it is read out of the profiles and the catalogue:
run it after a change of either.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from portfolio.engine.types import RecordKind
from portfolio.exchanges import catalogue
from portfolio.exchanges.catalogue import Capability, ExchangeInfo
from portfolio.exchanges.profile import Listing, Profile, StreamRule
from portfolio.exchanges.profiles import PROFILES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "exchanges.md"
BEGIN = "<!-- from here on written by python -m portfolio.exchanges.tables -->"
_WHOLE = "all there is"


def written(text: str) -> str:
    """Return the page with its generated end made anew."""
    kept = text.partition(BEGIN)[0].rstrip()
    return f"{kept}\n\n{BEGIN}\n\n{section()}"


def section() -> str:
    """Return the generated end of the page."""
    infos = catalogue.all_exchanges()
    parts = ["## What is fetched, exchange by exchange", _INTRODUCTION]
    parts += ["\n".join(_profiled(info, PROFILES[info.id])) for info in infos if info.has_profile]
    parts.append("\n".join(_others([info for info in infos if not info.has_profile])))
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
*How far back* is what the exchange promises, and all that coverage ever claims; where more is
served it is kept too. "All there is" is as far as the exchange itself has records. What a table
does not name is not fetched."""


def _profiled(info: ExchangeInfo, profile: Profile) -> Iterator[str]:
    yield f"### {info.name} (`{info.id}`)\n"
    yield "| record | fetched | how far back | of it |\n|---|---|---|---|"
    notes = {capability.kind: capability for capability in info.capabilities}
    asked = [rule.call.endpoint for rule in profile.balances]
    asked += [listing.call.endpoint for listing in _listings(profile)]
    yield _row("balances", asked, "now", notes.get("balances"))
    if profile.positions:
        asked = [rule.listing.call.endpoint for rule in profile.positions]
        yield _row("open positions", asked, "now", None)
    for kind in RecordKind:
        rules = [rule for rule in profile.streams if rule.kind == kind]
        if rules:
            reach = ", ".join(dict.fromkeys(map(_reach, rules)))
            asked = [rule.call.endpoint for rule in rules]
            yield _row(kind.value, asked, reach, notes.get(kind.value))
        elif kind.value in notes:
            yield _told_elsewhere(notes[kind.value])


def _listings(profile: Profile) -> tuple[Listing, ...]:
    return profile.accounts.listings if profile.accounts else ()


def _row(name: str, endpoints: list[str], reach: str, told: Capability | None) -> str:
    asked = "<br>".join(f"`{endpoint}`" for endpoint in dict.fromkeys(endpoints))
    return f"| {name} | {asked} | {reach} | {told.note if told else ''} |"


def _told_elsewhere(told: Capability) -> str:
    """A kind without a stream of its own: part of another one, or not to be had."""
    if told.available:
        return f"| {told.kind} | with the others | {told.reach or _WHOLE} | {told.note} |"
    return f"| {told.kind} | no | | {told.note or 'not served'} |"


def _reach(rule: StreamRule) -> str:
    strategy = rule.strategy
    kept: timedelta | None = getattr(strategy, "retention", None) or getattr(
        strategy, "promised", None
    )
    newest: int = getattr(strategy, "horizon", 0)
    if newest:
        return f"the newest {newest:,}"
    return f"{kept.days} days" if kept else _WHOLE


def _others(infos: list[ExchangeInfo]) -> Iterator[str]:
    yield "### Exchanges without a profile\n"
    yield "By ccxt's own calls, one wallet each; what a key may do cannot be proved.\n"
    yield "| exchange | fetched | how far back | not fetched |\n|---|---|---|---|"
    for info in infos:
        yield f"| {info.name} (`{info.id}`) | {_summary(info)} |"


def _summary(info: ExchangeInfo) -> str:
    if info.unavailable:
        return f"nothing: {info.unavailable} | | all"
    fetched = [c for c in info.capabilities if c.available]
    missing = [c.kind for c in info.capabilities if not c.available]
    kinds = ", ".join(c.kind if not c.note else f"{c.kind} ({c.note})" for c in fetched)
    reach = ", ".join(dict.fromkeys(c.reach for c in fetched if c.reach))
    return f"{kinds} | {reach} | {', '.join(missing)}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
