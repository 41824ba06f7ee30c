"""Whatever happened: a file means what the ledger says, for every format that tells amounts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

import pytest
from hypothesis import HealthCheck, given, settings

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.types import TransactionKind
from portfolio.exports import registry, writing
from portfolio.exports.format import ExportFormat
from portfolio.exports.transfers import by_transfer
from tests.exports.every_kind import moved
from tests.exports.meaning import ELSEWHERE, Reader, Told, readers, summed
from tests.exports.strategies import ACCOUNTS, ledgers
from tests.exports.test_hosted import RULES

KNOWN = [known for known in registry.formats() if known.id in readers()]
HOSTED = frozenset(RULES)
every_format = pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.id)
few = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def context(known: ExportFormat) -> ExportContext:
    return ExportContext("USD", known.symbols)


def text(known: ExportFormat, ledger: Sequence[ExportTransaction]) -> bytes:
    return b"".join(writing.single(known, ledger, context(known)))


def told(known: ExportFormat, ledger: Sequence[ExportTransaction]) -> list[Told]:
    """What the files of a format, and of those that go with it, mean."""
    reader = readers()[known.id]
    formats = [registry.by_id(ident) for ident in reader.together] or [known]
    return [entry for one in formats for entry in readers()[one.id].read(text(one, ledger))]


def renamed(sums: dict[str, Decimal], reader: Reader) -> dict[str, Decimal]:
    return {reader.symbols.get(asset, asset): amount for asset, amount in sums.items()}


def assert_same(found: list[Told], ledger: Sequence[ExportTransaction], reader: Reader) -> None:
    with localcontext(prec=200):
        meant = [transaction for transaction in ledger if not reader.leaves_out(transaction)]
        sums, expected = summed(found), renamed(moved(meant), reader)
        if reader.places is None:
            assert sums == expected
            return
        # Each amount of a row is off by half of the last decimal at most.
        most = Decimal(1).scaleb(-reader.places) * 5 * (len(ledger) + 1)
        for asset in sums.keys() | expected.keys():
            assert abs(sums.get(asset, Decimal(0)) - expected.get(asset, Decimal(0))) <= most


def test_every_format_is_read_back_or_it_is_said_why_not() -> None:
    registered = {known.id for known in registry.formats()}
    assert registered <= readers().keys() | ELSEWHERE.keys()
    assert readers().keys() <= registered
    assert not readers().keys() & ELSEWHERE.keys()


@every_format
@few
@given(ledger=ledgers)
def test_the_sums_are_the_ledgers(known: ExportFormat, ledger: list[ExportTransaction]) -> None:
    assert_same(told(known, ledger), ledger, readers()[known.id])


@every_format
@few
@given(ledger=ledgers)
def test_a_file_per_connection_changes_no_sum(
    known: ExportFormat, ledger: list[ExportTransaction]
) -> None:
    for account in ACCOUNTS:
        own = [transaction for transaction in ledger if transaction.account == account]
        assert_same(told(known, own), own, readers()[known.id])


@pytest.mark.parametrize("known", [k for k in KNOWN if k.id in HOSTED], ids=lambda known: known.id)
@few
@given(ledger=ledgers)
def test_a_users_own_symbols_are_written_everywhere(
    known: ExportFormat, ledger: list[ExportTransaction]
) -> None:
    """Koinly, for one, takes ``ID:`` and a number for exactly one asset."""
    own = ExportContext("USD", {"BTC": "ID:1", "USD": "ID:2"})
    found = readers()[known.id].read(b"".join(writing.single(known, ledger, own)))
    named = {asset for entry in found for asset in entry.change}
    assert not named & {"BTC", "USD"}


@every_format
@few
@given(ledger=ledgers)
def test_rows_are_oldest_first_and_the_same_each_time(
    known: ExportFormat, ledger: list[ExportTransaction]
) -> None:
    written = text(known, ledger)
    assert written == text(known, ledger)
    times = [entry.at for entry in readers()[known.id].read(written)]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "known", [k for k in KNOWN if readers()[k.id].rows], ids=lambda known: known.id
)
@few
@given(ledger=ledgers)
def test_there_are_as_many_rows_as_the_amounts_need(
    known: ExportFormat, ledger: list[ExportTransaction]
) -> None:
    """Moves between own wallets, which may find their other half, are told by another test."""
    count = readers()[known.id].rows
    assert count is not None
    still = [one for one in ledger if one.kind is not TransactionKind.TRANSFER]
    with localcontext(prec=200):
        needed = sum(count(transaction) for transaction in by_transfer(still))
        assert len(told(known, still)) == needed


@every_format
@few
@given(ledger=ledgers)
def test_what_is_not_written_is_named(known: ExportFormat, ledger: list[ExportTransaction]) -> None:
    """Every code has its sentence; and what leaves nothing in any file has a code."""
    for transaction in ledger:
        codes = set(known.shortfalls(transaction, context(known)))
        assert codes <= set(known.lacks)
        if not readers()[known.id].read(text(known, [transaction])):
            assert codes, transaction
