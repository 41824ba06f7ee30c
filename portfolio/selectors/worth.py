"""What each leg of one transaction was worth when it happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from accounts.models import User
from portfolio.engine.identities import Identities
from portfolio.engine.legs import Leg, worths
from portfolio.engine.moments import Found
from portfolio.engine.types import PostingRole
from portfolio.models import Posting, Transaction
from portfolio.selectors.assets import identities, source_name
from portfolio.selectors.moments import Moments


@dataclass(frozen=True, slots=True)
class LegWorth:
    """One posting's amount and worth in the reporting currency; None where no price is known."""

    asset: str
    name: str
    amount: Decimal
    is_fee: bool
    value: Decimal | None
    found: Found | None


def of_transaction(
    user: User, row: Transaction, postings: Sequence[Posting]
) -> tuple[LegWorth, ...]:
    """The postings in their order, in six queries."""
    if not postings:
        return ()
    known = identities(user)
    source = source_name(row.connection.exchange, row.connection.environment)
    legs = [_leg(posting, source, known) for posting in postings]
    day = row.occurred_at.astimezone(UTC).date()
    moments = Moments(
        user.pk,
        user.reporting_currency,
        day,
        until=day,
        assets={leg.asset for leg in legs},
        known=known,
    )
    found = worths(
        legs,
        user.reporting_currency,
        lambda asset: moments.price(source, asset, row.occurred_at),
    )
    return tuple(
        LegWorth(leg.asset, known.name(leg.asset), leg.amount, leg.is_fee, worth.value, worth.found)
        for leg, worth in zip(legs, found, strict=True)
    )


def _leg(posting: Posting, source: str, known: Identities) -> Leg:
    return Leg(
        known.of(source, posting.asset),
        known.amount(source, posting.asset, posting.amount),
        is_fee=posting.role == PostingRole.FEE,
    )
