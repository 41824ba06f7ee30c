"""Wallets and assets of which the ledger and the exchange do not say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.judging import DUST, ROUNDING
from portfolio.models import Finding, Holding
from portfolio.selectors import locating
from portfolio.selectors.finder import Found, in_time, is_first_of_day
from portfolio.selectors.risk import Risk

CAUSE = "discrepancy"
TITLE = gettext_lazy("The ledger and the exchange disagree")
WORDS = gettext_lazy(
    "The records add up to another amount than the exchange reports. A record is missing, doubled "
    "or wrong; the page of the wallet and asset says where and what may have happened."
)
FIX = gettext_lazy("See where it arose")
WEIGHT = Decimal(1)
# Of so many, the largest, it is worked out where they arose; the pages of the others do.
EXPLAINED = 20


@dataclass(frozen=True, slots=True)
class _Case:
    holding: Holding
    difference: Decimal  # reported less ledger
    value: Decimal | None


def find(user: User) -> Iterable[Found]:
    """Differences above rounding, where the whole history is in."""
    told = {} if is_first_of_day(user) else _told(user)
    for place, case in enumerate(sorted(_cases(user), key=_size)):
        found = _found(case, {})
        before = told.get(found.subject)
        if before is not None and before.quantity == case.difference:
            # It takes long to explain, and what has not changed has not changed since this morning.
            yield replace(found, data=before.data)
        elif place >= EXPLAINED:
            yield found
        elif (explained := _explained(case.holding)) is not None:
            yield _found(case, explained)


def _told(user: User) -> dict[str, Finding]:
    """The findings that are explained already."""
    rows = Finding.objects.of(user).filter(
        cause=CAUSE, closed_at__isnull=True, data__has_key="until"
    )
    return {row.subject: row for row in rows}


def _cases(user: User) -> list[_Case]:
    rows = (
        Holding.objects.filter(owner=user, connection__backfilled_at__isnull=False)
        .exclude(reported__isnull=True)
        .exclude(reported=F("quantity"))
        .select_related("connection")
    )
    holdings = [holding for holding in rows if _difference(holding)]
    risk = Risk(user, {holding.asset for holding in holdings})
    return [case for holding in holdings if (case := _case(risk, holding)) is not None]


def _case(risk: Risk, holding: Holding) -> _Case | None:
    """With its money; None of what is worth nothing by the user's own word."""
    place = {
        "exchange": holding.connection.exchange,
        "environment": holding.connection.environment,
    }
    if risk.is_spam(holding.asset, **place):
        return None
    difference = _difference(holding)
    return _Case(holding, difference, risk.value(holding.asset, difference, **place))


def _difference(holding: Holding) -> Decimal:
    """Reported less ledger; zero where an exchange's rounding makes it."""
    reported: Decimal = holding.reported or money.ZERO
    difference = money.add(reported, money.negate(holding.quantity))
    dust = max(DUST, money.multiply(reported.copy_abs(), ROUNDING))
    return money.ZERO if difference.copy_abs() <= dust else difference


def _size(case: _Case) -> tuple[bool, Decimal, int]:
    """Unknown money first, then the largest."""
    value = money.ZERO if case.value is None else case.value
    return (case.value is not None, money.negate(value), case.holding.pk)


def _explained(holding: Holding) -> dict[str, str] | None:
    """The stretch and the likeliest cause of the largest step; None where it is rounding only."""
    place = locating.explained(holding, unserved=frozenset())
    if place.located is not None and place.located.is_dust:
        return None
    steps: Sequence[locating.Finding] = sorted(
        place.findings, key=lambda found: found.step.amount.copy_abs()
    )
    if not steps:
        return {}
    step = steps[-1].step
    return {
        "after": step.after.isoformat() if step.after else "",
        "until": step.until.isoformat(),
        "likeliest": steps[-1].causes[0].kind.value,
        "steps": str(len(steps)),
    }


def _found(case: _Case, explained: dict[str, str]) -> Found:
    holding = case.holding
    place = {"wallet": holding.wallet, "asset": holding.asset}
    url = reverse("portfolio:proof-place", args=[holding.connection_id])
    return Found(
        subject=f"{holding.connection_id}:{holding.wallet}:{holding.asset}",
        url=f"{url}?{urlencode(place)}",
        asset=holding.asset,
        quantity=case.difference,
        value=case.value,
        connection_id=holding.connection_id,
        data={"wallet": holding.wallet, **explained},
    )


def line(data: Mapping[str, str]) -> str:
    """The wallet, the stretch and the likeliest cause."""
    parts = [_("Wallet {wallet}.").format(wallet=data["wallet"])]
    if data.get("after"):
        since, until = in_time(data["after"]), in_time(data["until"])
        parts.append(_("It arose between {since} and {until}.").format(since=since, until=until))
    elif data.get("until"):
        until = in_time(data["until"])
        parts.append(_("It was there when first asked, {until}.").format(until=until))
    likeliest = _likeliest().get(data.get("likeliest", ""))
    if likeliest:
        parts.append(likeliest)
    return " ".join(parts)


def _likeliest() -> dict[str, str]:
    return {
        "late": _("Likeliest: the record may still come."),
        "misdated": _("Likeliest: a record is dated elsewhere."),
        "doubled": _("Likeliest: a record counts twice."),
        "sign": _("Likeliest: a record counts the wrong way."),
        "factor": _("Likeliest: a record is too large or small by tens."),
        "fee": _("Likeliest: a fee is missing."),
        "other_wallet": _("Likeliest: a movement from or to another wallet is missing."),
        "unreadable": _("Likeliest: a record that could not be read."),
        "hole": _("Likeliest: a stretch that was never asked for."),
        "failed": _("Likeliest: a stretch that could not be fetched."),
        "horizon": _("Likeliest: older than what the exchange still serves."),
        "not_served": _("Likeliest: a kind of record that the exchange does not serve."),
        "beginning": _("Likeliest: something from before the records begin."),
        "missing": _("Likeliest: a record is missing, nothing says why."),
        "locked": _("Likeliest: the exchange leaves out what is locked."),
        "rounding": _("Likeliest: the exchange rounds."),
    }
