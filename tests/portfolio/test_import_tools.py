"""Files of tools in the ledger: an account each, nothing twice, and Coffer's own back as it was."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import User
from portfolio.models import Connection, Import, Posting, Transaction, TransferLink
from portfolio.services import imports, transfer_matching
from tests.imports.reading import SAMPLES
from tests.portfolio.test_service_imports import brought, confirmed, held, worked

pytestmark = pytest.mark.django_db(transaction=True)


def sample(name: str) -> tuple[str, bytes]:
    return name.replace("/", "-"), (SAMPLES / name).read_bytes()


def booked(owner: User, name: str) -> Import:
    """An import of a sample, in UTC where the file does not say, into accounts of their own."""
    job = brought(owner, sample(name))
    for table in job.files.all():
        if table.questions:
            answers = dict.fromkeys(table.questions, "UTC")
            imports.answer(user=owner, job_id=job.pk, file_id=table.pk, answers=answers)
    job = worked(job)
    choices = {each.pk: ("new", each.name or "All of it") for each in job.accounts.all()}
    imports.place(user=owner, job_id=job.pk, choices=choices)
    return confirmed(owner, worked(job))


def ledger(owner: User) -> list[tuple[object, ...]]:
    """All that is in a ledger, account by account; a record of a file has a key of its own."""
    rows = Posting.objects.filter(owner=owner)
    names = ("connection__label", "transaction__kind", "wallet", "asset", "amount", "occurred_at")
    return sorted(rows.values_list(*names, "role"))


def test_a_tools_wallets_become_accounts_with_both_halves_of_a_transfer(owner: User) -> None:
    assert booked(owner, "koinly/report.csv").booked == 13
    labels = set(Connection.objects.filter(owner=owner).values_list("label", "kind"))
    assert labels == {("Cold Wallet", "manual"), ("Exchange One", "manual")}
    halves = Transaction.objects.filter(detail__txid="ab12").order_by("kind")
    assert [(t.kind, t.connection.label) for t in halves] == [
        ("deposit", "Cold Wallet"),
        ("withdrawal", "Exchange One"),
    ]
    # Twins of the same second are two rewards.
    assert Transaction.objects.filter(owner=owner, kind="reward").count() == 2
    assert held(owner)["ETH"] == Decimal("0.0806")
    assert booked(owner, "koinly/report.csv").booked == 0


def test_a_row_with_both_ends_is_a_certain_transfer(owner: User) -> None:
    """Even without a hash of the chain: the file itself names both accounts."""
    name, content = sample("koinly/report.csv")
    job = brought(owner, (name, content.replace(b"ab12", b"")))
    confirmed(owner, job)
    transfer_matching.match(owner.pk)
    link = TransferLink.objects.get(owner=owner)
    assert link.status == TransferLink.Status.ACCEPTED
    assert link.outgoing.connection.label == "Exchange One"


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
def test_what_coffer_writes_comes_back_as_it_was(owner: User, form: str, tmp_path: Path) -> None:
    booked(owner, "koinly/report.csv")
    booked(owner, "cointracking/list.csv")
    before = ledger(owner)
    path = tmp_path / f"all.{form}"
    call_command("export", owner.email, form, "--out", str(path))
    Connection.objects.filter(owner=owner).delete()
    assert ledger(owner) == []
    job = confirmed(owner, brought(owner, (path.name, path.read_bytes())))
    assert job.booked
    assert ledger(owner) == before


def test_a_json_of_activities_is_read(owner: User) -> None:
    assert booked(owner, "ghostfolio/export.json").booked == 2
    assert held(owner)["ETH"] == Decimal("0.123456789012345678")
