"""Parts of disposals as lines of CSV, straight from whole numbers.

The same as the fields of ``Disposal`` in their order, written as text: a long history has many
parts, and making decimals and moments of each only to write them takes most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from portfolio.engine.tax import whole
from portfolio.engine.tax.days import day_of
from portfolio.engine.tax.settings import LongTerm
from portfolio.engine.tax.telling import NOTHING, Part, Teller
from portfolio.engine.tax.whole import VALUE_DIGITS, text_of

_MINUTE = 60_000_000
_SECOND = 1_000_000
_MINUTES = [f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
_SECONDS = [f"{second:02}+00:00" for second in range(60)]


class Lines:
    """Writes what one computation found; one line, with its end, for each part."""

    def __init__(self, tell: Teller) -> None:
        self._tell = tell
        self._dates: dict[int, str] = {}  # by their ordinals
        self._assets = [_quoted(name) for name in tell.history.assets]
        self._wallets = [_quoted(name) for name in tell.history.wallets]

    def of_lots(self, parts: Iterable[Part]) -> Iterator[str]:
        """Parts that were met by lots, those of one operation one after the other."""
        digits, term = self._tell.history.digits, self._term
        unpriced = self._tell.operations.unpriced
        last, head = -1, ""
        tails: dict[int, str] = {}
        has_terms = self._tell.settings.long_term is not LongTerm.NONE
        for number, origin, units, proceeds, cost in parts:
            if number != last:
                last, head = number, self._head(number)
            tail = tails.get(origin)
            if tail is None:
                tail = tails[origin] = self._tail(origin)
            if has_terms:
                tail = tail.replace(",,", f",{term(number, origin)},", 1)
            amount = text_of(units, digits)
            price = "" if number in unpriced else text_of(proceeds, VALUE_DIGITS)
            yield f"{head}{amount},{price},{text_of(cost, VALUE_DIGITS)}{tail}"

    def _head(self, number: int) -> str:
        """What is said before the amount."""
        tell, operations = self._tell, self._tell.operations
        event = operations.events[number]
        at = tell.history.at[event]
        on = self._date(tell.days.of(at))
        wallet = self._wallets[operations.wallets[number]] if tell.by_wallet else ""
        asset = self._assets[operations.coins[number]]
        return f"{event},{self._moment(at)},{on},{asset},{wallet},"

    def _tail(self, origin: int) -> str:
        """What is said after the cost; the term is left empty."""
        if origin == NOTHING:
            return ",none,,,0,\r\n"
        lot = self._tell.operations.events[origin]
        return f",lot,{self._moment(self._tell.history.at[lot])},,0,{lot}\r\n"

    def _term(self, number: int, origin: int) -> str:
        if origin == NOTHING:
            return ""
        tell = self._tell
        on: date = day_of(tell.day(number))
        found = tell.term(origin, tell.at(origin), tell.at(number), on)
        return "" if found is None else found.value

    def _moment(self, at: int) -> str:
        """As ``str`` of the moment in UTC."""
        minute, rest = divmod(at, _MINUTE)
        second, rest = divmod(rest, _SECOND)
        if rest:
            return str(whole.moment_of(at))
        day, minute = divmod(minute, len(_MINUTES))
        return f"{self._date(day + whole.EPOCH_ORDINAL)} {_MINUTES[minute]}{_SECONDS[second]}"

    def _date(self, ordinal: int) -> str:
        known = self._dates.get(ordinal)
        if known is None:
            known = self._dates[ordinal] = day_of(ordinal).isoformat()
        return known


def _quoted(name: str) -> str:
    """As CSV has it."""
    if not any(sign in name for sign in ',"\r\n'):
        return name
    return '"' + name.replace('"', '""') + '"'
