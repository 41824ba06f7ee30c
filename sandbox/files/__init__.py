"""The same lives as files, in the layouts in which the exchanges' own sites hand them out."""

from collections.abc import Callable, Iterator

from sandbox.files import binance, bybit, kraken, okx
from sandbox.generate import bybit_main, okx_lives, world
from sandbox.generate.world import World
from sandbox.options import Options

Rows = Iterator[tuple[str, ...]]
# By exchange: how an account is found, and its layouts by name.
_LAYOUTS: dict[str, dict[str, Callable[..., Rows]]] = {
    "binance": {"statement": binance.statement, "deposits": binance.deposits},
    "bybit": {"unified": bybit.unified, "funding": bybit.funding},
    "kraken": {"ledgers": kraken.ledgers, "trades": kraken.trades},
    "okx": {"trading": okx.trading, "funding": okx.funding},
}


def layouts() -> list[str]:
    """All layouts as they are asked for: ``kraken ledgers``."""
    return [f"{exchange} {layout}" for exchange, known in _LAYOUTS.items() for layout in known]


def layouts_of_all() -> list[str]:
    """The names of layouts, whatever exchange they are of."""
    return sorted({layout for known in _LAYOUTS.values() for layout in known})


def rows(account: str, layout: str, options: Options) -> Rows:
    """The rows of a file, its heading first. May raise KeyError: no such account or layout.

    ``account`` is as the control plane calls it: ``kraken-small``.
    """
    exchange, _, name = account.partition("-")
    write = _LAYOUTS[exchange][layout]
    made = world.build(options.anchor_ms)
    return write(_accounts(exchange, made)[name])


def _accounts(exchange: str, made: World) -> dict[str, object]:
    if exchange == "okx":
        return {name: life.account for name, life in okx_lives.build(made.prices).items()}
    if exchange == "bybit":
        return {name: life.account for name, life in bybit_main.lives(made.prices).items()}
    if exchange == "binance":
        return {name: life.account for name, life in made.binance.items()}
    return {name: life.account for name, life in made.kraken.items()}
