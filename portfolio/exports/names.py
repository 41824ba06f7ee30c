"""Names as a target allows them: cleaned, and never the same for two things."""

from __future__ import annotations

from collections.abc import Callable, Hashable


class Names:
    """Gives each thing a name of its own; the first to come keeps what it is called."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self._clean = clean
        self._known: dict[Hashable, str] = {}
        self._taken: set[str] = set()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def of(self, key: Hashable, wanted: str, *, numbered: str = "{}-{}") -> str:
        """The name of the thing with this key; ``wanted`` is what it is called at first."""
        if key not in self._known:
            plain = name = self._clean(wanted)
            number = 2
            while name.casefold() in self._taken:
                name, number = numbered.format(plain, number), number + 1
            self._known[key] = name
            self._taken.add(name.casefold())
        return self._known[key]
