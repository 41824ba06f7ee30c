"""CoinTracking: the trade list, the full export, with addresses, extended; and its import form.

Fees are inside the amounts: one in the currency sold is part of what was sold, one in the currency
bought has been taken off it, and one in a third currency is told only (it has a row of its own).
Headings and types are in the language of the account, so the lists are known by the order of their
columns: three equal headings after the amounts. Clash digits ("SOL2") stay in the code.
Genuine identical rows occur, and one Tx-ID stands in several rows: neither names a transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from portfolio.engine.types import TransactionKind
from portfolio.imports import kinds, two_sided
from portfolio.imports.format import ImportFormat, Reading, Row
from portfolio.imports.headings import fold, having, numbered
from portfolio.imports.two_sided import Layout

Kind = TransactionKind

# By position. What follows the date has its own names in every language that was seen.
_LIST = (
    *("type", "buy", "cur.", "sell", "cur. 2", "fee", "cur. 3"),
    *("exchange", "group", "comment", "date"),
)
_EXTENDED = (
    *("type", "buy", "cur.", "value in btc", "worth 1 ({currency})"),
    *("sell", "cur. 2", "value in btc 2", "worth 2 ({currency})"),
    *("spread", "exchange", "group", "date"),
)

# German and Spanish, as the interface has them; of other languages the amounts are read, and the
# kind is left to a person.
_TRANSLATED: kinds.Own = {
    **dict.fromkeys(
        (
            *("einzahlung", "auszahlung", "depósito", "retirada", "retiro", "dépôt", "retrait"),
            *("deposito", "prelievo", "nicht_steuerpflichtige_einnahme"),
        ),
        kinds.MOVE,
    ),
    **dict.fromkeys(
        (
            *(
                "einnahme",
                "einkommen",
                "belohnung_bonus",
                "dividendeneinnahme",
                "sonstige_einnahme",
            ),
            *("ingreso", "ingresos", "recompensa_bonificación", "recompensa_bono"),
            *("otros_ingresos", "dividendos"),
        ),
        Kind.REWARD,
    ),
    **dict.fromkeys(("minería", "minado"), Kind.MINING),
    **dict.fromkeys(("geschenk", "geschenk_trinkgeld", "spende"), Kind.GIFT),
    **dict.fromkeys(("regalo", "regalo_propina", "donación"), Kind.GIFT),
    **dict.fromkeys(("ausgabe", "andere_ausgabe", "gasto", "otros_gastos"), Kind.PAYMENT),
    **dict.fromkeys(("gestohlen", "verloren", "verlust", "robado", "perdido"), Kind.LOST),
    **dict.fromkeys(
        ("kauf", "verkauf", "handel", "operación", "comercio", "comercial"), Kind.TRADE
    ),
    **dict.fromkeys(
        ("zinsen", "zinseinnahme", "lending_einnahme", "intereses", "ingresos_por_intereses"),
        Kind.INTEREST,
    ),
    **dict.fromkeys(
        ("andere_gebühr", "sonstige_gebühr", "gebühr", "otra_comisión", "otra_tarifa", "comisión"),
        Kind.FEE,
    ),
    **dict.fromkeys(
        (
            *("margin_gewinn", "margin_verlust", "derivate_futures_gewinn"),
            *("derivate_futures_verlust", "beneficio_de_margen", "pérdida_de_margen"),
        ),
        Kind.REALISED_PNL,
    ),
}

_LAYOUT = Layout(
    date=("date|trade date",),
    words=("type",),
    sent=("sell|sell amount", "cur. 2|sell currency|sell cur."),
    received=("buy|buy amount", "cur.|buy currency|buy cur."),
    fee=("fee|fee amount", "cur. 3|fee currency|fee cur."),
    account="exchange",
    detail={
        "group": "group|trade-group|trade group",
        "description": "comment",
        "txid": "tx-id|tx hash",
        "address": "to address",
        "sender": "from address",
    },
    fee_inside=True,
    own=_TRANSLATED,
)


def _is_list(heading: tuple[str, ...]) -> bool:
    """Whether the amounts stand as in the trade list, whatever the language."""
    names = [fold(name) for name in heading]
    return len(names) >= len(_LIST) and names[2] == names[4] == names[6] != ""


def _is_extended(heading: tuple[str, ...]) -> bool:
    names = [fold(name) for name in heading]
    is_wide = len(names) >= len(_EXTENDED) and names[2] == names[6] != "" and names[3] == names[7]
    return is_wide and names[3].endswith("btc")


_is_form = having(
    *("type", "buy amount", "sell amount", "exchange", "date"), lacking=("feeamount",)
)


def _named(positions: tuple[str, ...]) -> Callable[[Row, Reading], Row]:
    """Returns what gives a row the English names by position; what follows them keeps its own."""

    def named(row: Row, reading: Reading) -> Row:
        english = dict(zip(numbered(reading.heading), positions, strict=False))
        cells = {english.get(fold(name), name): cell for name, cell in row.cells.items()}
        return Row(row.line, cells)

    return named


def _named_extended(row: Row, reading: Reading) -> Row:
    """The same with the currency of the values, which stands in two headings."""
    currency = fold(reading.heading[4]).rpartition(" ")[2] if reading.heading else ""
    positions = tuple(name.format(currency=currency) for name in _EXTENDED)
    return _named(positions)(row, reading)


_ASKS = ("zone", "day_first", "decimal_comma")
LIST = two_sided.reader(
    _LAYOUT,
    id="cointracking",
    title="CoinTracking: trade list",
    description="CoinTracking's export of all rows, in any language of its pages.",
    headings=(
        (
            *("Type", "Buy", "Cur.", "Sell", "Cur.", "Fee", "Cur."),
            *("Exchange", "Group", "Comment", "Date"),
        ),
    ),
    recognise=_is_list,
    asks=_ASKS,
    named=_named(_LIST),
)
EXTENDED = two_sided.reader(
    replace(_LAYOUT, fee=("", ""), value=("worth", "(")),
    id="cointracking-extended",
    title="CoinTracking: extended list",
    description="CoinTracking's list with the value of each side; fees are not in it.",
    headings=(
        (
            *("Type", "Buy", "Cur.", "Value in BTC", "Value in EUR"),
            *("Sell", "Cur.", "Value in BTC", "Value in EUR"),
            *("Spread", "Exchange", "Group", "Date"),
        ),
    ),
    recognise=_is_extended,
    asks=_ASKS,
    named=_named_extended,
)
FORM = two_sided.reader(
    _LAYOUT,
    id="cointracking-form",
    title="CoinTracking: import form",
    description="The form that CoinTracking takes: as files for it are made by many programs.",
    headings=(
        (
            *("Type", "Buy Amount", "Buy Currency", "Sell Amount", "Sell Currency"),
            *("Fee", "Fee Currency", "Exchange", "Trade-Group", "Comment", "Date", "Tx-ID"),
        ),
    ),
    recognise=_is_form,
    asks=_ASKS,
)
FORMATS: tuple[ImportFormat, ...] = (LIST, EXTENDED, FORM)
