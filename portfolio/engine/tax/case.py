"""Cases with known answers: read from JSON, computed, compared figure by figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.tax import whole
from portfolio.engine.tax.compute import compute, totals
from portfolio.engine.tax.history import Coin, History
from portfolio.engine.tax.settings import (
    CryptoFee,
    DisposalFee,
    HifoKey,
    LongTerm,
    Oversell,
    Scope,
    Settings,
    TradeFee,
    TradeValues,
    TransferFee,
)
from portfolio.engine.tax.types import (
    Disposal,
    EventKind,
    InsufficientHoldings,
    Leg,
    Outcome,
    TaxEvent,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what goes in, what must come out, and how far off a figure may be."""

    name: str
    settings: Settings
    history: History
    expected: Mapping[str, Any]
    tolerance: Decimal


def read(data: Mapping[str, Any]) -> Case:
    """A case from its JSON. May raise ValueError, KeyError, TypeError."""
    settings = settings_of(data["settings"])
    return Case(
        name=str(data["name"]),
        settings=settings,
        history=_history(data["events"], settings.base_currency),
        expected=data["expected"],
        tolerance=money.parse(data.get("tolerance", "0")),
    )


def settings_of(told: Mapping[str, Any]) -> Settings:
    """Settings from their JSON. May raise ValueError, KeyError."""
    rule = told.get("long_term", {"rule": "none"})
    month, day = str(told.get("tax_year_start", "01-01")).split("-")
    if told.get("same_time", "acquisitions_first") != "acquisitions_first":
        raise ValueError(f"an unknown order at one moment: {told['same_time']}")
    return Settings(
        method=told["method"],
        base_currency=told["base_currency"],
        tax_timezone=told.get("tax_timezone", "UTC"),
        tax_year_start=(int(month), int(day)),
        scope=Scope(told.get("scope", "universal")),
        long_term=LongTerm(rule["rule"]),
        long_term_days=int(rule.get("days", 365)),
        disposal_fee=DisposalFee(told.get("disposal_fee", "reduce_proceeds")),
        trade_fee=TradeFee(told.get("trade_fee", "disposal")),
        crypto_fee=CryptoFee(told.get("crypto_fee", "dispose")),
        transfer_fee=TransferFee(told.get("transfer_fee", "dispose")),
        trade_values=TradeValues(told.get("trade_values", "received")),
        hifo_key=HifoKey(told.get("hifo_key", "unit_price_excl_fee")),
        oversell=Oversell(told.get("oversell", "error")),
        method_by_year={int(y): str(m) for y, m in told.get("method_by_year", {}).items()},
    )


def _history(rows: Iterable[Mapping[str, Any]], base: str) -> History:
    history = History((), base)
    for number, row in enumerate(rows):
        coin = _coin(row, base, history.digits)
        if coin is None:
            history.add(number, _event(row))
        else:
            history.add_coin(number, whole.micros(_told(row["time"])), row.get("wallet", ""), coin)
    history.finish()
    return history


_SIDES = {"buy": (1, "in", "out"), "sell": (-1, "out", "in")}


def _coin(row: Mapping[str, Any], base: str, digits: int) -> Coin | None:
    """Coin for money or money for coin, as nearly all are; None for what needs a closer look.

    Numbers go from text to whole numbers at once: of a long case that is most of the time.
    """
    shape = _SIDES.get(row["kind"])
    if shape is None or row.get("subkind") or row.get("portfolio_value") is not None:
        return None
    side, taken, given = shape
    coin, paid, fee = row.get(taken), row.get(given), row.get("fee")
    if not coin or not paid or coin["asset"] == base or paid["asset"] != base:
        return None
    value, cost = paid.get("value"), 0
    # A leg that carries another value of its own is looked at closely, though it does not count.
    if value != paid["amount"] or coin.get("value", value) != value:
        return None
    try:
        if fee is not None:
            if fee["asset"] != base or fee.get("value") != fee["amount"]:
                return None
            cost = whole.of_text(fee["value"], whole.VALUE_DIGITS)
        units = whole.of_text(coin["amount"], digits)
        return side, coin["asset"], units, whole.of_text(value, whole.VALUE_DIGITS), cost
    except (ValueError, AttributeError):
        return None


def _event(row: Mapping[str, Any]) -> TaxEvent:
    return TaxEvent(
        time=_moment(row["time"]),
        kind=EventKind(row["kind"]),
        wallet=row.get("wallet", ""),
        into=_leg(row.get("in")),
        out=_leg(row.get("out")),
        fee=_leg(row.get("fee")),
        to_wallet=row.get("to_wallet", ""),
        subkind=row.get("subkind", ""),
        portfolio_value=_number(row.get("portfolio_value")),
    )


def _moment(text: str) -> datetime:
    return _told(text).astimezone(UTC)


def _told(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {text}")
    return moment


def _leg(told: Mapping[str, str] | None) -> Leg | None:
    if told is None:
        return None
    return Leg(told["asset"], _positive(told["amount"]), _number(told.get("value")))


def _number(text: str | None) -> Decimal | None:
    return None if text is None else _positive(text)


def _positive(text: str) -> Decimal:
    number = money.parse(text)
    if number < 0:
        raise ValueError(f"a number below zero: {text}")
    return number


# --- Running and comparing --------------------------------------------------------------------


def differences(case: Case) -> list[str]:
    """What came out otherwise than it must, one line a figure; none where all is right."""
    try:
        outcome = compute(case.settings, case.history)
    except InsufficientHoldings as error:
        return _of_error(case, error)
    if "error" in case.expected:
        return [f"no error, but {case.expected['error']} is expected"]
    return [
        *_compare("total", _told_totals(case), _found_totals(case, outcome), case),
        *_compare("left", _told_left(case), _found_left(case, outcome), case),
        *_compare("disposal", _told_disposals(case), _found_disposals(case, outcome), case),
        *_compare("income", _told_income(case), _found_income(outcome), case),
    ]


def _of_error(case: Case, error: InsufficientHoldings) -> list[str]:
    told = case.expected
    found = ("insufficient_holdings", error.event, error.asset)
    if (told.get("error"), told.get("event"), told.get("asset")) != found:
        return [str(error)]
    missing = money.parse(told.get("missing", money.plain(error.missing)))
    return [] if missing == error.missing else [f"missing: {error.missing:f}, not {missing:f}"]


Figures = dict[tuple[str, ...], dict[str, Decimal]]


def _compare(what: str, told: Figures, found: Figures, case: Case) -> list[str]:
    lines = []
    for key in sorted({*told, *found}):
        before, now = told.get(key, {}), found.get(key, {})
        for name in sorted({*before, *now}):
            expected, got = before.get(name, money.ZERO), now.get(name, money.ZERO)
            allowed = money.ZERO if name == "amount" else case.tolerance
            if abs(money.EXACT.subtract(got, expected)) > allowed:
                place = " ".join(part for part in key if part)
                lines.append(f"{what} {place}, {name}: {got:f}, not {expected:f}")
    return lines


def _add(figures: Figures, key: tuple[str, ...], values: Iterable[tuple[str, Decimal]]) -> None:
    sums = figures.setdefault(key, defaultdict(lambda: money.ZERO))
    for name, value in values:
        sums[name] = money.EXACT.add(sums[name], value)


def _told_totals(case: Case) -> Figures:
    told = case.expected["totals_by_tax_year"]
    return {
        (year,): {name: money.parse(text) for name, text in sums.items()}
        for year, sums in told.items()
    }


def _found_totals(case: Case, outcome: Outcome) -> Figures:
    return {(year,): dict(sums) for year, sums in totals(case.settings, outcome).items()}


_LEFT = ("amount", "cost_basis")
_DISPOSAL = ("amount", "proceeds", "cost_basis", "gain")


def _told_left(case: Case) -> Figures:
    figures: Figures = {}
    for row in case.expected["remaining"]:
        acquired = _moment(row["acquired"]).isoformat() if row.get("acquired") else ""
        key = (row["asset"], acquired, row.get("wallet", ""))
        _add(figures, key, ((name, money.parse(row[name])) for name in _LEFT))
    return figures


def _found_left(case: Case, outcome: Outcome) -> Figures:
    figures: Figures = {}
    for row in outcome.remaining:
        key = (row.asset, row.acquired.isoformat() if row.acquired else "", row.wallet)
        _add(figures, key, ((name, getattr(row, name)) for name in _LEFT))
    return figures


def _told_disposals(case: Case) -> Figures:
    figures: Figures = {}
    for row in case.expected["disposals"]:
        acquired = row.get("acquired") or ""
        if "T" in acquired:
            acquired = _moment(acquired).isoformat()
        place = row["date"] if "date" in row else str(row["event"])
        key = (place, row["asset"], row["match"], acquired, row.get("term") or "")
        values = [(name, money.parse(row[name])) for name in _DISPOSAL]
        values.append(("denied_loss", money.parse(row.get("denied_loss", "0"))))
        _add(figures, key, values)
    return figures


def _found_disposals(case: Case, outcome: Outcome) -> Figures:
    figures: Figures = {}
    by_date = any("date" in row for row in case.expected["disposals"])
    for row in outcome.disposals:
        place = row.on.isoformat() if by_date else str(row.event)
        key = (place, row.asset, row.match.value, _acquired(row), row.term or "")
        values = [(name, getattr(row, name)) for name in _DISPOSAL]
        known = [(name, value) for name, value in values if value is not None]
        _add(figures, key, [*known, ("denied_loss", row.denied)])
    return figures


def _acquired(row: Disposal) -> str:
    return "" if row.acquired is None else row.acquired.isoformat()


def _told_income(case: Case) -> Figures:
    figures: Figures = {}
    for row in case.expected["income"]:
        values = ((name, money.parse(row[name])) for name in ("amount", "value"))
        _add(figures, (str(row["event"]), row["asset"]), values)
    return figures


def _found_income(outcome: Outcome) -> Figures:
    figures: Figures = {}
    for row in outcome.income:
        values = [("amount", row.amount)]
        if row.value is not None:
            values.append(("value", row.value))
        _add(figures, (str(row.event), row.asset), values)
    return figures
