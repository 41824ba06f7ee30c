"""How amounts, money, prices and shares read on every page; from Decimal only, never from float."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from django import template
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portfolio.engine import money as exact
from portfolio.engine.own_prices import OWN
from portfolio.engine.pricing import REFERENCE
from portfolio.engine.rounding import DECIMALS
from portfolio.engine.types import RecordKind
from portfolio.exchanges import catalogue, closed
from portfolio.models.ledger import KIND_LABELS
from portfolio.models.sync import RECORD_LABELS
from portfolio.selectors.under_way import UNDER_WAY
from portfolio.templatetags import json_text

register = template.Library()

MINUS = "−"
# Digits of a fraction that are read at full strength; the rest is dimmed, never dropped.
STRONG_DIGITS = 4
# Digits that count in a price below one.
PRICE_DIGITS = 5
# Where a sum is to be redone with a calculator: decimals of money, digits of the price of a unit.
WORKED_DECIMALS, WORKED_DIGITS = 6, 12


def _unknown() -> SafeString:
    return format_html('<span class="text-secondary unknown">{}</span>', _("unknown"))


def _sign(value: Decimal, *, always: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if always and value > 0 else ""


def _grouped(value: Decimal, decimals: int | None = None) -> str:
    return formats.number_format(
        value.copy_abs(), decimal_pos=decimals, use_l10n=True, force_grouping=True
    )


def _tone(value: Decimal, *, signed: bool) -> str:
    if not signed or not value:
        return ""
    return " is-negative" if value < 0 else " is-positive"


@register.simple_tag
def quantity(
    value: Decimal | None, unit: str = "", *, signed: bool = False, toned: bool = True
) -> SafeString:
    """An amount of an asset with every digit it has; digits far behind the point are dimmed."""
    if value is None:
        return _unknown()
    point = formats.get_format("DECIMAL_SEPARATOR")
    whole, _point, fraction = _grouped(Decimal(exact.plain(value))).partition(str(point))
    return format_html(
        '<span class="amount qty{}"><span class="qty-whole">{}{}</span>'
        '<span class="qty-fraction">{}{}<span class="qty-dim">{}</span></span></span>{}',
        _tone(value, signed=signed and toned),
        _sign(value, always=signed),
        whole,
        point if fraction else "",
        fraction[:STRONG_DIGITS],
        fraction[STRONG_DIGITS:],
        format_html(' <span class="unit">{}</span>', unit) if unit else "",
    )


@register.simple_tag
def money(value: Decimal | None, currency: str, *, signed: bool = False) -> SafeString:
    """A worth in a currency, rounded for reading; the exact value is in the title."""
    if value is None:
        return _unknown()
    return format_html(
        '<span class="amount money{}" title="{} {}">{}</span> <span class="unit">{}</span>',
        _tone(value, signed=signed),
        exact.plain(value),
        currency,
        _rounded(value, DECIMALS.get(currency, 2), signed=signed),
        currency,
    )


@register.simple_tag
def figure(value: Decimal | None, currency: str, *, signed: bool = False) -> SafeString:
    """A worth without its currency, for tables that name it once."""
    if value is None:
        return _unknown()
    return format_html(
        '<span class="amount money{}">{}</span>',
        _tone(value, signed=signed),
        _rounded(value, DECIMALS.get(currency, 2), signed=signed),
    )


@register.simple_tag
def price(value: Decimal | None, currency: str) -> SafeString:
    """The price of one unit: two decimals, and more where it is small; exact in the title."""
    if value is None:
        return _unknown()
    step = Decimal(1).scaleb(-_decimals_of_price(value, currency))
    shown = _trimmed(value.quantize(step, rounding=ROUND_HALF_EVEN, context=exact.EXACT), currency)
    return format_html(
        '<span class="price" title="{} {}">{}{}</span> <span class="unit">{}</span>',
        exact.plain(value),
        currency,
        _sign(value, always=False),
        _grouped(shown),
        currency,
    )


@register.simple_tag
def worked(value: Decimal | None, currency: str, *, signed: bool = False) -> SafeString:
    """A worth in a sum that a person redoes: with the digits that it takes; exact in the title."""
    if value is None:
        return _unknown()
    return _worked(value, currency, WORKED_DECIMALS, signed=signed)


@register.simple_tag
def worked_price(value: Decimal | None, currency: str) -> SafeString:
    """The price of a unit in such a sum."""
    if value is None:
        return _unknown()
    return _worked(value, currency, max(WORKED_DECIMALS, WORKED_DIGITS - 1 - value.adjusted()))


def _worked(value: Decimal, currency: str, decimals: int, *, signed: bool = False) -> SafeString:
    step = Decimal(1).scaleb(-decimals)
    shown = _trimmed(value.quantize(step, rounding=ROUND_HALF_EVEN, context=exact.EXACT), currency)
    return format_html(
        '<span class="amount{}" title="{} {}">{}{}</span> <span class="unit">{}</span>',
        _tone(value, signed=signed),
        exact.plain(value),
        currency,
        _sign(value, always=signed),
        _grouped(shown),
        currency,
    )


@register.simple_tag
def cost(value: Decimal, asset: str) -> SafeString:
    """What was paid, in any asset: rounded, as a part of it may have digits without end."""
    step = Decimal(1).scaleb(-_decimals_of_price(value, asset))
    shown = value.quantize(step, context=exact.EXACT)
    return format_html(
        '<span class="amount">{}</span> <span class="unit">{}</span>',
        _grouped(_trimmed(shown, asset)),
        asset,
    )


def _decimals_of_price(value: Decimal, currency: str) -> int:
    """Those of the currency; of what is less than one so many that it has ``PRICE_DIGITS``."""
    decimals = DECIMALS.get(currency, 2)
    if value and value.adjusted() < 0:
        return max(decimals, PRICE_DIGITS - 1 - value.adjusted())
    return decimals


def _trimmed(price: Decimal, currency: str) -> Decimal:
    """Without zeros at the end, but with the decimals that its currency always has."""
    short = Decimal(exact.plain(price))
    decimals = DECIMALS.get(currency, 2)
    exponent = short.as_tuple().exponent
    enough = isinstance(exponent, int) and -exponent >= decimals
    return short if enough else price.quantize(Decimal(1).scaleb(-decimals), context=exact.EXACT)


@register.simple_tag
def percent(value: Decimal | None, *, signed: bool = False) -> SafeString:
    """A share or change in percent, cut to one decimal; small ones read "< 0.1"."""
    if value is None:
        return _unknown()
    return format_html(
        '<span class="percent{}">{} %</span>',
        _tone(value, signed=signed),
        _rounded(value, 1, signed=signed, rounding=ROUND_DOWN),
    )


def _rounded(
    value: Decimal, decimals: int, *, signed: bool, rounding: str = ROUND_HALF_EVEN
) -> str:
    """A rounded figure with its sign; what is too small to be seen is not called zero."""
    step = Decimal(1).scaleb(-decimals)
    shown = value.quantize(step, rounding=rounding, context=exact.EXACT)
    sign = _sign(value, always=signed)
    if shown or not value:
        return f"{sign}{_grouped(shown, decimals)}"
    return f"{'>' if value < 0 else '<'} {sign}{_grouped(step, decimals)}"


@register.simple_tag
def ratio(value: Decimal | None, *, signed: bool = True) -> SafeString:
    """A return in percent with two decimals; the digits kept are in the title."""
    if value is None:
        return _unknown()
    of_hundred = exact.multiply(value, Decimal(100))
    return format_html(
        '<span class="percent{}" title="{} %">{} %</span>',
        _tone(of_hundred, signed=signed),
        exact.plain(of_hundred),
        _rounded(of_hundred, 2, signed=signed),
    )


@register.filter
def exchange_name(exchange: str) -> str:
    """The exchange's name for people; its id where the catalogue no longer has it."""
    try:
        return catalogue.get(exchange).name
    except KeyError:
        return (
            _("at no exchange") if exchange == closed.NONE else closed.name_of(exchange) or exchange
        )


@register.filter
def can_be_connected(exchange: str) -> bool:
    """Whether there is a key to be had that opens it."""
    return catalogue.is_known(exchange) and not catalogue.get(exchange).unavailable


@register.filter
def kind_label(kind: str) -> str:
    """A kind of transaction in the reader's words."""
    return str(dict(KIND_LABELS).get(kind, kind))  # type: ignore[call-overload]


@register.filter
def record_kind(kind: str) -> str:
    """A kind of record in the reader's words."""
    return str(RECORD_LABELS.get(kind, kind))


@register.filter
def record_kind_short(kind: str) -> str:
    """A kind of record in one word, for a list of them."""
    return _("transfers") if kind == RecordKind.TRANSFERS else record_kind(kind).lower()


@register.filter
def whole(value: Decimal) -> int:
    """A share in whole percent between 0 and 100, for drawing."""
    return max(0, min(100, int(value)))


def detail_label(name: str) -> str:
    """What a detail of a transaction is called."""
    return _detail_labels().get(name, name.replace("_", " ").capitalize())


@register.filter
def in_words(detail: dict[str, str]) -> list[tuple[str, str, str]]:
    """The details of a transaction as (name, its label, value), the telling ones first."""
    order = {name: place for place, name in enumerate(_detail_labels())}
    names = sorted(detail, key=lambda name: (order.get(name, len(order)), name))
    words = [(name, detail_label(name)) for name in names]
    return [(name, label, detail[name]) for name, label in words if detail[name]]


@register.filter
def source_words(source: str) -> str:
    """Where a price came from, for people: "kraken:sandbox + ecb" and so on."""
    return ", ".join(_source(part.strip()) for part in source.split("+"))


def _source(source: str) -> str:
    if source == REFERENCE:
        return _("European Central Bank")
    if source == OWN:
        return _("your own price")
    exchange, _colon, environment = source.partition(":")
    if exchange == UNDER_WAY:
        return f"{_('On its way')} {environment}".strip()
    return f"{exchange_name(exchange)} {environment}".strip()


def _detail_labels() -> dict[str, str]:
    return {
        "symbol": _("Market"),
        "side": _("Side"),
        "price": _("Price"),
        "order": _("Order"),
        "txid": _("Transaction hash"),
        "address": _("Address"),
        "network": _("Network"),
        "status": _("Status"),
        "tag": _("Address tag"),
        "order_type": _("Kind of order"),
        "trade": _("Trade"),
        "reference": _("Reference"),
        "description": _("Description"),
        "direction": _("Direction"),
        "type": _("Type"),
        "subtype": _("Subtype"),
    }


@register.filter
def laid_out(text: str) -> str:
    """JSON text in indented lines, its values untouched."""
    return json_text.laid_out(text)


@register.filter
def grouped(count: int) -> str:
    """A count with thousands set apart."""
    return formats.number_format(count, use_l10n=True, force_grouping=True)


@register.filter
def plain_amount(value: Decimal) -> str:
    """An amount in plain digits, for addresses, form fields and ratios."""
    return exact.plain(value)


@register.filter
def percent_of(ratio: Decimal) -> str:
    """A ratio in percent with all its digits: 0.001 is "0.1"."""
    return _grouped(Decimal(exact.plain(exact.multiply(ratio, Decimal(100)))))
