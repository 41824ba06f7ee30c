"""What matching transfers takes and gives: legs, former decisions, pairs with their reasons."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from portfolio.engine import transfer_ids as ids


class FeePlace(enum.StrEnum):
    """Where a fee that the exchange told lies: in the amount, beside it, or it does not say."""

    INSIDE = "inside"
    BESIDE = "beside"
    UNKNOWN = "unknown"


class Rule(enum.StrEnum):
    """What one pair is judged by."""

    TXID = "txid"
    REFERENCE = "reference"
    OWN_MOVE = "own_move"
    AMOUNT = "amount"
    TIME = "time"
    ADDRESS = "address"
    TAG = "tag"
    NETWORK = "network"


class Level(enum.StrEnum):
    """How sure it is that two legs are one transfer."""

    CERTAIN = "certain"  # the same transaction on the chain, or in the exchange's own books
    LIKELY = "likely"  # for a person to accept
    WEAK = "weak"  # shown only when asked for


@dataclass(frozen=True, slots=True)
class Leg:
    """An amount of one asset that left a wallet of a person, or reached one.

    ``amount`` is as sent and above zero; ``fee`` is None where the exchange tells none. Spellings
    are the exchange's own.
    """

    id: str
    connection: str
    exchange: str
    environment: str
    wallet: str
    asset: str
    amount: Decimal
    occurred_at: datetime
    is_transfer: bool = False  # the exchange calls it a move between the person's own wallets
    fee: Decimal | None = None
    fee_place: FeePlace = FeePlace.UNKNOWN
    txid: str = ""
    network: str = ""
    address: str = ""
    tag: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule held against one pair: ``what`` picks the words, ``values`` fill them."""

    rule: Rule
    is_met: bool
    what: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two legs as one transfer, or a part of one: what was sent, and what of it arrived."""

    outgoing: str
    incoming: str
    level: Level
    score: int
    sent: Decimal
    received: Decimal
    findings: tuple[Finding, ...]
    is_part: bool = False  # the outgoing leg arrived as several

    @property
    def met(self) -> int:
        """How many of the rules that could be judged are met."""
        return sum(finding.is_met for finding in self.findings)


Addresses = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is known from before.

    ``refused`` are pairs of ids that are never proposed again. ``taken`` are ids of legs that have
    a transfer. ``addresses`` tells, by address as spelled by ``transfer_ids.address``, at which
    connections coins arrived at it.
    """

    refused: frozenset[tuple[str, str]] = frozenset()
    taken: frozenset[str] = frozenset()
    addresses: Addresses = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Spelled:
    """A leg with its names spelled as everybody's, worked out once."""

    leg: Leg
    txid: str
    reference: tuple[str, str]  # house and number; ("", "") where there is none
    address: str
    network: str


_SHORTEST_REFERENCE = 5  # shorter ones are words or counters


def spelled(leg: Leg) -> Spelled:
    """Spells the names of one leg."""
    key = ids.txid(leg.txid)
    number = leg.reference.strip() or ids.in_books(leg.txid)
    if key and not ids.is_hash(key) and not number:
        key, number = "", key  # an exchange's own number: it means nothing elsewhere
    is_reference = len(number) >= _SHORTEST_REFERENCE and any(c.isdigit() for c in number)
    return Spelled(
        leg=leg,
        txid=key if ids.is_hash(key) else "",
        reference=(ids.house(leg.exchange), number) if is_reference else ("", ""),
        address=ids.address(leg.address),
        network=ids.network(leg.network, leg.asset),
    )
