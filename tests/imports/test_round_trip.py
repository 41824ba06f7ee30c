"""What Coffer writes for a tool, read as that tool's own file: the same amounts come back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

import pytest
from hypothesis import HealthCheck, given, settings

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.money import plain
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.exports import registry, writing
from portfolio.imports.format import Reading
from tests.exports.builders import event
from tests.exports.every_kind import moved, priced
from tests.exports.meaning import readers, summed
from tests.exports.strategies import ledgers
from tests.imports import golden, reading

# Export -> the import format that its file must be known as.
FORMATS = {
    "awaken": "awaken",
    "bittytax": "bittytax",
    "blockpit": "blockpit",
    "coinledger": "coinledger-form",
    "cointracker": "cointracker",
    "cointracking": "cointracking-form",
    "divly": "divly",
    "koinly": "koinly",
    "recap": "recap",
    "summ": "summ",
    "taxbit": "taxbit",
    "tokentax": "tokentax",
    "turbotax": "turbotax",
    "zenledger": "zenledger",
}
few = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def text(ident: str, ledger: Sequence[ExportTransaction]) -> bytes:
    known = registry.by_id(ident)
    return b"".join(writing.single(known, ledger, ExportContext("USD", known.symbols)))


def sums(events: Sequence[Event]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    with localcontext(prec=200):
        for event in events:
            for moved in event.movements:
                found[moved.asset] = found.get(moved.asset, Decimal(0)) + moved.amount
    return {asset: amount for asset, amount in found.items() if amount}


@pytest.mark.parametrize("ident", FORMATS)
@few
@given(ledger=ledgers)
def test_the_sums_come_back(ident: str, ledger: list[ExportTransaction]) -> None:
    written = text(ident, ledger)
    assert reading.table_of(written.decode())[0].id == FORMATS[ident]
    found = reading.told(written.decode())
    assert not found.problems
    with localcontext(prec=200):
        assert sums(found.events) == meant(ident, written, ledger)


def meant(ident: str, written: bytes, ledger: list[ExportTransaction]) -> dict[str, Decimal]:
    """The sums by the target's own rule; where there is no reader of it, those of the ledger."""
    if ident in readers():
        return summed(readers()[ident].read(written))
    return {asset: amount for asset, amount in moved(ledger).items() if amount}


@few
@given(ledger=ledgers)
def test_a_workbook_means_what_the_text_does(ledger: list[ExportTransaction]) -> None:
    (book,) = golden.sheets_of(text("blockpit-xlsx", ledger), Reading())
    (table,) = golden.sheets_of(text("blockpit", ledger), Reading())
    assert golden.lines(book) == golden.lines(table)


@few
@given(ledger=ledgers)
def test_the_results_of_contracts_come_back_from_awaken(ledger: list[ExportTransaction]) -> None:
    written = text("awaken-futures", ledger)
    (sheet,) = golden.sheets_of(written, Reading())
    assert sheet.known.id == "awaken-futures"
    with localcontext(prec=200):
        assert sums(events(sheet)) == summed(readers()["awaken-futures"].read(written))


@few
@given(ledger=ledgers)
def test_rp2_and_dali_are_told_the_same(ledger: list[ExportTransaction]) -> None:
    priced_ledger = [priced(coarse(one)) for one in ledger if not is_dalis_lack(one)]
    assert packed("rp2", priced_ledger) == packed("dali", priced_ledger)


def is_dalis_lack(told: ExportTransaction) -> bool:
    """What RP2 has words for and dali has none: slashed rewards, and what was lost."""
    kinds = (TransactionKind.REWARD, TransactionKind.LOST)
    return told.kind in kinds and any(leg.amount < 0 for leg in told.legs)


def coarse(told: ExportTransaction) -> ExportTransaction:
    """With amounts that RP2's floats hold: of finer ones its file has what RP2 makes of them."""
    legs = (replace(leg, amount=(leg.amount % 1000).quantize(Decimal("1e-6"))) for leg in told.legs)
    return replace(told, legs=tuple(leg for leg in legs if leg.amount))


@few
@given(ledger=ledgers)
def test_the_sums_come_back_from_rotkis_two_files(ledger: list[ExportTransaction]) -> None:
    written = text("rotki", ledger)
    codes = {name: asset for asset, name in registry.by_id("rotki").symbols.items()}
    with localcontext(prec=200):
        expected = summed(readers()["rotki"].read(written))
        found = sums([event for sheet in sheets(written) for event in events(sheet)])
        assert found == {codes.get(asset, asset): amount for asset, amount in expected.items()}


def test_rotkis_identifiers_are_read_as_the_codes_they_were_written_for() -> None:
    symbols = registry.by_id("rotki").symbols
    ledger = [event("2024-05-02 11:30", "deposit", f"{n} {asset}") for n, asset in
              enumerate(symbols, start=1)]  # fmt: skip
    found = [told for sheet in sheets(text("rotki", ledger)) for told in events(sheet)]
    assert sorted(moved.asset for told in found for moved in told.movements) == sorted(symbols)


@few
@given(ledger=ledgers)
def test_ghostfolios_activities_are_all_understood(ledger: list[ExportTransaction]) -> None:
    (sheet,) = golden.sheets_of(text("ghostfolio", [priced(one) for one in ledger]), Reading())
    assert sheet.known.id == "ghostfolio"
    named = {moved.asset for told in events(sheet) for moved in told.movements}
    assert named <= {leg.asset for one in ledger for leg in one.legs} | {"USD"}


def sheets(packed: bytes) -> list[golden.Sheet]:
    """The tables that a ZIP holds; a configuration is none."""
    file = zipfile.ZipFile(io.BytesIO(packed))
    tables = [file.read(name) for name in file.namelist() if not name.endswith(".ini")]
    return [sheet for table in tables for sheet in golden.sheets_of(table, Reading())]


def events(sheet: golden.Sheet) -> list[Event]:
    """All events of a table; none may be refused."""
    return [sheet.known.event(entry, sheet.reading) for entry in sheet.entries()]


def packed(ident: str, ledger: list[ExportTransaction]) -> list[str]:
    """The events of all tables that a ZIP holds, as lines."""
    found = sheets(text(ident, ledger))
    told = [line for sheet in found for line in golden.lines(sheet)]
    assert not [line for line in told if line.startswith("not understood")]
    return sorted(line for line in told if not line.startswith(("format", "left out")))


# By format, the kinds that it has no word for, "-" behind those that went: they come back as the
# nearest it has. Hardly any format has words for these:
NOWHERE = (
    *("conversion", "transfer", "transfer-", "adjustment", "adjustment-", "other", "other-"),
    *("unclassified", "unclassified-", "funding", "funding-", "liquidation", "liquidation-"),
)
UNCLEAR = ("unclassified", "unclassified-")  # "Other", which TurboTax alone has
OTHERWISE: dict[str, tuple[str, ...]] = {
    "awaken": (
        *("reward", "interest", "interest-", "mining", "fork", "gift", "gift-", "payment-"),
        *("lost-", "fee-", "realised_pnl", "realised_pnl-"),  # results are in a file of their own
    ),
    "bittytax": ("fee-",),
    "blockpit": ("interest-",),
    "coinledger": ("lost-", "realised_pnl"),
    "cointracker": ("gift", "fee-"),
    "cointracking": ("fork",),
    "divly": (
        *("interest", "interest-", "mining", "fork", "gift", "gift-", "payment-", "lost-", "fee-"),
        *("realised_pnl", "realised_pnl-"),
    ),
    "koinly": ("gift", "payment-"),
    "recap": ("interest", "gift", "lost-"),
    "summ": ("interest-",),
    "taxbit": (
        *("interest", "interest-", "airdrop", "mining", "fork", "lost-", "fee-"),
        *("realised_pnl", "realised_pnl-"),
    ),
    "tokentax": (
        *("interest", "interest-", "fork", "gift", "fee-", "realised_pnl", "realised_pnl-"),
    ),
    "turbotax": (
        *("interest-", "gift", "gift-", "payment-", "lost-", "fee-"),
        *("realised_pnl", "realised_pnl-"),
    ),
    "zenledger": ("interest-", "gift"),
}
_TWO_SIDED = (TransactionKind.TRADE, TransactionKind.CONVERSION)


def cases() -> dict[str, ExportTransaction]:
    """One transaction of each kind and way that makes sense."""
    at = "2024-05-02 11:30"
    found = {kind.value: event(at, kind.value, "1 ETH", "-0.05 BTC") for kind in _TWO_SIDED}
    for kind in set(TransactionKind) - set(_TWO_SIDED):
        if kind not in LEAVES:
            found[kind.value] = event(at, kind.value, "0.5 BTC")
        if kind not in COMES:
            found[f"{kind.value}-"] = event(at, kind.value, "-0.5 BTC")
    return found


COMES = ("deposit", "airdrop", "mining", "fork", "reward")
LEAVES = ("withdrawal", "payment", "lost", "fee")


@pytest.mark.parametrize("ident", FORMATS)
def test_kinds_come_back_as_far_as_the_format_has_words(ident: str) -> None:
    otherwise = set()
    for name, transaction in cases().items():
        events = reading.told(text(ident, [transaction]).decode()).events
        if [told.kind for told in events] != [transaction.kind]:
            otherwise.add(name)
    kept = UNCLEAR if ident == "turbotax" else ()
    assert otherwise == {*NOWHERE, *OTHERWISE[ident]} - {*kept}


@few
@given(ledger=ledgers)
def test_coffers_own_table_is_the_same_ledger(ledger: list[ExportTransaction]) -> None:
    found = reading.told(text("csv", ledger).decode())
    assert not found.problems
    assert ledger_of(found.events) == ledger_of(map(told, filter(has_legs, ledger)))


@few
@given(ledger=ledgers)
def test_coffers_own_lines_are_the_same_ledger(ledger: list[ExportTransaction]) -> None:
    found = reading.told(text("jsonl", ledger).decode())
    assert len(found.left_out) == 1
    assert ledger_of(found.events) == ledger_of(map(told, ledger))


def has_legs(transaction: ExportTransaction) -> bool:
    """What moved nothing has no row in the table."""
    return bool(transaction.legs)


def told(transaction: ExportTransaction) -> Event:
    """The event that a transaction was."""
    legs = (Movement(leg.wallet, leg.asset, leg.amount, leg.role) for leg in transaction.legs)
    return Event(
        transaction.key,
        transaction.kind,
        transaction.occurred_at,
        tuple(legs),
        dict(transaction.detail),
    )


def ledger_of(events: Iterable[Event]) -> list[tuple[object, ...]]:
    """What events are, whatever their order and that of their movements."""
    return sorted(
        (
            *(each.key, each.kind.value, each.occurred_at, sorted(each.detail.items())),
            sorted((m.wallet, m.asset, plain(m.amount), m.role.value) for m in each.movements),
        )
        for each in events
    )
