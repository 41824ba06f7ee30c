"""Coinbase's transaction history in its several layouts, and the oldest, wallet by wallet.

A row tells one side: the asset. What was paid for it stands beside it in money, or of conversions
in the notes; newer files give conversions two rows with one id.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT, STAKING = "spot", "staking"
_BOUGHT = ("buy", "advanced trade buy", "advance trade buy", "advanced_trade_buy")
_SOLD = ("sell", "advanced trade sell", "advance trade sell")
_CONVERTED = ("convert", "wrap asset", "unwrap asset", "asset migration")
_KINDS = legs.words(
    (_Kind.TRADE, (*_BOUGHT, *_SOLD)),
    (_Kind.CONVERSION, _CONVERTED),
    (_Kind.DEPOSIT, ("deposit", "receive", "card buy back", "incoming", "fiat deposit")),
    (_Kind.WITHDRAWAL, ("withdrawal", "send", "donation", "card spend", "fiat withdrawal",
                        "crypto sold for cash", "paid for an order")),
    (_Kind.TRANSFER, ("exchange deposit", "pro deposit", "exchange withdrawal", "pro withdrawal",
                      "vault withdrawal", "vault deposit", "cash to savings", "savings to cash",
                      "retail staking transfer", "retail unstaking transfer",
                      "staking transfer", "unstaking transfer", "retail eth2 deprecation",
                      "intx deposit", "intx withdrawal", "transfer", "derivatives transfer")),
    (_Kind.REWARD, ("coinbase earn", "learning reward", "rewards income", "reward income",
                    "inflation reward", "staking income", "staking reward", "card reward",
                    "subscription rebate", "subscription rebates (24 hours)",
                    "incentives rewards payout", "referral bonus")),
    (_Kind.INTEREST, ("interest payout", "interest")),
    (_Kind.AIRDROP, ("airdrop",)),
    (_Kind.FEE, ("subscription", "trading fee")),
    (_Kind.ADJUSTMENT, ("admin debit", "admin credit", "clawback")),
    (_Kind.REALISED_PNL, ("derivatives settlement",)),
)  # fmt: skip
# Older files give these without a sign.
_OUT = frozenset(
    (
        *("withdrawal", "send", "donation", "card spend", "exchange deposit", "pro deposit"),
        *("vault deposit", "cash to savings", "admin debit", "subscription", "trading fee"),
        *("fiat withdrawal", "intx deposit", "clawback", "paid for an order"),
    )
)
_SIGNED = ("retail staking transfer", "retail unstaking transfer", "retail eth2 deprecation",
           "staking transfer", "unstaking transfer", "transfer", *_CONVERTED)  # fmt: skip
_GIVERS = ("coinbase earn", "coinbase rewards", "coinbase referral")

_SIZE = r"([\d,]*\.?\d+)"
_CONVERSION = re.compile(rf"^Converted {_SIZE} (\w+) to {_SIZE} (\w+)")
_ON_BOOK = re.compile(
    rf"^(?:Bought|Sold) {_SIZE} (\w+) for \W?{_SIZE} (\w+) on (\w+)-(\w+) at {_SIZE} "
)
_TIMES = ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%dT%H:%M:%SZ",
          "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S")  # fmt: skip
_DATES = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%y", "%m/%d/%y %H:%M")
_DAY_FIRST = ("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%y", "%d/%m/%y %H:%M")


def _word(row: Row) -> str:
    return cells.text(row, "Transaction Type").lower()


def _asset(code: str) -> str:
    return codes.asset("coinbase", code)


def _wallet(code: str) -> str:
    return STAKING if code.strip().upper() == "ETH2" else SPOT


def _at(row: Row, reading: Reading) -> datetime:
    dates = _DAY_FIRST if reading.day_first else _DATES
    return cells.when(row, reading, "Timestamp", *_TIMES, *dates)


def _group(row: Row) -> tuple[str, ...] | None:
    if ident := cells.text(row, "ID"):
        return (ident,)
    if _word(row) in _CONVERTED:
        return ("convert", cells.text(row, "Timestamp"), cells.text(row, "Notes"))
    return None


def _event(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        moved += _moved(row, entry.rows, reading)
    first = entry.rows[0]
    cells.needed(first, "Transaction Type")
    kind = legs.first_of(_kind(row) for row in entry.rows)
    if kind in (_Kind.TRADE, _Kind.CONVERSION):
        kind = legs.exchanged(kind, moved)
    ident = cells.text(first, "ID")
    converted = _word(first) in _CONVERTED
    return legs.event(
        kind,
        min(_at(row, reading) for row in entry.rows),
        legs.summed(moved),
        key=f"{'trade' if converted else 'transaction'}:{ident}" if ident else "",
        type=", ".join(sorted({cells.text(row, "Transaction Type") for row in entry.rows})),
        note=cells.text(first, "Notes"),
        address=cells.text(first, "Recipient Address"),
    )


def _kind(row: Row) -> TransactionKind:
    kind = legs.kind_of(_word(row), _KINDS)
    note = cells.text(row, "Notes").lower()
    given = kind is _Kind.DEPOSIT and any(giver in note for giver in _GIVERS)
    return _Kind.REWARD if given else kind


def _moved(row: Row, rows: tuple[Row, ...], reading: Reading) -> list[Movement]:
    word, code = _word(row), cells.needed(row, "Asset")
    size = cells.amount(row, reading, "Quantity Transacted")
    if word in _BOUGHT or word in _SOLD:
        return _traded(row, size, reading)
    if word in _CONVERTED and len(rows) == 1:
        return _converted(row, size)
    if word in _OUT or (word in _CONVERTED and _given(row, code)):
        size = money.negate(size.copy_abs())
    elif word not in _SIGNED and legs.kind_of(word, _KINDS) is _Kind.TRANSFER:
        size = size.copy_abs()
    moved = legs.leg(_wallet(code), _asset(code), size)
    if legs.kind_of(word, _KINDS) is _Kind.FEE:
        return [legs.fee(moved.wallet, moved.asset, size.copy_abs())]
    return [moved]


def _given(row: Row, code: str) -> bool:
    """Whether a row of a conversion is what was given, where its amount has no sign."""
    told = _CONVERSION.match(cells.text(row, "Notes"))
    return bool(told) and told is not None and told[2].upper() == code.upper()


def _converted(row: Row, size: Decimal) -> list[Movement]:
    """A conversion in one row: the other leg is in the notes only.

    Files without ids show what was given, without a sign.
    """
    code = cells.text(row, "Asset")
    gave = legs.leg(_wallet(code), _asset(code), money.negate(size.copy_abs()))
    told = _CONVERSION.match(cells.text(row, "Notes"))
    if told is None or told[2].upper() != code.upper():
        signed = bool(cells.text(row, "ID"))
        return [legs.leg(_wallet(code), _asset(code), size)] if signed else [gave]
    return [gave, legs.leg(SPOT, _asset(told[4]), money.parse(told[3].replace(",", "")))]


def _traded(row: Row, size: Decimal, reading: Reading) -> list[Movement]:
    side = "buy" if _word(row) in _BOUGHT else "sell"
    base = (_asset(cells.text(row, "Asset")), size)
    quote, cost, charge = _paid(row, size, reading)
    if cost is None or not quote:
        sign = size.copy_abs() if side == "buy" else money.negate(size.copy_abs())
        return [legs.leg(SPOT, base[0], sign)]
    return [*legs.swap(SPOT, side, base, (quote, cost)), legs.fee(SPOT, quote, charge)]


def _paid(row: Row, size: Decimal, reading: Reading) -> tuple[str, Decimal | None, Decimal]:
    """What a trade cost: currency, without the fee, and the fee. A fee counts in no total twice."""
    on_book = _ON_BOOK.match(cells.text(row, "Notes"))
    currency = _currency(row)
    if on_book and on_book[6].upper() != currency:
        rate, whole = (money.parse(told.replace(",", "")) for told in (on_book[7], on_book[3]))
        cost = money.multiply(size.copy_abs(), rate)
        return on_book[6].upper(), cost, money.add(whole, money.negate(cost)).copy_abs()
    subtotal = _sum(row, reading, "Subtotal")
    charge = _sum(row, reading, "Fees and/or Spread", "Fees") or money.ZERO
    total = _sum(row, reading, *_TOTALS)
    if subtotal:
        return currency, subtotal.copy_abs(), charge.copy_abs()
    return currency, total.copy_abs() if total else None, money.ZERO


_TOTALS = ("Total (inclusive of fees and/or spread)", "Total (inclusive of fees)")


def _sum(row: Row, reading: Reading, *names: str) -> Decimal | None:
    """An amount of money, of which the currency may stand in the heading or behind the number."""
    own = (
        heading
        for name in names
        for heading in row.cells
        if heading == name or (heading[4:] == name and heading[3] == " ")
    )
    heading = next((found for found in own if cells.text(row, found)), "")
    if not heading:
        return None
    cell = re.sub(r"\s*[A-Z]{3,5}$", "", cells.text(row, heading))
    return cells.optional(Row(row.line, {heading: cell}), reading, heading)


def _currency(row: Row) -> str:
    told = cells.text(row, "Price Currency", "Spot Price Currency")
    if told:
        return told.upper()
    prices = (name for name in row.cells if name.endswith(" Spot Price at Transaction"))
    return next(prices, "")[:3].upper()


# --- the oldest: one file for each wallet ------------------------------------------------------


def _oldest(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    dates = _DAY_FIRST if reading.day_first else _DATES
    asset = _asset(cells.needed(row, "Currency"))
    size = cells.amount(row, reading, "Amount")
    total = cells.optional(row, reading, "Transfer Total")
    paid_in = cells.text(row, "Transfer Total Currency").upper()
    moved: tuple[Movement, ...] = (legs.leg(SPOT, asset, size),)
    kind = _Kind.DEPOSIT if size > 0 else _Kind.WITHDRAWAL
    if total and paid_in and paid_in != asset:
        kind, moved = _Kind.TRADE, _oldest_trade(row, reading, asset, size, (paid_in, total))
    hashed = next((name for name in row.cells if name.startswith("Bitcoin Hash")), "")
    return legs.event(
        kind,
        cells.when(row, reading, "Timestamp", *_TIMES, *dates),
        moved,
        note=cells.text(row, "Notes"),
        txid=cells.text(row, hashed),
        reference=cells.text(row, "Transfer ID"),
    )


def _oldest_trade(
    row: Row, reading: Reading, asset: str, size: Decimal, paid: tuple[str, Decimal]
) -> tuple[Movement, ...]:
    """What a purchase cost has the fee in it; of what a sale brought it is taken off already."""
    charge = cells.or_zero(row, reading, "Transfer Fee").copy_abs()
    bought = size > 0
    cost = money.add(paid[1].copy_abs(), money.negate(charge) if bought else charge)
    fee_in = cells.text(row, "Transfer Fee Currency").upper() or paid[0]
    side = "buy" if bought else "sell"
    return (
        *legs.swap(SPOT, side, (asset, size), (paid[0], cost)),
        legs.fee(SPOT, fee_in, charge),
    )


_COMMON = ("Timestamp", "Transaction Type", "Asset", "Quantity Transacted")
_NEWER_SUMS = ("Subtotal", "Total (inclusive of fees and/or spread)", "Fees and/or Spread", "Notes")
_OLDER_SUMS = ("Subtotal", "Total (inclusive of fees)", "Fees", "Notes")


def _names_currency(heading: tuple[str, ...]) -> bool:
    """Knows the layouts that have their currency in the headings: USD Spot Price at Transaction."""
    prices = [name for name in heading if name.endswith(" Spot Price at Transaction")]
    return set(_COMMON) <= set(heading) and any(len(name) == 29 for name in prices)


_entries = legs.without_emails(legs.grouped(_group, ident=lambda row: cells.text(row, "ID")),
                               "Notes")  # fmt: skip

FORMATS = (
    ImportFormat(
        id="coinbase",
        title="Coinbase: transactions",
        description="Transaction history report; times are UTC.",
        headings=(
            ("ID", *_COMMON, "Price Currency", "Price at Transaction", *_NEWER_SUMS),
            (*_COMMON, "Price Currency", "Price at Transaction", *_NEWER_SUMS),
            (*_COMMON, "Spot Price Currency", "Spot Price at Transaction", *_NEWER_SUMS),
            (*_COMMON, "Spot Price Currency", "Spot Price at Transaction", *_OLDER_SUMS),
        ),
        entries=_entries,
        event=_event,
        exchange="coinbase",
    ),
    ImportFormat(
        id="coinbase-older",
        title="Coinbase: transactions, older",
        description="Reports that have their currency in the headings, such as USD Spot Price.",
        headings=((*_COMMON, "Notes"),),
        recognise=_names_currency,
        entries=_entries,
        event=_event,
        exchange="coinbase",
        asks=("zone", "day_first"),
    ),
    ImportFormat(
        id="coinbase-oldest",
        title="Coinbase: transactions of a wallet, oldest",
        description="Reports of one wallet, as they were until about 2018.",
        headings=(
            ("Timestamp", "Balance", "Amount", "Currency", "To", "Notes", "Instantly Exchanged",
             "Transfer Total", "Transfer Total Currency", "Transfer Fee", "Transfer Fee Currency",
             "Transfer Payment Method", "Transfer ID"),
        ),
        entries=legs.without_emails(legs.one_each(), "Notes"),
        event=_oldest,
        exchange="coinbase",
        asks=("zone", "day_first"),
        private=frozenset(("To", "Transfer Payment Method")),
    ),
)  # fmt: skip
