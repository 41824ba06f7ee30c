"""Form 8949 (US sales and other dispositions of capital assets) out of a whole history.

The tax engine does the work; here lots become lines, and money is rounded: to cents in each line,
as the form has it, and the gain is worked out of what the line says. Columns and boxes: Form 8949
and its instructions; boxes G to L for digital assets since 2025, by the Forms 1099-DA that the
person gave (see ``portfolio.engine.tax.broker``), C and F until 2024. A line counts as reported
where the broker told of the asset on that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.engine.tax import broker, choosing
from portfolio.engine.tax.figures import cents
from portfolio.engine.tax.from_ledger import Assumed, Translation, events
from portfolio.engine.tax.history import History
from portfolio.engine.tax.places.us import BY_WALLET, PLACE
from portfolio.engine.tax.settings import Oversell, Settings
from portfolio.engine.tax.types import Disposal, EventKind, TaxEvent, Term
from portfolio.exports.format import gettext_noop

Reported = Mapping[tuple[str, str, date], bool]


class FormLine(NamedTuple):
    """One line of the form: one lot, or a part of it. Money is in cents, the gain is (d) - (e).

    Of an unknown price there are neither proceeds nor a gain.
    """

    asset: str
    amount: Decimal
    acquired: date | None  # None: not known
    sold: date
    proceeds: Decimal | None
    cost: Decimal
    is_long: bool
    account: str
    is_basis_reported: bool | None = None  # None: no broker reported the sale

    @property
    def gain(self) -> Decimal | None:
        if self.proceeds is None:
            return None
        return money.add(self.proceeds, money.negate(self.cost))

    @property
    def box(self) -> str:
        """The form's box; until 2024 that of what no broker reported."""
        if self.sold.year < BY_WALLET:
            return "F" if self.is_long else "C"
        return broker.box(is_long=self.is_long, is_basis_reported=self.is_basis_reported)


def lines(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[FormLine]:
    """The lines of the context's range, by year, term and date.

    ``transactions`` are all there are up to its end, with values in the context's currency.
    """
    settings, labels = settings_of(context), dict[str, str]()
    made = Translation()
    costs = context.tax.costs if context.tax else {}
    reported = context.tax.reported if context.tax else {}
    told = events(
        _labelled(transactions, labels),
        settings.base_currency,
        made,
        costs=costs,
        at_no_cost=PLACE.at_no_cost,
    )
    history = History(told, settings.base_currency)
    if context.tax:
        chosen = choosing.read(context.tax.picks)
        found = choosing.matched(chosen, made.sources, history)
        settings = replace(settings, picks=choosing.picks(found))
    for row in _sorted(PLACE.compute(settings, history).disposals, history, context):
        yield _line(row, settings, labels, reported)


def settings_of(context: ExportContext) -> Settings:
    """The person's choices, or the first in first out of the place."""
    if context.tax is not None:
        return context.tax.settings
    made = PLACE.settings_for("fifo")
    # What was never held is named, and cost nothing.
    return replace(made, base_currency=context.currency, oversell=Oversell.ZERO_COST)


def _labelled(
    transactions: Iterable[ExportTransaction], labels: dict[str, str]
) -> Iterator[ExportTransaction]:
    for transaction in transactions:
        labels[transaction.account] = transaction.account_label
        yield transaction


def _sorted(rows: Iterable[Disposal], history: History, context: ExportContext) -> list[Disposal]:
    """Those of the range that make a gain or a loss, as the form groups them."""
    found = [
        row
        for row in rows
        if (context.since is None or row.time >= context.since)
        and (context.before is None or row.time < context.before)
        and history.subkinds.get(row.event, "") not in PLACE.apart
    ]
    return sorted(found, key=lambda row: (row.on.year, row.term is Term.LONG, row.time, row.event))


def _line(
    row: Disposal, settings: Settings, labels: dict[str, str], reported: Reported
) -> FormLine:
    return FormLine(
        asset=row.asset,
        amount=row.amount,
        acquired=_day(row.acquired, settings),
        sold=row.on,
        proceeds=None if row.proceeds is None else cents(row.proceeds),
        cost=cents(row.cost_basis),
        is_long=row.term is Term.LONG,
        account=labels.get(row.wallet, row.wallet),
        is_basis_reported=reported.get((row.wallet, row.asset, row.on)),
    )


def _day(acquired: datetime | date | None, settings: Settings) -> date | None:
    return settings.local_date(acquired) if isinstance(acquired, datetime) else acquired


# --- What it does not say ---------------------------------------------------------------------

CODES = {
    Assumed.UNPRICED: "unpriced",
    Assumed.NO_COST: "no_cost",
    Assumed.NO_VALUE: "no_value",
    Assumed.UNKNOWN_ORIGIN: "unknown_origin",
    Assumed.UNKNOWN_TARGET: "unknown_target",
    Assumed.ONE_SIDED: "one_sided",
    Assumed.UNCLEAR: "unclear",
}
LACKS = {
    "unpriced": gettext_noop(
        "Nobody knows what these were sold for: proceeds and gain are left empty. Fill them in "
        "before you file, or give a price by hand."
    ),
    "no_cost": gettext_noop(
        "Nobody knows what these had cost: they count as having cost nothing. Give a price by hand."
    ),
    "no_value": gettext_noop(
        "Nobody knows what these were worth: they count as nothing. Give a price by hand."
    ),
    "unknown_origin": gettext_noop(
        "Coins came from a place that is not known: they count as having cost nothing."
    ),
    "unknown_target": gettext_noop(
        "Coins left for a place that is not known: they count as still yours."
    ),
    "one_sided": gettext_noop("Sold, without a price: taken as sold for what they were worth."),
    "unclear": gettext_noop("Of an unknown kind: say what they are, or they are guessed at."),
    "contracts": gettext_noop(
        "Profits and losses of derivatives are not on this form: they are left out."
    ),
    "income": gettext_noop(
        "Income is not on this form; it is what the coins cost when they are sold."
    ),
    "reported": gettext_noop(
        "No Form 1099-DA is known of these: add it to the report of the year, or move lines that a"
        " broker reported to their box."
    ),
}


def shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    """What of a transaction the form cannot say, or was taken for granted."""
    made = Translation()
    costs = context.tax.costs if context.tax else {}
    currency = settings_of(context).base_currency
    told = list(events([transaction], currency, made, costs=costs, at_no_cost=PLACE.at_no_cost))
    yield from (
        CODES[found.what] for found in made.assumptions if found.what is not Assumed.UNPRICED
    )
    if context.since is not None and transaction.occurred_at < context.since:
        return
    if made.contracts:
        yield "contracts"
    if any(is_sold_unpriced(event) for event in told):
        yield "unpriced"
    if any(event.kind == "income" for event in told):
        yield "income"
    if any(_is_unreported(event, context) for event in told):
        yield "reported"


def is_sold_unpriced(event: TaxEvent) -> bool:
    """Whether something of it is sold, or spent, at a price that nobody knows."""
    into, out, fee = event.into, event.out, event.fee
    if fee is not None and fee.amount and fee.value is None:
        return True
    if out is None or event.kind in (EventKind.TRANSFER, EventKind.GIFT, EventKind.WITHDRAWAL):
        return False
    return out.value is None and (into is None or into.value is None)


def _is_unreported(event: TaxEvent, context: ExportContext) -> bool:
    """Whether it is a sale of which no broker's form was given."""
    if event.kind not in (EventKind.SELL, EventKind.TRADE, EventKind.FEE) or event.out is None:
        return False
    day = settings_of(context).local_date(event.time)
    reported = context.tax.reported if context.tax else {}
    return (event.wallet, event.out.asset, day) not in reported
