"""Bitvavo: the transaction history. Each row names its zone; what a trade cost has the fee in it.

Whether a row's sum has the fee is told by its price: an amount times the price, and the fee or not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, codes, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
WALLET = "spot"
_KINDS = legs.words(
    (_Kind.TRADE, ("buy", "sell")),
    (_Kind.DEPOSIT, ("deposit",)),
    (_Kind.WITHDRAWAL, ("withdrawal",)),
    (_Kind.REWARD, ("staking", "fixed_staking", "rebate", "affiliate",
                    "campaign_new_user_incentive")),
    (_Kind.AIRDROP, ("distribution",)),
    (_Kind.ADJUSTMENT, ("withdrawal_cancelled", "manually_assigned",
                        "manually_assigned_bitvavo")),
    (_Kind.TRANSFER, ("internal_transfer", "external_transferred_funds",
                      "universal_transfer")),
)  # fmt: skip


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word = cells.needed(row, "Type").lower()
    kind, moved = legs.kind_of(word, _KINDS), _moved(row, reading, word)
    address, at = cells.text(row, "Address"), _at(row, reading)
    return legs.event(
        legs.exchanged(kind, moved) if kind is _Kind.TRADE else kind,
        at,
        moved,
        key=_key(row, word, at),
        type=word,
        price=cells.text(row, "Quote Price"),
        # Of money the address is a bank account's.
        address="" if "*" in address else address,
        reference=cells.text(row, "Transaction ID"),
        status=cells.text(row, "Status"),
    )


def _asset(code: str) -> str:
    return codes.asset("bitvavo", code)


def _quote(row: Row) -> str:
    return _asset(cells.text(row, "Received / Paid Currency", "Quote Currency"))


def _key(row: Row, word: str, at: datetime) -> str:
    """The key of the answers, which know deposits, withdrawals and trades by their second."""
    code, second = _asset(cells.text(row, "Currency")), int(at.timestamp())
    if word in ("deposit", "withdrawal"):
        return f"{word}:{code}:{second}"
    if word in ("buy", "sell"):
        return f"{word}:{code}/{_quote(row)}:{second}"
    number = cells.text(row, "Transaction ID")
    return f"{word}:{number}" if number else ""


def _at(row: Row, reading: Reading) -> datetime:
    zone = cells.text(row, "Timezone")
    own = replace(reading, zone=zone) if zone else reading
    return cells.at(row, f"{cells.needed(row, 'Date')} {cells.needed(row, 'Time')}", "Date", own)


def _moved(row: Row, reading: Reading, word: str) -> list[Movement]:
    code, size = _asset(cells.needed(row, "Currency")), cells.amount(row, reading, "Amount")
    paid = cells.or_zero(row, reading, "Fee amount").copy_abs()
    paid_in = _asset(cells.text(row, "Fee currency")) or code
    charge = legs.fee(WALLET, paid_in, paid)
    if word not in ("buy", "sell"):
        return [legs.leg(WALLET, code, size), charge]
    quote = _quote(row)
    total = cells.optional(row, reading, "Received / Paid Amount")
    if total is None or not quote:
        return [legs.leg(WALLET, code, size), charge]
    gross = total.copy_abs()
    if paid_in == quote and _is_within(row, reading, size, gross, paid, word):
        gross = money.add(gross, money.negate(paid) if word == "buy" else paid)
    return [*legs.swap(WALLET, word, (code, size), (quote, gross)), charge]


def _is_within(
    row: Row, reading: Reading, size: Decimal, total: Decimal, paid: Decimal, word: str
) -> bool:
    """Whether the sum is nearer to amount times price with the fee than without; yes if unknown."""
    price = cells.optional(row, reading, "Quote Price")
    if not price or not paid:
        return True
    plain = money.multiply(size.copy_abs(), price)
    whole = money.add(plain, paid if word == "buy" else money.negate(paid))
    beside, within = (money.add(total, money.negate(each)).copy_abs() for each in (plain, whole))
    return within <= beside


def _undone(row: Row) -> str:
    status = cells.text(row, "Status").lower()
    done = status in ("", "completed", "distributed")
    return "" if done else f"its status is “{status[:60]}”"


_HEADING = (
    *("Date", "Time", "Type", "Currency", "Amount", "Quote Currency", "Quote Price"),
    *("Received / Paid Currency", "Received / Paid Amount", "Fee currency", "Fee amount"),
    *("Status", "Transaction ID", "Address"),
)

FORMATS = (
    ImportFormat(
        id="bitvavo",
        title="Bitvavo: transactions",
        description="Transaction history; each row names its zone.",
        headings=(("Timezone", *_HEADING),),
        entries=legs.one_each(left_out=_undone,
                              ident=lambda row: cells.text(row, "Transaction ID")),
        event=_event,
        exchange="bitvavo",
    ),
    ImportFormat(
        id="bitvavo-older",
        title="Bitvavo: transactions, older",
        description="Transaction history that does not say its zone.",
        headings=(_HEADING,),
        entries=legs.one_each(left_out=_undone,
                              ident=lambda row: cells.text(row, "Transaction ID")),
        event=_event,
        exchange="bitvavo",
        asks=("zone",),
    ),
)  # fmt: skip
