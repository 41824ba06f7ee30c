"""Which asset an exchange's code stands for: what a person decided, then what is known of codes.

Amounts and prices of a code that counts many coins as one (1000SATS) are scaled here and nowhere
else: an amount times the factor, a price by it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.known_assets import MULTIPLES, OWN_CODES, RENAMED
from portfolio.engine.pricing import Pair, Quote

ONE = Decimal(1)
EVERYWHERE = ""
Place = tuple[str, str]  # a source, or EVERYWHERE, and a code
Order = tuple[bool, Pair]


class RuleKind(enum.StrEnum):
    """What a person said of a code."""

    ALIAS = "alias"  # it stands for another asset
    SPAM = "spam"  # it is worth nothing, and to be left out
    NAME = "name"  # it is to be shown by another name


@dataclass(frozen=True, slots=True)
class Rule:
    """One decision on the code of one source, or of all; ``factor`` coins are in one of it."""

    kind: RuleKind
    source: str
    code: str
    asset: str = ""
    factor: Decimal = ONE
    name: str = ""

    @property
    def place(self) -> Place:
        return (self.source, self.code)


@dataclass(frozen=True, slots=True)
class Standing:
    """The asset that a code stands for, and how much of it is in one of the code."""

    asset: str
    factor: Decimal = ONE


class How(enum.StrEnum):
    """Why a code is known to stand for another asset."""

    MULTIPLE = "multiple"  # one of it is many coins
    OWN_CODE = "own"  # what this exchange calls it
    FORMER = "former"  # the coin has another code by now


class Identities:
    """What the codes of one person's exchanges stand for."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._aliases: dict[Place, Standing] = {}
        self._spam: set[Place] = set()
        self._names: dict[str, str] = {}
        for rule in rules:
            if rule.kind is RuleKind.ALIAS:
                self._aliases[rule.place] = Standing(rule.asset, rule.factor)
            elif rule.kind is RuleKind.SPAM:
                self._spam.add(rule.place)
            else:
                self._names[rule.code] = rule.name
        self._found: dict[Place, Standing] = {}

    def of(self, source: str, code: str) -> str:
        """The asset that a code of a source stands for; the code itself where nothing is known."""
        return self.standing(source, code).asset

    def standing(self, source: str, code: str) -> Standing:
        """The asset a code stands for, and how much of it."""
        place = (source, code)
        if place not in self._found:
            self._found[place] = self._resolved(source, code)
        return self._found[place]

    def amount(self, source: str, code: str, amount: Decimal) -> Decimal:
        """An amount of a code, in the asset."""
        factor = self.standing(source, code).factor
        return amount if factor == ONE else money.multiply(amount, factor)

    def read(self, source: str, pair: Pair, price: Decimal) -> tuple[Pair, Decimal]:
        """A quote of a source (code, in the code of a currency) as one of what the codes stand for.

        The price of one of the asset: exact where the factor is a power of ten.
        """
        one, paid = (self.standing(source, code) for code in pair)
        if one.factor != ONE or paid.factor != ONE:
            price = money.divide(money.multiply(price, paid.factor), one.factor)
        return (one.asset, paid.asset), price

    def is_spam(self, source: str, code: str) -> bool:
        """Whether it is to be left out: as a code, or as the asset it stands for."""
        if not self._spam:
            return False
        asset = self.of(source, code)
        return bool(self._spam & {(source, code), (EVERYWHERE, code), (EVERYWHERE, asset)})

    def name(self, asset: str) -> str:
        """How an asset is to be shown."""
        return self._names.get(asset, asset)

    def is_plain(self, asset: str) -> bool:
        """Whether an asset has one code, its own, at every exchange."""
        is_decided = any(code == asset for _, code in self._aliases)
        return (
            not is_decided and known(EVERYWHERE, asset) is None and self.codes([asset]) == {asset}
        )

    def codes(self, assets: Iterable[str]) -> frozenset[str]:
        """All codes that may stand for one of these assets somewhere, and themselves."""
        wanted = set(assets)
        former = ((EVERYWHERE, code) for code in RENAMED)
        places = {*self._aliases, *former, *MULTIPLES, *OWN_CODES}
        return frozenset(wanted | {code for s, code in places if self.of(s, code) in wanted})

    def _resolved(self, source: str, code: str) -> Standing:
        """Follows what is said of a code, then of the asset it stands for, until nothing is."""
        first = self._aliases.get((source, code)) or self._said(source, code)
        if first is None or first.asset == code:
            return Standing(code)
        asset, factor, seen = first.asset, first.factor, {code, first.asset}
        while (more := self._said(EVERYWHERE, asset)) is not None and more.asset not in seen:
            asset, factor = more.asset, money.multiply(factor, more.factor)
            seen.add(asset)
        return Standing(asset, factor)

    def _said(self, source: str, code: str) -> Standing | None:
        """What is said of a code everywhere, else what is known of it at an exchange."""
        decided = self._aliases.get((EVERYWHERE, code))
        return decided or known(source, code)


def known(source: str, code: str) -> Standing | None:
    """What a code is known to stand for without anybody's decision; None for itself."""
    how = how_known(source, code)
    if how is How.MULTIPLE:
        many = MULTIPLES[exchange_of(source), code]
        return Standing(many.asset, many.factor)
    if how is How.OWN_CODE:
        return Standing(OWN_CODES[exchange_of(source), code])
    return None if how is None else Standing(RENAMED[code].asset)


def how_known(source: str, code: str) -> How | None:
    """Why a code is known to stand for another asset; None where it is not."""
    place = (exchange_of(source), code)
    if place in MULTIPLES:
        return How.MULTIPLE
    if place in OWN_CODES:
        return How.OWN_CODE
    return How.FORMER if code in RENAMED else None


_MANY = re.compile(r"(10{3,}|1M)([A-Z]{2,}[A-Z0-9]*)")


def looks_like(code: str) -> Standing | None:
    """Many coins as one, by the look of a code (1000XYZ, 1MXYZ): to be offered, never assumed."""
    match = _MANY.fullmatch(code)
    if match is None:
        return None
    number, asset = match.groups()
    return Standing(asset, Decimal(1_000_000) if number == "1M" else Decimal(number))


def exchange_of(source: str) -> str:
    """The exchange of a source of prices: ``kraken:sandbox`` is Kraken's sandbox."""
    return source.partition(":")[0]


def closes_a_circle(rules: Iterable[Rule], added: Rule) -> bool:
    """Whether a code would at last stand for itself through what is said of other assets."""
    after: Mapping[str, str] = {
        rule.code: rule.asset
        for rule in (*rules, added)
        if rule.kind is RuleKind.ALIAS and rule.source == EVERYWHERE
    }
    asset, seen = added.asset, {added.code}
    while asset not in seen:
        seen.add(asset)
        if asset not in after:
            return False
        asset = after[asset]
    return True


def merged_quotes(quotes: Iterable[Quote], standing: Identities) -> list[Quote]:
    """The quotes of what each source's codes stand for, one per market.

    Where two codes of a source are one asset (a coin and its old code), the newest quote counts,
    and of those as new as each other that of the asset's own code.
    """
    best: dict[tuple[str, str, str], tuple[tuple[datetime, Order], Quote]] = {}
    for quote in quotes:
        pair = (quote.asset, quote.currency)
        (asset, currency), price = standing.read(quote.source, pair, quote.price)
        read = Quote(asset, currency, price, quote.source, quote.at)
        rank = (quote.at, order((asset, currency), pair))
        if read.name not in best or rank > best[read.name][0]:
            best[read.name] = (rank, read)
    return [read for _, read in best.values()]


def order(read: Pair, pair: Pair) -> Order:
    """Which of two quotes counts that are one source's for one market: the greater."""
    return (read == pair, pair)
