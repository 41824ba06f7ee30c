"""Turns the transactions of a ledger into the events of the tax engine, and tells what it assumed.

An account is one wallet to the tax: what moves between its own pockets is nothing. Fiat money of
any currency is money, worth what it was then in the base currency. Nothing is left out in silence:
where the ledger does not say what the tax needs, an ``Assumption`` names it, with the money.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.export import ExportTransaction
from portfolio.engine.money import ZERO
from portfolio.engine.tax.holdings import Holdings, Price
from portfolio.engine.tax.nets import Net, after_fees, is_of_contract, joined, nets_of, part_of
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
_WITH_REBATES = (Kind.TRADE, Kind.CONVERSION, Kind.FEE)


class Assumed(enum.StrEnum):
    """What was taken for granted where the ledger does not say."""

    UNPRICED = "unpriced"  # nobody knows what it was sold for, or worth: in no sum
    NO_COST = "no_cost"  # nobody knows what was paid: taken as nothing
    NO_VALUE = "no_value"  # nobody knows the price of a coin: nothing, in the value of all coins
    UNKNOWN_ORIGIN = "unknown_origin"  # coins came from outside: taken at no cost
    UNKNOWN_TARGET = "unknown_target"  # coins left for outside: taken as still theirs
    ONE_SIDED = "one_sided"  # a sale without its price: taken as sold for what it was worth
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
    value: Decimal | None  # in the base currency, signed as the amount; None: not known


@dataclass(slots=True)
class Translation:
    """What came of a ledger, filled while ``events`` are taken.

    ``sources`` has the transaction of each event, by the event's place, ``accounts`` where it was.
    """

    sources: list[int] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    contracts: list[ContractLine] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)


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

    ``costs`` are what is told to be paid or got in all, in the base currency, by transaction.
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
        self._costs = dict(costs)
        self._at_no_cost = at_no_cost
        # What went into a lock or a loan and did not come back, by account and asset.
        self._locked: dict[tuple[str, str], Decimal] = {}
        # Transfers of which the sending half was read, and what arrived before it was.
        self._left: set[int | None] = set()
        self._arrived: dict[tuple[int | None, str], Decimal] = {}

    def translate(self, told: ExportTransaction) -> Iterator[TaxEvent]:
        nets = nets_of(told, PostingRole.PRINCIPAL)
        fees = nets_of(told, PostingRole.FEE)
        if told.counterpart is not None:
            yield from self._transfer(told, nets, fees)
            return
        if told.kind in _INCOME:
            nets, fees = after_fees(nets, fees)
        came = [net for net in nets if net.amount > 0]
        went = [net for net in nets if net.amount < 0]
        is_swap = bool(came and went)  # also where a position in coins is closed by force
        if is_of_contract(told) and not (is_swap and told.kind is Kind.LIQUIDATION):
            yield from self._contract(told, [*nets, *fees])
        elif is_swap:
            yield from self._trade(told, came, went, fees)
        else:
            for net in came:
                yield from self._in(told, net)
            for net in went:
                yield from self._out(told, net)
            yield from self._fees(told, fees)

    # --- Trades -------------------------------------------------------------------------------

    def _trade(
        self, told: ExportTransaction, came: Sequence[Net], went: Sequence[Net], fees: list[Net]
    ) -> Iterator[TaxEvent]:
        """One for one is a trade; of several each is sold, or bought, for what it was worth."""
        if len(came) == len(went) == 1:
            yield from self._one_for_one(told, came[0], went[0], fees)
            return
        coins = [net for net in (*went, *came) if net.asset not in FIAT]
        paid = [fee for fee in fees if fee.amount < 0] if coins else []
        first = self._fee_leg(told, paid[0]) if paid else None
        for net in (*went, *came):  # the first coin bears the fee
            bears = bool(coins) and net is coins[0]
            yield self._for_money(told, net, first if bears else None)
        yield from self._fees(told, [fee for fee in fees if fee not in paid[:1]])

    def _one_for_one(
        self, told: ExportTransaction, came: Net, went: Net, fees: list[Net]
    ) -> Iterator[TaxEvent]:
        """A trade bears one fee; what it costs beyond that is part of the price.

        Where the worth of one side is not known, that of the other serves both.
        """
        got, given = self._leg(came), self._leg(went)
        if (
            got.asset == given.asset == self._base
        ):  # money for money: a fee in coins is all there is
            yield TaxEvent(told.occurred_at, EventKind.BUY, told.account, got, given)
            yield from self._fees(told, fees)
            return
        if got.value is None and given.value is None:
            self._assume_unknown(told, came, went)
        paid = [fee for fee in fees if fee.amount < 0]
        legs = [self._fee_leg(told, fee) for fee in paid]
        more = money.total(leg.value or ZERO for leg in legs[1:])
        into: Leg | None
        kind, into = EventKind.TRADE, got if got.asset != self._base else None
        if given.asset == self._base:
            worth = got.value if given.value is None else given.value
            kind, given = EventKind.BUY, self._money(money.add(worth or ZERO, more))
        elif into is None:
            kind, worth = EventKind.SELL, given.value if got.value is None else got.value
            if worth is not None:
                into = self._money(max(money.add(worth, money.negate(more)), ZERO))
        yield TaxEvent(told.occurred_at, kind, told.account, into, given, legs[0] if legs else None)
        yield from self._fees(told, [fee for fee in fees if fee.amount > 0] + paid[1:])

    def _assume_unknown(self, told: ExportTransaction, came: Net, went: Net) -> None:
        if came.asset not in FIAT:
            self._assume(Assumed.NO_COST, told, came)
        if went.asset not in FIAT:
            self._assume(Assumed.UNPRICED, told, went)

    def _fee_leg(self, told: ExportTransaction, fee: Net) -> Leg:
        """A fee that a trade bears; one of a worth that nobody knows takes nothing off."""
        leg = self._leg(fee)
        if leg.value is None:
            self._assume(Assumed.NO_COST, told, fee)
            if fee.asset not in FIAT:
                self._assume(Assumed.UNPRICED, told, fee)
        return leg

    def _money(self, amount: Decimal) -> Leg:
        return Leg(self._base, amount, amount)

    def _for_money(self, told: ExportTransaction, net: Net, fee: Leg | None) -> TaxEvent:
        leg = self._leg(net)
        is_unknown = leg.value is None and net.asset not in FIAT
        price = self._money(leg.value or ZERO)
        if net.amount > 0:
            if is_unknown:
                self._assume(Assumed.NO_COST, told, net)
            return TaxEvent(told.occurred_at, EventKind.BUY, told.account, leg, price, fee)
        if is_unknown:
            self._assume(Assumed.UNPRICED, told, net)
        into = None if is_unknown else price
        return TaxEvent(told.occurred_at, EventKind.SELL, told.account, into, leg, fee)

    # --- One side -----------------------------------------------------------------------------

    def _in(self, told: ExportTransaction, net: Net) -> Iterator[TaxEvent]:
        """What came without anything going."""
        kind = told.kind
        if net.asset in FIAT and kind not in (*_INCOME, Kind.FEE):
            yield self._event(told, EventKind.DEPOSIT, into=self._leg(net))
        elif kind.value in self._at_no_cost and net.asset not in FIAT:
            yield self._at_cost(told, net, self._costs.get(told.id, ZERO))
        elif kind in _INCOME or kind is Kind.FEE:
            subkind = "rebate" if kind is Kind.FEE else kind.value
            yield from self._received(told, net, subkind)
        elif kind is Kind.GIFT:
            if net.value is None:
                self._assume(Assumed.NO_COST, told, net)
            yield self._event(told, EventKind.GIFT, into=self._leg(net), subkind="gift")
        elif kind is Kind.OTHER:
            yield from self._back(told, net)
        elif kind is not Kind.TRANSFER:
            yield self._of_unknown_origin(told, net)

    def _received(self, told: ExportTransaction, net: Net, subkind: str) -> Iterator[TaxEvent]:
        """Income; of a worth that nobody knows it is in no sum, and its coins cost nothing."""
        leg = self._leg(net)
        if leg.value is None:
            self._assume(Assumed.UNPRICED, told, net)
            if net.asset in FIAT:
                return
            self._assume(Assumed.NO_COST, told, net)
        yield self._event(told, EventKind.INCOME, into=leg, subkind=subkind)

    def _back(self, told: ExportTransaction, net: Net) -> Iterator[TaxEvent]:
        """What was locked comes back with its lots; beyond that it is of unknown origin."""
        key = told.account, net.asset
        back = min(self._locked.get(key, ZERO), net.amount)
        if back:
            self._locked[key] = money.add(self._locked[key], money.negate(back))
            leg = Leg(net.asset, back)
            yield TaxEvent(
                *(told.occurred_at, EventKind.TRANSFER, OUTSIDE, leg, leg), to_wallet=told.account
            )
        rest = money.add(net.amount, money.negate(back))
        if rest:
            value = part_of(net.value, rest, net.amount)
            yield self._of_unknown_origin(told, Net(net.asset, rest, value))

    def _of_unknown_origin(self, told: ExportTransaction, net: Net) -> TaxEvent:
        cost = self._costs.pop(told.id, None)  # of several coins the first has it
        if cost is None:
            what = Assumed.UNKNOWN_ORIGIN if told.kind is Kind.DEPOSIT else Assumed.UNCLEAR
            self._assume(what, told, net)
            cost = ZERO
        return self._at_cost(told, net, cost)

    def _at_cost(self, told: ExportTransaction, net: Net, cost: Decimal) -> TaxEvent:
        into = Leg(net.asset, net.amount, cost)
        price = Leg(self._base, cost, cost)
        subkind = told.kind.value
        return self._event(told, EventKind.BUY, into=into, out=price, subkind=subkind)

    def _out(self, told: ExportTransaction, net: Net) -> Iterator[TaxEvent]:
        """What went without anything coming."""
        kind = told.kind
        if net.asset in FIAT:
            yield self._event(told, EventKind.WITHDRAWAL, out=self._leg(net))
        elif kind is Kind.LOST:  # it brings nothing
            leg, nothing = self._leg(net), self._money(ZERO)
            yield self._event(told, EventKind.SELL, into=nothing, out=leg, subkind=kind.value)
        elif kind is Kind.PAYMENT:
            leg = self._out_leg(told, net)
            price = None if leg.value is None else self._money(leg.value)
            yield self._event(told, EventKind.SELL, into=price, out=leg, subkind=kind.value)
        elif kind is Kind.GIFT:
            subkind = "spouse" if "spouse" in told.tags else "gift"
            yield self._event(told, EventKind.GIFT, out=self._out_leg(told, net), subkind=subkind)
        elif kind in (*_INCOME, Kind.FEE):
            leg = self._out_leg(told, net)
            yield self._event(told, EventKind.FEE, out=leg, subkind=kind.value)
        elif kind in (Kind.TRADE, Kind.CONVERSION):
            yield self._sold(told, net)
        elif kind is not Kind.TRANSFER:
            what = Assumed.UNKNOWN_TARGET if kind is Kind.WITHDRAWAL else Assumed.UNCLEAR
            self._assume(what, told, net)
            if kind is Kind.OTHER:
                key = told.account, net.asset
                locked = self._locked.get(key, ZERO)
                self._locked[key] = money.add(locked, money.negate(net.amount))
            yield self._moved(told, net, money.negate(net.amount), OUTSIDE)

    def _sold(self, told: ExportTransaction, net: Net) -> TaxEvent:
        """A sale whose price went elsewhere: what is told of it, else what the coins were worth."""
        price = self._costs.pop(told.id, None)
        if price is None:
            if net.value is not None:
                self._assume(Assumed.ONE_SIDED, told, net)
            leg = self._out_leg(told, net)
            price = leg.value
        else:
            leg = self._leg(net)
        into = None if price is None else self._money(price)
        return self._event(told, EventKind.SELL, into=into, out=leg)

    def _out_leg(self, told: ExportTransaction, net: Net) -> Leg:
        """A coin that goes for what it is worth."""
        if net.value is None:
            self._assume(Assumed.UNPRICED, told, net)
        return self._leg(net)

    def _fees(self, told: ExportTransaction, fees: Iterable[Net]) -> Iterator[TaxEvent]:
        for fee in fees:
            if fee.asset in FIAT and (fee.amount < 0 or told.kind not in _WITH_REBATES):
                continue  # it costs money, and no coin
            if fee.amount < 0:
                yield self._event(told, EventKind.FEE, out=self._out_leg(told, fee), subkind="fee")
            else:
                yield from self._received(told, fee, "rebate")

    # --- Contracts ----------------------------------------------------------------------------

    def _contract(self, told: ExportTransaction, nets: Iterable[Net]) -> Iterator[TaxEvent]:
        """Coins won are bought for what was won; coins paid are sold for what was lost."""
        for net in nets:
            value = self._leg(net).value
            is_coin = net.asset not in FIAT
            if value is None and not (is_coin and net.amount < 0):  # its sale tells it then
                self._assume(Assumed.UNPRICED, told, net)
            if value is not None and net.amount < 0:
                value = money.negate(value)
            self._made.contracts.append(
                ContractLine(
                    *(told.id, told.occurred_at, told.kind, told.account),
                    *(net.asset, net.amount, value),
                )
            )
            if is_coin:
                yield self._for_money(told, net, None)

    # --- Own transfers ------------------------------------------------------------------------

    def _transfer(
        self, told: ExportTransaction, nets: Sequence[Net], fees: Sequence[Net]
    ) -> Iterator[TaxEvent]:
        """Told by the half that sends; the one that receives only what is there before it left."""
        other = told.counterpart
        sent = [net for net in nets if net.amount < 0]
        if other is None or not sent:
            yield from self._early(told, nets)
            yield from self._fees(told, fees)
            return
        self._left.add(told.transfer)
        for net in sent:
            own = [fee for fee in fees if fee.asset == net.asset and fee.amount < 0]
            whole = joined(net, own)
            arrived = min(other.amount, whole.amount.copy_abs())
            event = self._moved(told, whole, arrived, other.account)
            early = self._arrived.pop((told.transfer, net.asset), None)
            yield event if early is None else _less(event, min(early, arrived))
        gone = {net.asset for net in sent}
        yield from self._fees(told, (fee for fee in fees if fee.asset not in gone))

    def _early(self, told: ExportTransaction, nets: Sequence[Net]) -> Iterator[TaxEvent]:
        """Clocks differ: what arrived before it left is there to be sold, with its lots."""
        other = told.counterpart
        if other is None or told.transfer in self._left:
            return
        for net in nets:
            if net.amount > 0 and net.asset == other.asset and net.asset not in FIAT:
                amount = min(net.amount, other.amount)
                self._arrived[told.transfer, net.asset] = amount
                leg = Leg(net.asset, amount)
                yield TaxEvent(
                    *(told.occurred_at, EventKind.TRANSFER, other.account, leg, leg),
                    to_wallet=told.account,
                )

    def _moved(self, told: ExportTransaction, net: Net, arrived: Decimal, to: str) -> TaxEvent:
        """Coins that go to another wallet; what does not arrive is the network's fee."""
        if net.asset in FIAT:
            return self._event(told, EventKind.WITHDRAWAL, out=self._leg(net))
        sent = money.negate(net.amount)
        lost = money.add(sent, money.negate(arrived))
        fee = None
        if lost:
            worth = part_of(net.value, lost, sent)
            if worth is None:
                self._assume(Assumed.UNPRICED, told, Net(net.asset, money.negate(lost), None))
            fee = Leg(net.asset, lost, worth)
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

    def _leg(self, net: Net) -> Leg:
        """Without a sign; money of any kind is the base currency's worth of it, None: not known."""
        value = net.amount.copy_abs() if net.asset == self._base else net.value
        if net.asset in FIAT:
            return Leg(self._base, value or ZERO, value)
        return Leg(net.asset, net.amount.copy_abs(), value)

    def assume_unpriced(self, told: ExportTransaction, holdings: Holdings) -> None:
        """Tell the coins that count as nothing in the value of all."""
        for asset, amount in holdings.unpriced:
            self._assume(Assumed.NO_VALUE, told, Net(asset, amount, None))
        holdings.unpriced.clear()

    def _assume(self, what: Assumed, told: ExportTransaction, net: Net) -> None:
        self._made.assumptions.append(
            Assumption(
                *(what, told.id, told.occurred_at, told.account),
                *(net.asset, net.amount.copy_abs(), net.value),
            )
        )


def _less(event: TaxEvent, early: Decimal) -> TaxEvent:
    """A transfer without what was told already."""
    out, into = event.out, event.into
    if out is None or into is None or event.kind is not EventKind.TRANSFER:
        return event
    less = money.negate(early)
    return replace(
        event,
        out=out._replace(amount=money.add(out.amount, less)),
        into=into._replace(amount=money.add(into.amount, less)),
    )
