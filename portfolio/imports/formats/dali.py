"""dali-rp2's manual files: what came in, what went out, and what moved between own accounts.

They know no fiat money: a purchase has no second leg, only what it cost, in a currency that the
file does not name. An id may stand in several rows (of a transfer told twice): it names nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import dates, kinds, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.headings import Cells, fold, having
from portfolio.imports.two_sided import IN, OUT, WALLET

# A holder is who owns an account: not part of its name, as one ledger is of one person.
ACCOUNT, SENDER, RECEIVER = "exchange", "from exchange", "to exchange"
# As RP2 knows them; they stand in the headings of its workbooks.
CURRENCIES = ("USD", "EUR", "JPY", "GBP", "AUD", "CAD", "CHF", "CNY", "HKD", "ILS", "INR", "KRW")
_OWN: kinds.Own = {
    "buy": TransactionKind.TRADE,
    "sell": TransactionKind.TRADE,
}


def spaced(row: Row) -> Row:
    """The row with headings such as "crypto_in" as "crypto in"."""
    return Row(row.line, {name.replace("_", " "): cell for name, cell in row.cells.items()})


def came_in(cells: Cells, reading: Reading) -> Event:
    """The event of a row of the IN table. May raise NotUnderstood."""
    amount = _needed(cells, "crypto in", reading)
    moved = [legs.leg(WALLET, _asset(cells), amount), *_fee(cells, reading)]
    return _booked(cells, moved, "fiat in no fee", reading)


def went_out(cells: Cells, reading: Reading) -> Event:
    """The event of a row of the OUT table. May raise NotUnderstood."""
    fee = values.amount(cells.get("crypto fee"), reading) or money.ZERO
    gross = values.amount(cells.get("crypto out no fee"), reading)
    if gross is None:
        gross = money.add(_needed(cells, "crypto out with fee", reading), money.negate(fee))
    moved = [legs.leg(WALLET, _asset(cells), money.negate(gross)), *_fee(cells, reading)]
    return _booked(cells, moved, "fiat out no fee", reading)


def moved_between(cells: Cells, part: str, reading: Reading) -> Event:
    """One half of a row of the INTRA table; what did not arrive was the fee."""
    sent = values.amount(cells.get("crypto sent"), reading)
    received = values.amount(cells.get("crypto received"), reading)
    asset = _asset(cells)
    if part == IN:
        arrived = received if received is not None else sent
        return _booked(cells, [legs.leg(WALLET, asset, _there(arrived))], "", reading)
    left = _there(sent if sent is not None else received)
    fee = money.add(left, money.negate(received)) if received is not None else money.ZERO
    if fee < 0:
        raise NotUnderstood("more was received than was sent")
    gross = money.add(left, money.negate(fee))
    moved = [legs.leg(WALLET, asset, money.negate(gross)), legs.fee(WALLET, asset, fee)]
    return _booked(cells, moved, "", reading)


def _booked(cells: Cells, moved: list[Movement], worth: str, reading: Reading) -> Event:
    word = cells.get("transaction type")
    price = values.amount(cells.get("spot price"), reading)
    worth, currency = _worth(cells, worth)
    value = values.amount(worth, reading)
    told = kinds.spelled(word)
    kind = _OWN.get(told) or kinds.kind(word, moved, _OWN)
    if all(not movement.amount or movement.role == "fee" for movement in moved):
        kind = TransactionKind.FEE
    detail = {
        "type": word,
        "price": money.plain(price) if price else "",
        "value": money.plain(value) if value else "",
        "value_currency": currency if value else "",
        "reference": cells.get("unique id"),
        "description": cells.get("notes"),
    }
    return two_sided.booked(dates.moment(cells.get("timestamp"), reading), kind, moved, detail)


def _worth(cells: Cells, heading: str) -> tuple[str, str]:
    """What a row is worth, and in what currency where a heading ("usd in no fee") or cell says."""
    if text := cells.get(heading):
        return text, cells.get("fiat ticker").upper()
    for currency in CURRENCIES:
        if text := cells.get(heading.replace("fiat", currency.casefold())):
            return text, currency
    return "", ""


def _asset(cells: Cells) -> str:
    if not (asset := two_sided.code(cells.get("asset"))):
        raise NotUnderstood("there is no asset")
    return asset


def _fee(cells: Cells, reading: Reading) -> tuple[Movement, ...]:
    fee = values.amount(cells.get("crypto fee"), reading)
    return (legs.fee(WALLET, _asset(cells), fee),) if fee else ()


def _needed(cells: Cells, heading: str, reading: Reading) -> Decimal:
    return _there(values.amount(cells.get(heading), reading), heading)


def _there(amount: Decimal | None, heading: str = "crypto sent") -> Decimal:
    if amount is None:
        raise NotUnderstood(f"there is no amount under {heading}")
    return amount.copy_abs()


def halves(rows: tuple[Row, ...], cells: Cells) -> Iterator[Entry]:
    """The entries of a move between accounts: one where the other side is not known."""
    sender, receiver = cells.get(SENDER), cells.get(RECEIVER)
    if sender or not receiver:
        yield Entry(rows, sender, part=OUT)
    if receiver:
        yield Entry(rows, receiver, part=IN)


def _between(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        yield from halves((row,), Cells(spaced(row)))


def _single(read: Callable[[Cells, Reading], Event]) -> Callable[[Entry, Reading], Event]:
    def event(entry: Entry, reading: Reading) -> Event:
        cells = Cells(spaced(entry.rows[0]))
        return two_sided.telling_line(entry, lambda: read(cells, reading))

    return event


def _half(entry: Entry, reading: Reading) -> Event:
    cells = Cells(spaced(entry.rows[0]))
    return two_sided.telling_line(entry, lambda: moved_between(cells, entry.part, reading))


def _heading(*names: str) -> Callable[[tuple[str, ...]], bool]:
    """Recognises these headings where the id stands first: in RP2's workbook it is elsewhere."""
    needed = having(*names)

    def recognise(heading: tuple[str, ...]) -> bool:
        found = tuple(name.replace("_", " ") for name in heading)
        return needed(found) and fold(found[0]) == "unique id"

    return recognise


_START = ("unique_id", "timestamp", "asset", "exchange", "holder", "transaction_type", "spot_price")
FORMATS = (
    ImportFormat(
        id="dali-in",
        rank=two_sided.RANK,
        title="dali-rp2: manual, in",
        description="What came in, by exchange.",
        headings=(
            (
                *(*_START, "crypto_in", "crypto_fee", "fiat_in_no_fee", "fiat_in_with_fee"),
                *("fiat_fee", "notes"),
            ),
        ),
        recognise=_heading("timestamp", "asset", "exchange", "crypto in"),
        entries=two_sided.one_each(ACCOUNT),
        event=_single(came_in),
    ),
    ImportFormat(
        id="dali-out",
        rank=two_sided.RANK,
        title="dali-rp2: manual, out",
        description="What went out, by exchange.",
        headings=(
            (
                *(*_START, "crypto_out_no_fee", "crypto_fee", "crypto_out_with_fee"),
                *("fiat_out_no_fee", "fiat_fee", "notes"),
            ),
        ),
        recognise=_heading("timestamp", "asset", "exchange", "crypto out no fee"),
        entries=two_sided.one_each(ACCOUNT),
        event=_single(went_out),
    ),
    ImportFormat(
        id="dali-intra",
        rank=two_sided.RANK,
        title="dali-rp2: manual, between accounts",
        description="What moved between own accounts.",
        headings=(
            (
                *("unique_id", "timestamp", "asset", "from_exchange", "from_holder"),
                *("to_exchange", "to_holder", "spot_price", "crypto_sent", "crypto_received"),
                "notes",
            ),
        ),
        recognise=_heading("timestamp", "asset", "from exchange", "crypto sent"),
        entries=_between,
        event=_half,
    ),
)
