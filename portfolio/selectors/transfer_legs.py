"""Reads what may be a transfer: amounts that left or arrived, and what was decided on them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection as database

from portfolio.engine import money
from portfolio.engine import transfer_ids as ids
from portfolio.engine.identities import Identities
from portfolio.engine.transfers import Decisions, Leg
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import TransferLink
from portfolio.selectors.assets import identities_of, source_name

Status = TransferLink.Status
KINDS = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL, TransactionKind.TRANSFER)

# A move between wallets told as one transaction cancels out and is no leg. Of an outgoing amount
# that arrived in part the rest is left.
_STATEMENT = """
    SELECT t.id, t.kind, t.occurred_at, t.detail, c.id, c.exchange, c.environment,
           m.asset, m.wallet, m.amount, m.fee, COALESCE(o.sent, 0)
    FROM (
        SELECT p.transaction_id, p.asset,
               SUM(p.amount) FILTER (WHERE p.role = %(principal)s) AS amount,
               MIN(p.wallet) FILTER (WHERE p.role = %(principal)s) AS wallet,
               -SUM(p.amount) FILTER (WHERE p.role = %(fee)s) AS fee
        FROM portfolio_posting p
        JOIN portfolio_transaction x ON x.id = p.transaction_id
        WHERE x.owner_id = %(owner)s AND x.kind = ANY(%(kinds)s)
          AND NOT x.is_replaced AND p.counts
          AND (%(only)s::bigint IS NULL OR x.id = %(only)s)
        GROUP BY p.transaction_id, p.asset
    ) m
    JOIN portfolio_transaction t ON t.id = m.transaction_id
    JOIN portfolio_connection c ON c.id = t.connection_id
    LEFT JOIN portfolio_transferlink i
        ON i.incoming_id = t.id AND i.received_asset = m.asset AND i.status = %(accepted)s
    LEFT JOIN (
        SELECT outgoing_id, asset, SUM(sent) AS sent
        FROM portfolio_transferlink
        WHERE owner_id = %(owner)s AND status = %(accepted)s
        GROUP BY outgoing_id, asset
    ) o ON o.outgoing_id = t.id AND o.asset = m.asset
    WHERE m.amount <> 0 AND i.id IS NULL
      AND (m.amount > 0 OR -m.amount > COALESCE(o.sent, 0))
    ORDER BY t.occurred_at, t.id, m.asset
"""


@dataclass(frozen=True, slots=True)
class OpenLegs:
    """A person's movements without a transfer."""

    outgoing: tuple[Leg, ...]
    incoming: tuple[Leg, ...]


def leg_id(transaction_id: int, code: str) -> str:
    """What a leg is called: a transaction may move several assets."""
    return f"{transaction_id}:{code}"


def place(ident: str) -> tuple[int, str]:
    """The transaction and the code of a leg."""
    number, _, code = ident.partition(":")
    return int(number), code


def open_legs(owner_id: int, *, transaction_id: int | None = None) -> OpenLegs:
    """All of an owner's, or those of one transaction; in two queries."""
    found = list(_legs(owner_id, transaction_id))
    return OpenLegs(
        tuple(leg for is_out, leg in found if is_out),
        tuple(leg for is_out, leg in found if not is_out),
    )


def _legs(owner_id: int, transaction_id: int | None) -> Iterator[tuple[bool, Leg]]:
    asked = {
        "owner": owner_id,
        "only": transaction_id,
        "kinds": [kind.value for kind in KINDS],
        "principal": PostingRole.PRINCIPAL.value,
        "fee": PostingRole.FEE.value,
        "accepted": Status.ACCEPTED.value,
    }
    known = identities_of(owner_id)
    with database.cursor() as cursor:
        cursor.execute(_STATEMENT, asked)
        for row in cursor.fetchall():
            yield row[9] < 0, _leg(row, known)


def _asset(source: str, code: str, known: Identities) -> str:
    """What a code stands for; amounts stay the code's, so one for many coins is only itself."""
    standing = known.standing(source, code)
    return standing.asset if standing.factor == 1 else code


def _leg(row: tuple[Any, ...], known: Identities) -> Leg:
    ident, kind, occurred_at, told, connection, exchange, environment, code, *rest = row
    wallet, amount, fee, sent = rest
    detail = json.loads(told) if isinstance(told, str) else told
    return Leg(
        id=leg_id(ident, code),
        connection=str(connection),
        exchange=exchange,
        environment=environment,
        wallet=wallet,
        asset=_asset(source_name(exchange, environment), code, known),
        amount=_open_amount(amount, sent),
        occurred_at=occurred_at,
        is_transfer=kind == TransactionKind.TRANSFER,
        fee=fee if fee is None or fee > 0 else None,
        txid=detail.get("txid", ""),
        network=detail.get("network", ""),
        address=detail.get("address", ""),
        tag=detail.get("tag", "") or detail.get("memo", ""),
        reference=detail.get("reference", ""),
    )


def _open_amount(amount: Decimal, sent: Decimal) -> Decimal:
    return amount if amount > 0 else money.add(money.negate(amount), money.negate(sent))


def decisions(owner_id: int) -> Decisions:
    """The pairs not to be proposed again, and the addresses at which coins arrived before."""
    final = (Status.REFUSED, Status.UNDONE)
    refused = TransferLink.objects.filter(owner_id=owner_id, status__in=final)
    pairs = refused.values_list("outgoing_id", "asset", "incoming_id", "received_asset")
    return Decisions(
        refused=frozenset(
            (leg_id(out, sent), leg_id(into, received)) for out, sent, into, received in pairs
        ),
        addresses=_addresses(owner_id),
    )


_ADDRESSES = """
    SELECT DISTINCT detail->>'address', connection_id FROM portfolio_transaction
    WHERE owner_id = %(owner)s AND kind = %(deposit)s AND detail ? 'address'
      AND NOT is_replaced
    UNION
    SELECT sent.detail->>'address', arrived.connection_id
    FROM portfolio_transferlink link
    JOIN portfolio_transaction sent ON sent.id = link.outgoing_id
    JOIN portfolio_transaction arrived ON arrived.id = link.incoming_id
    WHERE link.owner_id = %(owner)s AND link.status = %(accepted)s AND sent.detail ? 'address'
"""


def _addresses(owner_id: int) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    asked: dict[str, int | str] = {
        "owner": owner_id,
        "deposit": TransactionKind.DEPOSIT.value,
        "accepted": Status.ACCEPTED.value,
    }
    with database.cursor() as cursor:
        cursor.execute(_ADDRESSES, asked)
        for address, connection in cursor.fetchall():
            found[ids.address(address)].add(str(connection))
    return {address: frozenset(owners) for address, owners in found.items() if address}
