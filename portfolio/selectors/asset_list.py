"""Reads all assets that a user ever held: by which codes, what is decided and what is not known."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.identities import EVERYWHERE, How, Identities, Place, RuleKind, how_known
from portfolio.engine.pricing import HUBS
from portfolio.models import AssetRule, LatestPrice, PriceSeries
from portfolio.selectors import assets, valuation
from portfolio.selectors.valuation import HoldingRow


class State(enum.StrEnum):
    """What is to be said of an asset."""

    UNKNOWN = "unknown"  # no exchange here has ever quoted it
    MERGED = "merged"  # several codes are it, or one that is not its own
    RENAMED = "renamed"
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one source, and how it came to stand for its asset."""

    source: str
    code: str
    asset: str
    factor: Decimal
    how: How | None  # why it is known to be, where nobody decided it
    rule: AssetRule | None  # the user's decision that says so
    spam: AssetRule | None  # the user's decision that leaves it out


@dataclass(frozen=True, slots=True)
class AssetLine:
    """One asset; ``value`` is None where no price is known, or nothing is held."""

    asset: str
    name: str
    quantity: Decimal
    price: Decimal | None
    value: Decimal | None
    codes: tuple[Code, ...]
    states: frozenset[State]
    renamed: AssetRule | None

    @property
    def is_spam(self) -> bool:
        return State.SPAM in self.states

    @property
    def rules(self) -> tuple[AssetRule, ...]:
        """The decisions on it that are in force, each once."""
        told = [self.renamed, *(rule for code in self.codes for rule in (code.rule, code.spam))]
        return tuple({rule.pk: rule for rule in told if rule is not None}.values())


@dataclass(frozen=True, slots=True)
class AssetList:
    """All assets, the most valuable first, spam last."""

    currency: str
    counted: tuple[AssetLine, ...]
    spam: tuple[AssetLine, ...]

    def line(self, code: str) -> AssetLine | None:
        """The asset with this code, its own or an exchange's."""
        lines = (*self.counted, *self.spam)
        own = (line for line in lines if line.asset == code)
        as_code = (line for line in lines if any(told.code == code for told in line.codes))
        return next(own, None) or next(as_code, None)


def assets_of(user: User) -> AssetList:
    """Every asset that the user's ledger ever knew; in seven queries."""
    rules = list(AssetRule.objects.of(user).in_force())
    standing = Identities(row.rule for row in rules)
    codes: dict[str, list[Code]] = defaultdict(list)
    for place in sorted(assets.sources(user)):
        told = _code(place, standing, rules)
        codes[told.asset].append(told)
    worth = valuation.holdings_valued(user, standing)
    held: dict[str, list[HoldingRow]] = defaultdict(list)
    for row in (*worth.rows, *worth.spam):
        held[row.asset].append(row)
    seen = quoted(codes, standing, user.reporting_currency)
    names = {row.code: row for row in rules if row.kind == RuleKind.NAME}
    lines = sorted(
        (_line(a, codes[a], held[a], names.get(a), is_quoted=a in seen) for a in codes),
        key=_order,
    )
    return AssetList(
        currency=user.reporting_currency,
        counted=tuple(line for line in lines if not line.is_spam),
        spam=tuple(line for line in lines if line.is_spam),
    )


def _code(place: Place, standing: Identities, rules: Sequence[AssetRule]) -> Code:
    source, code = place
    stands = standing.standing(source, code)
    rule = _decided(rules, RuleKind.ALIAS, [place, (EVERYWHERE, code)])
    spam_places = [place, (EVERYWHERE, code), (EVERYWHERE, stands.asset)]
    return Code(
        source=source,
        code=code,
        asset=stands.asset,
        factor=stands.factor,
        how=how_known(source, code) if rule is None else None,
        rule=rule,
        spam=_decided(rules, RuleKind.SPAM, spam_places),
    )


def _decided(
    rules: Sequence[AssetRule], kind: RuleKind, places: Sequence[Place]
) -> AssetRule | None:
    """The decision at the first of these places that has one."""
    made = {(rule.source, rule.code): rule for rule in rules if rule.kind == kind}
    return next((made[place] for place in places if place in made), None)


def quoted(assets_asked: Iterable[str], standing: Identities, currency: str) -> set[str]:
    """Those of some assets that any exchange has ever quoted; one query."""
    wanted = set(assets_asked)
    names = standing.codes(wanted)
    either = Q(asset__in=names) | Q(currency__in=names)
    series = PriceSeries.objects.filter(either, fetched_from__isnull=False)
    latest = LatestPrice.objects.filter(either)
    pair = ("source", "asset", "currency")
    rows = latest.values_list(*pair).union(series.values_list(*pair))
    found = {standing.of(source, code) for source, *codes in rows for code in codes}
    return (found | {currency, *HUBS}) & wanted


def _line(
    asset: str,
    codes: Sequence[Code],
    held: Sequence[HoldingRow],
    renamed: AssetRule | None,
    *,
    is_quoted: bool,
) -> AssetLine:
    priced = [row for row in held if row.value is not None]
    values = [row.value for row in priced if row.value is not None]
    states = {
        State.UNKNOWN: not is_quoted,
        State.MERGED: any(told.code != asset for told in codes),
        State.RENAMED: renamed is not None,
        State.SPAM: all(told.spam is not None for told in codes),
    }
    return AssetLine(
        asset=asset,
        name=renamed.name if renamed else asset,
        quantity=money.total(row.quantity for row in held),
        price=priced[0].price if priced else None,
        value=money.total(values) if held and len(values) == len(held) else None,
        codes=tuple(codes),
        states=frozenset(state for state, holds in states.items() if holds),
        renamed=renamed,
    )


def _order(line: AssetLine) -> tuple[bool, Decimal, bool, str]:
    value = line.value or money.ZERO
    return (line.value is None, money.negate(value), not line.quantity, line.asset)
