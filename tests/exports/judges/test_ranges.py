"""A range begins with what was held before it, and is written as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portfolio.engine.export import ExportContext, ExportTransaction, Opening
from portfolio.exports import registry, writing
from portfolio.exports.tables import PIECE
from tests.exports.judges import test_beancount, test_bittytax, test_ledgers
from tests.exports.judges.lives import BYBIT, COLD, MAIN, TWIN, everything, held, tell

SINCE = datetime(2024, 6, 6, tzinfo=UTC)
ACCOUNTS = {account.id: account for account in (MAIN, TWIN, BYBIT, COLD)}


def cut(currency: str) -> tuple[list[ExportTransaction], ExportContext]:
    """The second half of everything, and what the first left."""
    before = [one for one in everything(currency) if one.occurred_at < SINCE]
    openings = tuple(
        Opening(account, ACCOUNTS[account].label, ACCOUNTS[account].exchange, wallet, asset, amount)
        for (account, wallet, asset), amount in held(before).items()
    )
    later = [one for one in everything(currency) if one.occurred_at >= SINCE]
    return later, ExportContext(currency, openings=openings, since=SINCE)


def test_beancount_opens_with_what_was_held(tmp_path: Path) -> None:
    later, context = cut("USD")
    text = test_ledgers.written("beancount", later, context)
    assert test_beancount.checked(tmp_path, text).status == 0
    ((_, found),) = test_beancount.judged(tmp_path, [text])
    assert found == test_beancount.expected(everything())


@pytest.mark.parametrize("ident", ["hledger", "ledger"])
def test_the_ledgers_open_with_what_was_held(ident: str, tmp_path: Path) -> None:
    later, context = cut("USD")
    text = test_ledgers.written(ident, later, context)
    answer = test_ledgers.judged(ident, tmp_path, text)
    assert answer.status == 0, answer.all_said
    found = test_ledgers.told_balances(ident, tmp_path, text)
    assert found == test_ledgers.expected(everything())


def test_bittytax_deposits_what_was_held(tmp_path: Path) -> None:
    later, context = cut("GBP")
    text = test_ledgers.written("bittytax", later, context)
    answer = test_bittytax.bittytax(tmp_path, text, "--audit")
    assert test_bittytax.counts(answer) == ("successful", test_bittytax.rows(text), 0)
    assert test_bittytax.balances(answer) == test_bittytax.expected(everything("GBP"))


@pytest.mark.parametrize("ident", ["rp2", "dali", "bittytax", "rotki"])
def test_what_needs_the_time_before_says_so(ident: str) -> None:
    known = registry.by_id(ident)
    _, context = cut("USD")
    sold = tell("2024-07-01", "trade", "-0.1 BTC", "4000 USD")
    assert "before" in set(known.shortfalls(sold, context)) & set(known.lacks)
    assert "before" not in set(known.shortfalls(sold, ExportContext("USD")))


@pytest.mark.parametrize("ident", ["beancount", "hledger", "ledger", "bittytax", "ghostfolio"])
def test_nothing_is_read_ahead_of_what_is_written(ident: str) -> None:
    taken = 0

    def endless() -> Iterator[ExportTransaction]:
        nonlocal taken
        while True:
            taken += 1
            at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=taken)
            yield tell(at, "trade", "-1 USD", "1 BTC")

    first = next(iter(writing.single(registry.by_id(ident), endless(), ExportContext("USD"))))
    assert len(first) >= PIECE
    assert taken < 2000


@pytest.mark.parametrize(
    "ident", ["beancount", "hledger", "ledger", "bittytax", "rp2", "dali", "rotki", "ghostfolio"]
)
def test_the_same_ledger_gives_the_same_bytes(ident: str) -> None:
    known, life = registry.by_id(ident), everything()
    first, again = (b"".join(writing.single(known, life, ExportContext("USD"))) for _ in range(2))
    assert first == again
    assert first != b"".join(writing.single(known, life[:-1], ExportContext("USD")))


def test_a_value_of_nothing_is_not_an_unknown_one(tmp_path: Path) -> None:
    """Dust may be worth nothing: no price is told for it, and nothing is off."""
    worthless = tell("2024-01-02", "conversion", "-0.000000000000000001 BTC", "0.0000000001 BNB")
    assert worthless.legs[0].value == 0
    text = test_ledgers.written("hledger", [worthless], ExportContext("USD"))
    assert test_ledgers.judged("hledger", tmp_path, text).status == 0
    text = test_ledgers.written("beancount", [worthless], ExportContext("USD"))
    assert test_beancount.checked(tmp_path, text).status == 0
