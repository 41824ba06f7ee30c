"""Rows that belong together, and what moves: shared by the readers of exchanges' files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.imports import cells
from portfolio.imports.format import Entries, Entry, LeftOut, NotUnderstood, Reading, Row

NOTHING = "nothing stands in the row"

Word = Callable[[Row], str]


def _no_word(row: Row) -> str:
    return ""


def one_each(*, ident: Word = _no_word, left_out: Word = _no_word) -> Entries:
    """Returns what makes an entry of each row.

    ``ident`` gives the vendor's id; ``left_out`` a reason why the row counts for nothing, "" where
    it counts.
    """

    def entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
        for row in rows:
            reason = NOTHING if cells.is_empty(row) else left_out(row)
            yield LeftOut((row,), reason) if reason else Entry((row,), ident=ident(row))

    return entries


def grouped(
    key: Callable[[Row], tuple[str, ...] | None],
    *,
    ident: Word = _no_word,
    left_out: Word = _no_word,
) -> Entries:
    """Returns what makes an entry of all rows with the same key, wherever they stand in the file.

    Rows without a key (None) stand alone. ``ident`` is taken of any row of the group. Whole groups
    are held until the file is read: as many rows as a file may have.
    """

    def entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            reason = NOTHING if cells.is_empty(row) else left_out(row)
            if reason:
                yield LeftOut((row,), reason)
            elif (place := key(row)) is None:
                yield Entry((row,), ident=ident(row))
            else:
                groups.setdefault(place, []).append(row)
        for group in groups.values():
            yield Entry(in_order(group), ident=ident(group[0]))

    return entries


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows in an order of their content: the same however the file was sorted."""
    return tuple(sorted(rows, key=lambda row: sorted(row.cells.items())))


# --- what moves --------------------------------------------------------------------------------


def leg(wallet: str, asset: str, amount: Decimal) -> Movement:
    """An amount of the event itself: in is positive, out is negative."""
    return Movement(wallet, asset, amount)


def fee(wallet: str, asset: str, paid: Decimal) -> Movement:
    """A fee: ``paid`` is above zero; below, it was given back."""
    return Movement(wallet, asset, money.negate(paid), PostingRole.FEE)


def swap(
    wallet: str, side: str, base: tuple[str, Decimal], quote: tuple[str, Decimal]
) -> tuple[Movement, Movement]:
    """Both legs of a trade, whatever signs the file has. May raise NotUnderstood for the side."""
    word = side.strip().lower()
    if word not in ("buy", "sell", "bought", "sold", "b", "s"):
        raise NotUnderstood(f"“{side[:40]}” is neither a purchase nor a sale")
    got, gave = (base, quote) if word.startswith("b") else (quote, base)
    return (
        leg(wallet, got[0], got[1].copy_abs()),
        leg(wallet, gave[0], money.negate(gave[1].copy_abs())),
    )


def summed(movements: Iterable[Movement]) -> tuple[Movement, ...]:
    """One movement for each wallet, asset, direction and role, in a fixed order, none of zero.

    What comes and what goes stay apart: rows of a dust exchange may do both with one coin.
    """
    sums: dict[tuple[str, str, str, bool], Decimal] = {}
    for moved in movements:
        place = (moved.role.value, moved.wallet, moved.asset, moved.amount > 0)
        sums[place] = money.add(sums.get(place, money.ZERO), moved.amount)
    return tuple(
        Movement(wallet, asset, amount, PostingRole(role))
        for (role, wallet, asset, _), amount in sorted(sums.items(), reverse=True)
        if amount
    )


def exchanged(
    kind: TransactionKind, movements: Iterable[Movement], *, many: bool = False
) -> TransactionKind:
    """``kind`` where one asset went for one other, unclassified where a leg is missing or too many.

    ``many`` allows several assets on one side (dust). No price is invented for what is missing.
    """
    principal = [m for m in movements if m.role is PostingRole.PRINCIPAL]
    came = {m.asset for m in principal if m.amount > 0}
    went = {m.asset for m in principal if m.amount < 0}
    whole = bool(came and went) and not came & went
    fits = min(len(came), len(went)) == 1 if many else len(came) == len(went) == 1
    return kind if whole and fits else TransactionKind.UNCLASSIFIED


# --- events ------------------------------------------------------------------------------------

Kinds = Mapping[str, TransactionKind]


def words(*groups: tuple[TransactionKind, tuple[str, ...]]) -> dict[str, TransactionKind]:
    """A table from the words of a file, in small letters, to kinds."""
    return {word.lower(): kind for kind, told in groups for word in told}


def kind_of(word: str, kinds: Kinds) -> TransactionKind:
    """The kind of a word, in whatever letters; unclassified where the table does not have it."""
    return kinds.get(word.strip().lower(), TransactionKind.UNCLASSIFIED)


def event(
    kind: TransactionKind,
    occurred_at: datetime,
    movements: Iterable[Movement],
    *,
    key: str = "",
    **detail: str | Decimal | None,
) -> Event:
    """An event of what moves and of the details that are not empty.

    ``key`` is that of the same event in the exchange's own answers, "" where the file has no id it
    could be made of: then the record's own id names it.
    """
    shown = {name: _shown(told) for name, told in detail.items() if told not in (None, "")}
    return Event(key, kind, occurred_at, tuple(m for m in movements if m.amount), shown)


def _shown(told: str | Decimal | None) -> str:
    return money.plain(told) if isinstance(told, Decimal) else str(told)


# --- pairs -------------------------------------------------------------------------------------

# Quotes of pairs written without a sign between, the longer before the shorter that it ends with.
_QUOTES = (
    *("FDUSD", "PYUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "USDD", "BIDR", "BVND", "IDRT"),
    *("EURI", "AEUR", "EURC", "BRZ", "DAI", "UST", "PAX", "USDS", "BKRW", "DOGE", "BTC", "ETH"),
    *("BNB", "SOL", "TRX", "XRP", "DOT", "EUR", "USD", "GBP", "AUD", "TRY", "BRL", "RUB", "UAH"),
    *("NGN", "ZAR", "PLN", "RON", "ARS", "MXN", "COP", "CZK", "JPY", "CAD", "CHF", "KZT", "VAI"),
)


def pair(name: str, *, quotes: tuple[str, ...] = _QUOTES) -> tuple[str, str]:
    """The (base, quote) codes of ``BTC/USDT``, ``BTC-USDT``, ``BTC_USDT`` or ``BTCUSDT``.

    May raise NotUnderstood for a pair of which it is not known where to part it.
    """
    plain = name.strip().upper()
    for sign in "/-_:":
        base, found, quote = plain.partition(sign)
        if found and base and quote:
            return base, quote
    for quote in quotes:
        if plain.endswith(quote) and len(plain) > len(quote):
            return plain[: -len(quote)], quote
    raise NotUnderstood(f"“{name[:40]}” is not a pair that is known")


def parted(name: str, left: str = "", right: str = "") -> tuple[str, str]:
    """The codes of a glued pair of which the file names one side. May raise NotUnderstood."""
    plain = name.strip().upper()
    if left and plain.startswith(left.upper()) and len(plain) > len(left):
        return left.upper(), plain[len(left) :]
    if right and plain.endswith(right.upper()) and len(plain) > len(right):
        return plain[: -len(right)], right.upper()
    return pair(name)


# --- files of one shape ------------------------------------------------------------------------

DONE = frozenset(
    (
        *("completed", "complete", "success", "successful", "finished", "confirmed", "credited"),
        *("done", "succeeded", "filled", "paid", "processed", "deposited", "sent", "approved"),
        *("fully filled", "executed", "withdrawal successful", "credited successfully", "deal"),
    )
)


def undone(*headings: str) -> Word:
    """Returns what tells why a row counts for nothing: a status that is not one of success."""

    def reason(row: Row) -> str:
        status = cells.text(row, *headings)
        return "" if not status or status.lower() in DONE else f"its status is “{status[:60]}”"

    return reason


def travel(
    kind: TransactionKind, wallet: str, asset: str, size: Decimal, *, paid: Decimal = money.ZERO
) -> tuple[Movement, ...]:
    """What a deposit or withdrawal moves: ``size`` arrives or leaves, ``paid`` in addition."""
    whole = size.copy_abs()
    out = kind is TransactionKind.WITHDRAWAL
    return (
        leg(wallet, asset, money.negate(whole) if out else whole),
        fee(wallet, asset, paid.copy_abs()),
    )


# --- what is not kept --------------------------------------------------------------------------

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def without_emails(entries: Entries, *headings: str) -> Entries:
    """Returns entries of rows in whose cells no e-mail address is left."""

    def cleaned(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
        return entries((_cleaned(row, headings) for row in rows), reading)

    return cleaned


def _cleaned(row: Row, headings: tuple[str, ...]) -> Row:
    found = {
        name: _EMAIL.sub("(e-mail)", cell)
        for name, cell in row.cells.items()
        if name in headings and "@" in cell
    }
    return Row(row.line, {**row.cells, **found}) if found else row


def first_of(kinds: Iterable[TransactionKind]) -> TransactionKind:
    """The most telling of several kinds, as when records of one event are merged."""
    return min(kinds, key=_RANK.__getitem__)


_RANK = {kind: place for place, kind in enumerate(TransactionKind)}
