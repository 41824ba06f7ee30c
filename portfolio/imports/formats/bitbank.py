"""Bitbank: deposits and withdrawals, with Japanese headings. Times are Tokyo's."""

from __future__ import annotations

from dataclasses import replace

from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading

_Kind = TransactionKind
SPOT = "spot"
_COIN, _TIME, _SIZE, _FEE = "コイン", "日時", "数量", "手数料"
_NETWORK, _ADDRESS, _STATUS, _LABEL = "ネットワーク", "アドレス", "ステータス", "ラベル"


def _travelled(kind: TransactionKind, entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    tokyo = replace(reading, zone="Asia/Tokyo")
    code, size = cells.needed(row, _COIN).upper(), cells.amount(row, reading, _SIZE)
    paid = cells.or_zero(row, reading, _FEE)
    return legs.event(
        kind,
        cells.when(row, tokyo, _TIME, "%Y/%m/%d %H:%M:%S"),
        legs.travel(kind, SPOT, code, size, paid=paid),
        network=cells.text(row, _NETWORK),
        address=cells.text(row, _ADDRESS),
        txid=cells.text(row, "Txid"),
        status=cells.text(row, _STATUS),
    )


def _deposit(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.DEPOSIT, entry, reading)


def _withdrawal(entry: Entry, reading: Reading) -> Event:
    return _travelled(_Kind.WITHDRAWAL, entry, reading)


_AFTER = (_NETWORK, _ADDRESS, "Txid", _STATUS)

FORMATS = (
    ImportFormat(
        id="bitbank-deposits",
        title="Bitbank: deposits",
        description="入金履歴: deposits of crypto.",
        headings=((_COIN, _TIME, _SIZE, *_AFTER),),
        entries=legs.one_each(left_out=legs.undone(_STATUS)),
        event=_deposit,
        exchange="bitbank",
    ),
    ImportFormat(
        id="bitbank-withdrawals",
        title="Bitbank: withdrawals",
        description="出金履歴: withdrawals of crypto; the fee goes out in addition.",
        headings=((_COIN, _TIME, _SIZE, _FEE, _LABEL, *_AFTER),),
        entries=legs.one_each(left_out=legs.undone(_STATUS)),
        event=_withdrawal,
        exchange="bitbank",
        private=frozenset((_LABEL,)),
    ),
)
