"""Kraken's ledgers and trades: UTC, with the ids that its answers have too.

The ledger books everything: rows of one refid are one event, and the fee goes out beside the
amount. The trades tell the same of purchases and sales, and less of positions on margin.
"""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.codes import kraken_pair, of_kraken
from portfolio.imports.format import Entry, ImportFormat, NotUnderstood, Reading, Row

_Kind = TransactionKind
_KINDS = {
    "trade": _Kind.TRADE,
    "spend": _Kind.CONVERSION,
    "receive": _Kind.CONVERSION,
    "conversion": _Kind.CONVERSION,
    "deposit": _Kind.DEPOSIT,
    "withdrawal": _Kind.WITHDRAWAL,
    "staking": _Kind.REWARD,
    "reward": _Kind.REWARD,
    "dividend": _Kind.REWARD,
    "invite bonus": _Kind.REWARD,
    "sale": _Kind.CONVERSION,
    "margin": _Kind.REALISED_PNL,
    "settled": _Kind.CONVERSION,
    "credit": _Kind.ADJUSTMENT,
    "adjustment": _Kind.ADJUSTMENT,
    "rollover": _Kind.FEE,
}
_EARN_MOVES = ("allocation", "deallocation", "autoallocation", "autodeallocation", "migration")
_TRANSFER_MOVES = ("spot", "staking", "futures", "earn", "margin")
_BOTH_LEGS = (_Kind.TRADE, _Kind.CONVERSION)
_PROVISIONAL = "a provisional row without id: it comes again with one"


def _ledger(entry: Entry, reading: Reading) -> Event:
    moved: list[Movement] = []
    for row in entry.rows:
        moved += _legs(row, reading)
    kind = legs.first_of(_kind(row) for row in entry.rows)
    if kind in _BOTH_LEGS and any(_word(row) in _KINDS for row in entry.rows):
        kind = legs.exchanged(kind, moved, many=kind is _Kind.CONVERSION)
    reference = cells.text(entry.rows[0], "refid")
    return legs.event(
        kind,
        min(cells.when(row, reading, "time") for row in entry.rows),
        legs.summed(moved),
        key=f"ledger:{reference}" if reference else "",
        type=", ".join(sorted({cells.text(row, "type") for row in entry.rows})),
        subtype=", ".join(sorted({cells.text(row, "subtype") for row in entry.rows} - {""})),
        reference=reference,
        entry=", ".join(sorted(cells.text(row, "txid") for row in entry.rows)),
    )


def _legs(row: Row, reading: Reading) -> list[Movement]:
    asset, wallet = of_kraken(cells.needed(row, "asset"))
    place = cells.text(row, "wallet").partition("/")[0].strip().lower()
    if wallet == "spot" and place:
        wallet = place
    return [
        legs.leg(wallet, asset, cells.amount(row, reading, "amount")),
        legs.fee(wallet, asset, cells.or_zero(row, reading, "fee")),
    ]


def _word(row: Row) -> str:
    return cells.text(row, "type").lower()


def _kind(row: Row) -> TransactionKind:
    word, subtype = _word(row), cells.text(row, "subtype").lower()
    if word == "earn":
        if subtype in ("", "reward"):
            return _Kind.REWARD
        return _Kind.TRANSFER if subtype in _EARN_MOVES else _Kind.UNCLASSIFIED
    if word in ("transfer", "custodytransfer"):
        if "airdrop" in subtype:
            return _Kind.AIRDROP
        moves = any(part in subtype for part in _TRANSFER_MOVES)
        return _Kind.TRANSFER if moves else _Kind.UNCLASSIFIED
    return legs.kind_of(word, _KINDS)


def _trade(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    base, quote = kraken_pair(cells.needed(row, "pair"))
    if not base:
        raise NotUnderstood(
            f"“{cells.text(row, 'pair')}” is not a pair that is known", line=row.line
        )
    side = cells.needed(row, "type")
    charge = legs.fee("spot", quote, cells.or_zero(row, reading, "fee"))
    on_margin = cells.or_zero(row, reading, "margin") > 0
    sides = (base, cells.amount(row, reading, "vol")), (quote, cells.amount(row, reading, "cost"))
    swapped = legs.swap("spot", side, *sides)
    return legs.event(
        _Kind.FEE if on_margin else _Kind.TRADE,
        cells.when(row, reading, "time"),
        (charge,) if on_margin else (*swapped, charge),
        key=f"ledger:{cells.needed(row, 'txid')}",
        symbol=f"{base}/{quote}",
        side=side.lower(),
        price=cells.text(row, "price"),
        order=cells.text(row, "ordertxid"),
        order_type=cells.text(row, "ordertype"),
        margin=money.plain(cells.or_zero(row, reading, "margin")) if on_margin else "",
    )


FORMATS = (
    ImportFormat(
        id="kraken-ledgers",
        title="Kraken: ledgers",
        description="History, Export, Ledgers: all that moved.",
        headings=(("txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee",
                   "balance"),),
        entries=legs.grouped(
            lambda row: (cells.text(row, "refid"),) if cells.text(row, "refid") else None,
            ident=lambda row: cells.text(row, "refid"),
            left_out=lambda row: "" if cells.text(row, "txid") else _PROVISIONAL,
        ),
        event=_ledger,
        exchange="kraken",
        rank=30,
    ),
    ImportFormat(
        id="kraken-trades",
        title="Kraken: trades",
        description="History, Export, Trades. Of positions on margin it tells the fees only.",
        headings=(("txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee",
                   "vol", "margin", "misc", "ledgers"),),
        entries=legs.one_each(ident=lambda row: cells.text(row, "txid")),
        event=_trade,
        exchange="kraken",
        rank=60,
    ),
)  # fmt: skip
