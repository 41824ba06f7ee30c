"""Turns the transactions of a ledger into the events of the tax engine, and tells what it assumed.

An account is one wallet to the tax: what moves between its own pockets is nothing. Fiat money of
any currency is money, worth what it was then in the base currency. Nothing is left out in silence:
where the ledger does not say what the tax needs, an ``Assumption`` names it, with the money.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.export import ExportTransaction
from portfolio.engine.money import ZERO
from portfolio.engine.tax.holdings import Holdings, Price
from portfolio.engine.tax.settings import Picks
from portfolio.engine.tax.types import EventKind, Leg, TaxEvent
from portfolio.engine.types import PostingRole, TransactionKind

Kind = TransactionKind
FIAT = frozenset(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EUR GBP HKD HRK HUF IDR ILS INR ISK JPY KRW "  # noqa: SIM905
    "MXN MYR NGN NOK NZD PEN PHP PLN RON RUB SEK SGD THB TRY TWD UAH USD VND ZAR".split()
)
# Where coins are that left for a place that is not known, and are still their owner's.
OUTSIDE = "outside"
_INCOME = (Kind.REWARD, Kind.INTEREST, Kind.AIRDROP, Kind.MINING, Kind.FORK)
_CONTRACTS = (Kind.FUNDING, Kind.REALISED_PNL, Kind.LIQUIDATION)
_TRADES = (Kind.TRADE, Kind.CONVERSION)


class Assumed(enum.StrEnum):
    """What was taken for granted where the ledger does not say."""

    NO_VALUE = "no_value"  # nobody knows what it was worth: taken as nothing
    UNKNOWN_ORIGIN = "unknown_origin"  # coins came from outside: taken at no cost
    UNKNOWN_TARGET = "unknown_target"  # coins left for outside: taken as still theirs
    UNCLEAR = "unclear"  # a kind that says nothing about tax: as coming from, or going, outside


class Assumption(NamedTuple):
    """One of them. ``value`` is what the amount was worth; None: not known."""

    what: Assumed
    transaction: int
    time: datetime
    account: str
    asset: str
    amount: Decimal
    value: Decimal | None


class ContractLine(NamedTuple):
    """A cash flow of a contract: above zero is won. It has a schedule of its own."""

    transaction: int
    time: datetime
    kind: TransactionKind
    account: str
    asset: str
    amount: Decimal
    value: Decimal  # in the base currency, signed as the amount


@dataclass(slots=True)
class Translation:
    """What came of a ledger, filled while ``events`` are taken.

    ``sources`` has the transaction of each event, by the event's place, ``accounts`` where it was.
    """

    sources: list[int] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    contracts: list[ContractLine] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)

    def picks(self, told: Mapping[str, Iterable[tuple[int, str]]]) -> Picks:
        """Chosen lots by events, of those that are told by transactions and are there."""
        numbers = {source: event for event, source in reversed(list(enumerate(self.sources)))}
        return {
            numbers[int(sold)]: tuple(
                (numbers[int(lot)], Decimal(amount)) for lot, amount in lots if int(lot) in numbers
            )
            for sold, lots in told.items()
            if int(sold) in numbers
        }


class _Net(NamedTuple):
    """What an account got (above zero) or gave of one asset in one transaction."""

    asset: str
    amount: Decimal
    value: Decimal | None


def events(
    transactions: Iterable[ExportTransaction],
    base_currency: str,
    made: Translation,
    *,
    costs: Mapping[int, Decimal] | None = None,
    at_no_cost: frozenset[str] = frozenset(),
    price: Price | None = None,
) -> Iterator[TaxEvent]:
    """The tax events of transactions that come oldest first, with values in the base currency.

    ``costs`` are what their owner says was paid in all, in the base currency, by transaction.
    ``at_no_cost`` are the kinds of income, or "gift", that the law takes for no income and for
    coins that cost nothing. Where ``price`` is told, each sale has what all coins were worth.
    """
    translator = _Translator(base_currency, made, costs or {}, at_no_cost)
    holdings = Holdings(base_currency, price) if price else None
    for transaction in transactions:
        for plain in translator.translate(transaction):
            event = plain if holdings is None else holdings.follow(plain)
            if holdings is not None:
                translator.assume_unpriced(transaction, holdings)
            made.sources.append(transaction.id)
            made.accounts.append(transaction.account)
            yield event


class _Translator:
    def __init__(
        self,
        base: str,
        made: Translation,
        costs: Mapping[int, Decimal],
        at_no_cost: frozenset[str],
    ) -> None:
        self._base = base
        self._made = made
        self._costs = costs
        self._at_no_cost = at_no_cost

    def translate(self, told: ExportTransaction) -> Iterator[TaxEvent]:
        nets = _nets(told, PostingRole.PRINCIPAL)
        fees = _nets(told, PostingRole.FEE)
        if told.counterpart is not None:
            yield from self._transfer(told, nets, fees)
            return
        came = [net for net in nets if net.amount > 0]
        went = [net for net in nets if net.amount < 0]
        if told.kind in _CONTRACTS:
            yield from self._contract(told, [*nets, *fees])
        elif came and went:
            yield from self._trade(told, came, went, fees)
        else:
            for net in came:
                yield from self._in(told, net)
            for net in went:
                yield from self._out(told, net)
            yield from self._fees(told, fees)

    # --- Trades -------------------------------------------------------------------------------

    def _trade(
        self, told: ExportTransaction, came: Sequence[_Net], went: Sequence[_Net], fees: list[_Net]
    ) -> Iterator[TaxEvent]:
        """One for one is a trade; of several each is sold, or bought, for what it was worth."""
        paid = [fee for fee in fees if fee.amount < 0]
        first = self._leg(told, paid[0]) if paid else None
        if len(came) == len(went) == 1:
            got, given = self._leg(told, came[0]), self._leg(told, went[0])
            kind = EventKind.TRADE
            if given.asset == self._base:
                kind = EventKind.BUY
            elif got.asset == self._base:
                kind = EventKind.SELL
            yield TaxEvent(told.occurred_at, kind, told.account, got, given, first)
        else:
            for net in went:
                yield self._for_money(told, net, first)
                first = None
            for net in came:
                yield self._for_money(told, net, None)
        rest = [fee for fee in fees if fee.amount > 0] + paid[1:]
        yield from self._fees(told, rest)

    def _for_money(self, told: ExportTransaction, net: _Net, fee: Leg | None) -> TaxEvent:
        leg = self._leg(told, net)
        worth = leg.value or ZERO
        price = Leg(self._base, worth, worth)
        if net.amount > 0:
            return TaxEvent(told.occurred_at, EventKind.BUY, told.account, leg, price, fee)
        return TaxEvent(told.occurred_at, EventKind.SELL, told.account, price, leg, fee)

    # --- One side -----------------------------------------------------------------------------

    def _in(self, told: ExportTransaction, net: _Net) -> Iterator[TaxEvent]:
        """What came without anything going."""
        kind = told.kind
        if net.asset in FIAT and kind not in _INCOME:
            yield self._event(told, EventKind.DEPOSIT, into=self._leg(told, net))
        elif kind.value in self._at_no_cost:
            yield self._at_cost(told, net, ZERO)
        elif kind in _INCOME or kind is Kind.FEE:
            subkind = "rebate" if kind is Kind.FEE else kind.value
            yield self._event(told, EventKind.INCOME, into=self._leg(told, net), subkind=subkind)
        elif kind is Kind.GIFT:
            yield self._event(told, EventKind.GIFT, into=self._leg(told, net), subkind="gift")
        elif kind is not Kind.TRANSFER:
            yield self._of_unknown_origin(told, net)

    def _of_unknown_origin(self, told: ExportTransaction, net: _Net) -> TaxEvent:
        cost = self._costs.get(told.id)
        if cost is None:
            what = Assumed.UNKNOWN_ORIGIN if told.kind is Kind.DEPOSIT else Assumed.UNCLEAR
            self._assume(what, told, net)
            cost = ZERO
        return self._at_cost(told, net, cost)

    def _at_cost(self, told: ExportTransaction, net: _Net, cost: Decimal) -> TaxEvent:
        into = Leg(net.asset, net.amount, cost)
        price = Leg(self._base, cost, cost)
        subkind = told.kind.value
        return self._event(told, EventKind.BUY, into=into, out=price, subkind=subkind)

    def _out(self, told: ExportTransaction, net: _Net) -> Iterator[TaxEvent]:
        """What went without anything coming."""
        kind = told.kind
        if net.asset in FIAT:
            yield self._event(told, EventKind.WITHDRAWAL, out=self._leg(told, net))
        elif kind in (Kind.PAYMENT, Kind.LOST):
            leg = self._leg(told, net)
            # What is lost brings nothing.
            worth = ZERO if kind is Kind.LOST else leg.value or ZERO
            price = Leg(self._base, worth, worth)
            yield self._event(told, EventKind.SELL, into=price, out=leg, subkind=kind.value)
        elif kind is Kind.GIFT:
            subkind = "spouse" if "spouse" in told.tags else "gift"
            yield self._event(told, EventKind.GIFT, out=self._leg(told, net), subkind=subkind)
        elif kind in (*_INCOME, Kind.FEE):
            yield self._event(told, EventKind.FEE, out=self._leg(told, net), subkind=kind.value)
        elif kind is not Kind.TRANSFER:
            what = Assumed.UNKNOWN_TARGET if kind is Kind.WITHDRAWAL else Assumed.UNCLEAR
            self._assume(what, told, net)
            yield self._moved(told, net, money.negate(net.amount), OUTSIDE)

    def _fees(self, told: ExportTransaction, fees: Iterable[_Net]) -> Iterator[TaxEvent]:
        for fee in fees:
            if fee.asset in FIAT:
                continue  # of what is no trade: it costs money, and no coin
            leg = self._leg(told, fee)
            if fee.amount < 0:
                yield self._event(told, EventKind.FEE, out=leg, subkind="fee")
            else:
                yield self._event(told, EventKind.INCOME, into=leg, subkind="rebate")

    # --- Contracts ----------------------------------------------------------------------------

    def _contract(self, told: ExportTransaction, nets: Iterable[_Net]) -> Iterator[TaxEvent]:
        """Coins won are bought for what was won; coins paid are sold for what was lost."""
        for net in nets:
            leg = self._leg(told, net)
            worth = leg.value or ZERO
            value = worth if net.amount > 0 else money.negate(worth)
            self._made.contracts.append(
                ContractLine(
                    *(told.id, told.occurred_at, told.kind, told.account),
                    *(net.asset, net.amount, value),
                )
            )
            if net.asset not in FIAT:
                yield self._for_money(told, net, None)

    # --- Own transfers ------------------------------------------------------------------------

    def _transfer(
        self, told: ExportTransaction, nets: Sequence[_Net], fees: Sequence[_Net]
    ) -> Iterator[TaxEvent]:
        """Told by the half that sends; the half that receives says nothing more."""
        other = told.counterpart
        sent = [net for net in nets if net.amount < 0]
        if other is None or not sent:
            yield from self._fees(told, fees)
            return
        for net in sent:
            own = [fee for fee in fees if fee.asset == net.asset and fee.amount < 0]
            whole = _joined(net, own)
            yield self._moved(
                told, whole, min(other.amount, whole.amount.copy_abs()), other.account
            )
        gone = {net.asset for net in sent}
        yield from self._fees(told, (fee for fee in fees if fee.asset not in gone))

    def _moved(self, told: ExportTransaction, net: _Net, arrived: Decimal, to: str) -> TaxEvent:
        """Coins that go to another wallet; what does not arrive is the network's fee."""
        if net.asset in FIAT:
            return self._event(told, EventKind.WITHDRAWAL, out=self._leg(told, net))
        sent = money.negate(net.amount)
        lost = money.add(sent, money.negate(arrived))
        fee = None
        if lost:
            worth = _part(net.value, lost, sent)
            if worth is None:
                self._assume(Assumed.NO_VALUE, told, _Net(net.asset, money.negate(lost), None))
            fee = Leg(net.asset, lost, worth or ZERO)
        return TaxEvent(
            told.occurred_at,
            EventKind.TRANSFER,
            told.account,
            into=Leg(net.asset, arrived),
            out=Leg(net.asset, sent),
            fee=fee,
            to_wallet=to,
        )

    # --- Legs ---------------------------------------------------------------------------------

    def _event(
        self,
        told: ExportTransaction,
        kind: EventKind,
        *,
        into: Leg | None = None,
        out: Leg | None = None,
        subkind: str = "",
    ) -> TaxEvent:
        return TaxEvent(told.occurred_at, kind, told.account, into, out, subkind=subkind)

    def _leg(self, told: ExportTransaction, net: _Net) -> Leg:
        """Without a sign; money of any kind is the base currency's worth of it."""
        value = net.value
        if net.asset == self._base:
            value = net.amount.copy_abs()
        if value is None:
            self._assume(Assumed.NO_VALUE, told, net)
            value = ZERO
        if net.asset in FIAT:
            return Leg(self._base, value, value)
        return Leg(net.asset, net.amount.copy_abs(), value)

    def assume_unpriced(self, told: ExportTransaction, holdings: Holdings) -> None:
        """Tell the coins that count as nothing in the value of all."""
        for asset, amount in holdings.unpriced:
            self._assume(Assumed.NO_VALUE, told, _Net(asset, amount, None))
        holdings.unpriced.clear()

    def _assume(self, what: Assumed, told: ExportTransaction, net: _Net) -> None:
        self._made.assumptions.append(
            Assumption(
                *(what, told.id, told.occurred_at, told.account),
                *(net.asset, net.amount.copy_abs(), net.value),
            )
        )


def _nets(told: ExportTransaction, role: PostingRole) -> list[_Net]:
    """What an account got or gave of each asset, in the order of first mention; zeros left out.

    A value is known where that of every amount is.
    """
    amounts: dict[str, Decimal] = {}
    values: dict[str, Decimal | None] = {}
    for leg in told.legs:
        if leg.role is not role:
            continue
        amounts[leg.asset] = money.add(amounts.get(leg.asset, ZERO), leg.amount)
        values[leg.asset] = _plus(values.get(leg.asset, ZERO), leg.value, leg.amount)
    return [
        _Net(asset, amount, None if (value := values[asset]) is None else value.copy_abs())
        for asset, amount in amounts.items()
        if amount
    ]


def _plus(sofar: Decimal | None, value: Decimal | None, amount: Decimal) -> Decimal | None:
    if sofar is None or value is None:
        return None
    return money.add(sofar, money.negate(value) if amount < 0 else value)


def _joined(net: _Net, fees: Sequence[_Net]) -> _Net:
    """What left with its fees in the same coin."""
    amount = money.total([net.amount, *(fee.amount for fee in fees)])
    known = [part.value for part in (net, *fees) if part.value is not None]
    return _Net(net.asset, amount, money.total(known) if len(known) == 1 + len(fees) else None)


def _part(value: Decimal | None, part: Decimal, whole: Decimal) -> Decimal | None:
    if value is None:
        return None
    return money.divide(money.multiply(value, part), whole)
