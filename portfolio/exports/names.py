"""Names as a target allows them: cleaned, and never the same for two things."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable

# Line breaks and control characters, and what XML cannot hold.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\\s]+")


def one_line(text: str) -> str:
    """Words of people and exchanges, with single spaces for all that cannot be seen."""
    return _UNSEEN.sub(" ", text).strip()


class Names:
    """Gives each thing a name of its own; the first to come keeps what it is called."""

    def __init__(self, clean: Callable[[str], str], *, numbered: str = "{} {}") -> None:
        self._clean = clean
        self._numbered = numbered
        self._known: dict[Hashable, str] = {}
        self._taken: set[str] = set()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def of(self, key: Hashable, wanted: str) -> str:
        """The name of the thing with this key; ``wanted`` is what it is called at first."""
        if key not in self._known:
            plain = name = self._clean(wanted)
            number = 2
            while name.casefold() in self._taken:
                name, number = self._numbered.format(plain, number), number + 1
            self._known[key] = name
            self._taken.add(name.casefold())
        return self._known[key]


class Accounts:
    """Names of connections: by exchange and label, and told apart where both are the same."""

    def __init__(self, clean: Callable[[str], str] = lambda text: text) -> None:
        self._names = Names(clean)

    def of(self, account: str, exchange: str, label: str) -> str:
        """The name of one connection: "kraken Main", or "kraken" where that is its label."""
        is_plain = label.casefold() == exchange.casefold()
        return self._names.of(account, exchange if is_plain else f"{exchange} {label}")
