"""A ledger as exchanges told it, through the programs that judge exports."""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.models import User
from portfolio.models import Connection, Holding
from portfolio.services import exports
from portfolio.services.exports import Asked
from tests.exports.judges import test_beancount, test_bittytax, test_ledgers
from tests.portfolio.small_lives import RECORDS
from tests.portfolio.test_any_order import store

pytestmark = pytest.mark.django_db
Held = dict[tuple[str, str], Decimal]


@pytest.fixture
def told(owner: User) -> User:
    """A person with accounts at all simulated exchanges."""
    store(owner, [[(record, text)] for record in RECORDS for text in record.texts])
    Connection.objects.of(owner).update(label="")  # then they are called as their exchanges
    return owner


def text(user: User, ident: str) -> str:
    return b"".join(exports.open_file(user, Asked(ident)).chunks).decode()


def holdings(user: User) -> Held:
    """What the pages show: by connection and wallet in small letters, and asset."""
    rows = Holding.objects.filter(connection__owner=user).select_related("connection")
    found: Held = defaultdict(Decimal)
    for row in rows:
        found[place(f"{row.connection.exchange} {row.wallet}", row.asset)] += row.quantity
    return {where: amount for where, amount in found.items() if amount}


def place(name: str, asset: str) -> tuple[str, str]:
    return " ".join(re.findall("[a-z0-9]+", name.lower())), asset.upper()


def same_names(found: Held) -> Held:
    """Without what some programs put before the name of a wallet."""
    return {
        place(name.removeprefix("Assets:"), asset): amount
        for (name, asset), amount in found.items()
    }


def test_beancount_holds_what_the_pages_show(told: User, tmp_path: Path) -> None:
    content = text(told, "beancount")
    assert test_beancount.checked(tmp_path, content).status == 0
    ((errors, found),) = test_beancount.judged(tmp_path, [content])
    assert not errors
    assert same_names(found) == holdings(told)


@pytest.mark.parametrize("ident", ["hledger", "ledger"])
def test_the_ledgers_hold_what_the_pages_show(ident: str, told: User, tmp_path: Path) -> None:
    content = text(told, ident)
    answer = test_ledgers.judged(ident, tmp_path, content)
    assert answer.status == 0, answer.all_said
    assert same_names(test_ledgers.told_balances(ident, tmp_path, content)) == holdings(told)


def test_bittytax_audits_what_the_pages_show(told: User, tmp_path: Path) -> None:
    content = text(told, "bittytax")
    answer = test_bittytax.bittytax(tmp_path, content, "--audit")
    assert test_bittytax.counts(answer) == ("successful", test_bittytax.rows(content), 0)
    assert same_names(test_bittytax.balances(answer)) == holdings(told)
