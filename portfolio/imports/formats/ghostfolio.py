"""Ghostfolio: its activities, as CSV with any of its headings, or as JSON.

Headings have aliases, dates with slashes start with the day, and of numbers only the size counts.
Money moves in the activity's currency. A dividend or interest is money there, quantity times price;
a liability moves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import dates, legs, two_sided, values
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.headings import Cells, fold
from portfolio.imports.two_sided import WALLET

Kind = TransactionKind

# As Ghostfolio itself takes them, in its order.
_ALIASES = {
    "account": "account|accountid",
    "note": "comment|note",
    "currency": "ccy|currency|currencyprimary",
    "source": "datasource",
    "date": "date|tradedate",
    "fee": "commission|fee|ibcommission",
    "quantity": "qty|quantity|shares|units",
    "symbol": "code|symbol|ticker",
    "action": "action|buy/sell|type",
    "price": "price|tradeprice|unitprice|value",
}
_NEEDED = ("currency", "date", "fee", "quantity", "symbol", "action", "price")
_KINDS = {
    "buy": Kind.TRADE,
    "sell": Kind.TRADE,
    "dividend": Kind.REWARD,
    "interest": Kind.INTEREST,
    "fee": Kind.FEE,
}
_MOVES_NOTHING = {"liability", "item", "valuable"}
# CoinGecko's names of the coins that most portfolios hold; others stay as they are.
_COINGECKO = {
    **{"bitcoin": "BTC", "ethereum": "ETH", "tether": "USDT", "binancecoin": "BNB"},
    **{"solana": "SOL", "usd-coin": "USDC", "ripple": "XRP", "dogecoin": "DOGE"},
    **{"cardano": "ADA", "tron": "TRX", "avalanche-2": "AVAX", "shiba-inu": "SHIB"},
    **{"polkadot": "DOT", "chainlink": "LINK", "bitcoin-cash": "BCH", "litecoin": "LTC"},
    **{"near": "NEAR", "uniswap": "UNI", "internet-computer": "ICP", "dai": "DAI"},
    **{"ethereum-classic": "ETC", "aptos": "APT", "stellar": "XLM", "monero": "XMR"},
    **{"cosmos": "ATOM", "filecoin": "FIL", "hedera-hashgraph": "HBAR", "arbitrum": "ARB"},
    **{"optimism": "OP", "pepe": "PEPE", "aave": "AAVE", "algorand": "ALGO", "tezos": "XTZ"},
    **{"1inch": "1INCH", "sui": "SUI", "the-graph": "GRT", "the-sandbox": "SAND"},
    **{"decentraland": "MANA", "injective-protocol": "INJ", "polygon-ecosystem-token": "POL"},
    "matic-network": "MATIC",
}
_YEAR_FIRST = re.compile(r"^(\d{4})[./](\d{2})[./](\d{2})$", re.ASCII)


def _recognise(heading: tuple[str, ...]) -> bool:
    found = {fold(name) for name in heading}
    return all(found & set(_ALIASES[name].split("|")) for name in _NEEDED) and not (
        {"pair", "side", "to amount", "received amount"} & found
    )


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        cells = Cells(row)
        if cells.get(_ALIASES["action"]).casefold() in _MOVES_NOTHING:
            yield LeftOut((row,), "it says what something is worth, and moves nothing")
        else:
            yield Entry((row,), cells.get(_ALIASES["account"]))


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(entry.rows[0])
    word = cells.get(_ALIASES["action"]).casefold()
    if word not in _KINDS:
        raise NotUnderstood(f"“{word[:40]}” is not an activity of Ghostfolio's")
    currency = two_sided.code(cells.get(_ALIASES["currency"]))
    symbol = _symbol(cells, currency)
    if not currency or not symbol:
        raise NotUnderstood("an activity needs both its symbol and its currency")
    detail = {
        "type": word,
        "symbol": cells.get(_ALIASES["symbol"]),
        "price": cells.get(_ALIASES["price"]),
        "description": cells.get(_ALIASES["note"]),
    }
    moved = _moved(cells, word, symbol, currency, reading)
    return two_sided.booked(_at(cells.get(_ALIASES["date"]), reading), _KINDS[word], moved, detail)


def _moved(
    cells: Cells, word: str, symbol: str, currency: str, reading: Reading
) -> Iterator[Movement]:
    quantity, price, fee = (_size(cells, name, reading) for name in ("quantity", "price", "fee"))
    worth = money.multiply(quantity, price)
    if word in {"buy", "sell"}:
        yield from legs.swap(WALLET, word, (symbol, quantity), (currency, worth))
    elif word == "fee":
        yield legs.fee(WALLET, currency, worth)
    else:
        yield legs.leg(WALLET, currency, worth)
    yield legs.fee(WALLET, currency, fee)


def _size(cells: Cells, name: str, reading: Reading) -> Decimal:
    """A number without its sign; an empty cell is none. May raise NotUnderstood."""
    found = values.amount(cells.get(_ALIASES[name]), reading)
    return money.ZERO if found is None else found.copy_abs()


def _symbol(cells: Cells, currency: str) -> str:
    """The asset's code: of CoinGecko's names and of pairs such as BTCUSD and BTC-USD."""
    told = cells.get(_ALIASES["symbol"])
    if cells.get(_ALIASES["source"]).upper() == "COINGECKO":
        return _COINGECKO.get(told.casefold(), two_sided.code(told))
    bare = two_sided.code(told)
    if cells.get(_ALIASES["source"]).upper() != "YAHOO":
        return bare
    # Yahoo has coins in dollars, whatever the currency of the activity.
    quote = next((end for end in (currency, "USD") if end and bare.endswith(end)), "")
    return bare.removesuffix(quote).rstrip("-") or bare


def _at(text: str, reading: Reading) -> datetime:
    return dates.moment(_YEAR_FIRST.sub(r"\1-\2-\3", text.strip()), reading, month_first=False)


FORMAT = ImportFormat(
    id="ghostfolio",
    rank=two_sided.RANK,
    title="Ghostfolio",
    description="The activities of Ghostfolio, by account where the file names one.",
    headings=(
        (
            *("Date", "Code", "DataSource", "Currency", "Price", "Quantity", "Action", "Fee"),
            "Note",
        ),
    ),
    recognise=_recognise,
    entries=_entries,
    event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
)
