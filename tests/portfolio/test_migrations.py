"""What is stored already fits what the migrations make of the tables."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User

Node = tuple[str, str]


def around(subject: str) -> tuple[list[Node], list[Node]]:
    """The migration of a subject, and what there is before it."""
    graph = MigrationExecutor(connection).loader.graph
    node = next(node for node in graph.nodes if node[1].endswith(subject))
    before = [(parent.key[0], parent.key[1]) for parent in graph.node_map[node].parents]
    return before, [node]


@pytest.mark.django_db(transaction=True)
def test_connections_get_the_family_of_their_exchange() -> None:
    before, after = around("_account_family")
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        MigrationExecutor(connection).migrate(before)
        old = MigrationExecutor(connection).loader.project_state(before).apps
        user = User.objects.create_user("owner@example.org", "correct horse battery")
        for exchange in ("binance", "binancecoinm", "kraken"):
            old.get_model("portfolio", "Connection").objects.create(
                owner_id=user.pk, exchange=exchange
            )
        MigrationExecutor(connection).migrate(after)
        new = MigrationExecutor(connection).loader.project_state(after).apps
        rows = new.get_model("portfolio", "Connection").objects
        assert dict(rows.values_list("exchange", "account_family")) == {
            "binance": "binance",
            "binancecoinm": "binance",
            "kraken": "kraken",
        }
    finally:
        MigrationExecutor(connection).migrate(newest)
