"""Ghostfolio: activities as its page reads them from a CSV.

It knows purchases, sales and income at a price in money, and nothing of where coins are: a trade
between coins is a sale and a purchase, income is a dividend that was bought back, and a fee in a
coin is a sale of that coin beside the fee. It reads numbers as floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction
from portfolio.engine.types import TransactionKind
from portfolio.exports.format import HALF, ExportFormat, Group, free_text, gettext_noop, own_word
from portfolio.exports.meanings import FIAT
from portfolio.exports.names import one_line
from portfolio.exports.parts import Pair, parts
from portfolio.exports.tables import csv_table

HEADER = (
    *("Date", "Code", "DataSource", "Currency", "Price", "Quantity", "Action", "Fee", "Note"),
    "Account",
)

_K = TransactionKind
_INCOME = (_K.REWARD, _K.INTEREST, _K.AIRDROP, _K.MINING)
_CONTRACTS = (_K.FUNDING, _K.REALISED_PNL, _K.LIQUIDATION)
_GIVEN = (_K.GIFT, _K.FORK, _K.LOST)
_MOVED = (_K.DEPOSIT, _K.WITHDRAWAL, _K.TRANSFER)
_PRICE = Decimal("1e-20")


@dataclass(slots=True)
class _Activity:
    """``asset`` is None for what is no coin: a fee or interest in money."""

    action: str
    asset: str | None
    quantity: Decimal
    value: Decimal
    fee: Decimal = money.ZERO


def _rows(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[list[str]]:
    for transaction in transactions:
        for told in _told(transaction, context):
            if isinstance(told, _Activity):
                yield _cells(told, transaction, context)


def _told(transaction: ExportTransaction, context: ExportContext) -> list[_Activity | str]:
    """The activities of a transaction, and the codes of what is left out."""
    apart = parts(transaction, context.currency)
    told: list[_Activity | str] = [one for pair in apart.pairs for one in _exchange(pair)]
    if apart.moves:
        told.append("moved")
    for leg in apart.singles:
        told += _single(transaction, leg, context)
    fees = [fee for fee in apart.fees if fee.amount < 0]
    told += _fees(fees, told, context)
    if len(fees) < len(apart.fees):
        told.append("rebate")
    if not told:
        told.append("nothing")
    if context.currency != "USD":
        told.append("currency")
    return told


def _exchange(pair: Pair) -> Iterator[_Activity | str]:
    sent, received = pair.sent, pair.received
    if pair.is_guess:
        yield "equal"
    if sent.asset in FIAT and received.asset in FIAT:
        yield "money"
    elif pair.value is None:
        yield "unpriced"
    else:
        if sent.asset not in FIAT:
            yield _Activity("sell", sent.asset, sent.amount, pair.value)
        if received.asset not in FIAT:
            yield _Activity("buy", received.asset, received.amount, pair.value)


def _single(
    transaction: ExportTransaction, leg: ExportLeg, context: ExportContext
) -> Iterator[_Activity | str]:
    kind, amount = transaction.kind, leg.amount.copy_abs()
    value = _value(leg, context)
    is_income = kind in _INCOME and leg.amount > 0
    is_spent = kind in (_K.PAYMENT, _K.FEE) and leg.amount < 0
    if not (is_income or is_spent):
        yield _left_out(kind)
    elif value is None:
        yield "unpriced"
    elif is_income and leg.asset in FIAT:
        yield _Activity("interest", None, Decimal(1), value)
    elif is_income:
        yield _Activity("dividend", leg.asset, amount, value)
        yield _Activity("buy", leg.asset, amount, value)
    else:
        if kind is _K.FEE:
            yield _Activity("fee", None, money.ZERO, money.ZERO, value)
        if leg.asset not in FIAT:
            yield _Activity("sell", leg.asset, amount, value)
        elif kind is _K.PAYMENT:
            yield "money"


def _left_out(kind: TransactionKind) -> str:
    if kind in _MOVED:
        return "moved"
    if kind in _CONTRACTS:
        return "contracts"
    return "given" if kind in _GIVEN else "unclear"


def _fees(
    fees: Iterable[ExportLeg], told: Iterable[_Activity | str], context: ExportContext
) -> list[_Activity | str]:
    """Puts fees into the first activity; what is paid in a coin is sold for it."""
    first = next((one for one in told if isinstance(one, _Activity) and not one.fee), None)
    found: list[_Activity | str] = []
    for fee in fees:
        value = _value(fee, context)
        if value is None:
            found.append("unpriced")
            continue
        if first is None:
            first = _Activity("fee", None, money.ZERO, money.ZERO)
            found.append(first)
        first.fee = money.add(first.fee, value)
        if fee.asset not in FIAT:
            found.append(_Activity("sell", fee.asset, fee.amount.copy_abs(), value))
    return found


def _value(leg: ExportLeg, context: ExportContext) -> Decimal | None:
    return leg.amount.copy_abs() if leg.asset == context.currency else leg.value


def _cells(
    activity: _Activity, transaction: ExportTransaction, context: ExportContext
) -> list[str]:
    source, code = _code(activity, transaction, context)
    return [
        _date(transaction.occurred_at),
        code,
        source,
        context.currency,
        money.plain(_price(activity)),
        money.plain(activity.quantity),
        activity.action,
        money.plain(activity.fee),
        free_text(_about(transaction)),
        free_text(transaction.account_label),
    ]


def _code(
    activity: _Activity, transaction: ExportTransaction, context: ExportContext
) -> tuple[str, str]:
    """Where Ghostfolio asks for prices, and under which name."""
    if activity.asset is None:
        return "MANUAL", f"{activity.action.capitalize()} {transaction.exchange}"
    name = context.symbol(activity.asset)
    return ("YAHOO", f"{name}USD") if name == activity.asset else ("COINGECKO", name)


def _price(activity: _Activity) -> Decimal:
    if not activity.quantity:
        return money.ZERO
    return money.divide(activity.value, activity.quantity).quantize(_PRICE, context=money.EXACT)


def _date(at: datetime) -> str:
    """ISO 8601 with the time of day: of the other layouts it keeps the day only."""
    moment = at.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _about(transaction: ExportTransaction) -> str:
    words = (
        *(transaction.kind.value, own_word(transaction), transaction.detail.get("symbol", "")),
        *(transaction.key, transaction.note),
    )
    return one_line(" ".join(words))


LACKS = {
    "unpriced": gettext_noop("No price is known: left out, since every activity needs one."),
    "moved": gettext_noop(
        "Deposits, withdrawals and transfers: there is no activity for them. Left out; what was "
        "deposited and is sold later is then sold without a purchase."
    ),
    HALF: gettext_noop(
        "Own transfers of which only one half is in this file, since the other is outside its "
        "range or was not chosen: left out, like all that was moved."
    ),
    "contracts": gettext_noop(
        "Results and funding of contracts, and liquidations: there is no activity for them. Left "
        "out."
    ),
    "given": gettext_noop("Gifts, forks and losses: there is no activity for them. Left out."),
    "unclear": gettext_noop(
        "Adjustments, loans, unclassified transactions, income that was taken back and trades of "
        "which one side is missing: left out."
    ),
    "rebate": gettext_noop("Fees given back: left out."),
    "money": gettext_noop("Money of states is no holding there: exchanged or spent, left out."),
    "equal": gettext_noop(
        "Several things were given or received at once, and not all of their prices are known: "
        "they are taken for equally much worth."
    ),
    "currency": gettext_noop(
        "Ghostfolio has the prices of coins in US dollars, and refuses activities in another "
        "currency in many versions: make this export in US dollars."
    ),
    "nothing": gettext_noop("Transactions that moved nothing are left out."),
}


def _shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    codes = (told for told in _told(transaction, context) if isinstance(told, str))
    yield from dict.fromkeys(codes)


# CoinGecko's own names; all others are asked of Yahoo.
_COINGECKO = {
    **{"BTC": "bitcoin", "ETH": "ethereum", "USDT": "tether", "BNB": "binancecoin"},
    **{"SOL": "solana", "USDC": "usd-coin", "XRP": "ripple", "DOGE": "dogecoin"},
    **{"ADA": "cardano", "TRX": "tron", "AVAX": "avalanche-2", "SHIB": "shiba-inu"},
    **{"DOT": "polkadot", "LINK": "chainlink", "BCH": "bitcoin-cash", "LTC": "litecoin"},
    **{"NEAR": "near", "UNI": "uniswap", "ICP": "internet-computer", "DAI": "dai"},
    **{"ETC": "ethereum-classic", "APT": "aptos", "XLM": "stellar", "XMR": "monero"},
    **{"ATOM": "cosmos", "FIL": "filecoin", "HBAR": "hedera-hashgraph", "ARB": "arbitrum"},
    **{"OP": "optimism", "PEPE": "pepe", "AAVE": "aave", "ALGO": "algorand", "XTZ": "tezos"},
    **{"1INCH": "1inch", "SUI": "sui", "GRT": "the-graph", "SAND": "the-sandbox"},
    **{"MANA": "decentraland", "INJ": "injective-protocol", "POL": "polygon-ecosystem-token"},
}

FORMAT = ExportFormat(
    id="ghostfolio",
    title=gettext_noop("Ghostfolio"),
    description=gettext_noop(
        "Activities for Ghostfolio's import from CSV. Accounts are found by their name there. "
        "Prices come from CoinGecko, or from Yahoo for coins without a name in the list below."
    ),
    write=csv_table(HEADER, _rows),
    lacks=LACKS,
    shortfalls=_shortfalls,
    symbols=_COINGECKO,
    group=Group.ACCOUNTING,
)
