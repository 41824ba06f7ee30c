"""What users decide on assets: merged, named, marked as spam, and each of it undone.

Nothing booked changes: postings and holdings keep the exchange's codes. A decision changes what
they are read as, so the daily values from the first affected record on are computed again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.engine.identities import EVERYWHERE, Identities, Rule, RuleKind, closes_a_circle
from portfolio.engine.pricing import HUBS
from portfolio.models import AssetRule, Posting
from portfolio.selectors.assets import identities, sources
from portfolio.services import ledger
from portfolio.services.locks import lock_assets

_NAME = 40  # as the columns of codes
_MADE = {
    RuleKind.ALIAS: gettext_noop("asset merged"),
    RuleKind.SPAM: gettext_noop("asset marked as spam"),
    RuleKind.NAME: gettext_noop("asset renamed"),
}


class AssetProblem(Exception):
    """It cannot be decided so; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Target:
    """What a code is to stand for: ``factor`` of the asset are in one of the code."""

    asset: str
    factor: Decimal = Decimal(1)


@transaction.atomic
def merge(*, user: User, source: str, code: str, target: Target) -> AssetRule:
    """Takes a code of one source, or of all (""), for an asset. May raise AssetProblem.

    The code itself as target keeps it apart from what it is known to stand for.
    """
    rule = Rule(RuleKind.ALIAS, source, code, target.asset.strip(), target.factor)
    if not rule.asset or len(rule.asset) > _NAME:
        raise AssetProblem(_("Say which asset it is, in at most 40 characters."))
    if not money.fits(rule.factor) or rule.factor <= 0:
        raise AssetProblem(_("One of it must be more than nothing of the asset."))
    if rule.asset == code and rule.factor != 1:
        raise AssetProblem(_("An asset cannot be a multiple of itself."))
    if source == EVERYWHERE and code in (*HUBS, user.reporting_currency):
        raise AssetProblem(
            _("Prices are worked out through {code}: merge it for one exchange only.").format(
                code=code
            )
        )
    return _decide(user, rule)


@transaction.atomic
def mark_spam(*, user: User, source: str, code: str) -> AssetRule:
    """Leaves a code of one source, or an asset of all (""), out of every sum."""
    return _decide(user, Rule(RuleKind.SPAM, source, code))


@transaction.atomic
def rename(*, user: User, asset: str, name: str) -> AssetRule:
    """Shows an asset by another name. May raise AssetProblem."""
    if not name.strip() or len(name.strip()) > _NAME:
        raise AssetProblem(_("A name has 1 to 40 characters."))
    return _decide(user, Rule(RuleKind.NAME, EVERYWHERE, asset, name=name.strip()))


@transaction.atomic
def undo(*, user: User, rule: AssetRule) -> AssetRule:
    """Takes a decision back; what it replaced holds again. May raise AssetProblem."""
    lock_assets(user.pk)
    current = AssetRule.objects.of(user).select_related("replaces").get(pk=rule.pk)
    if current.undone_at is not None:
        raise AssetProblem(_("This was undone already."))
    before = identities(user)
    current.undone_at = timezone.now()
    current.save(update_fields=["undone_at"])
    former = current.replaces
    if former is not None:
        if _is_circular(user, former.rule):
            raise AssetProblem(_("What held before would make an asset stand for itself."))
        former.undone_at = None
        former.save(update_fields=["undone_at"])
    _recompute(user, current.rule, before)
    _note(user, gettext_noop("decision on an asset undone"), current.rule)
    return current


def _decide(user: User, rule: Rule) -> AssetRule:
    lock_assets(user.pk)
    _check_place(user, rule)
    rows = AssetRule.objects.of(user).in_force()
    place = {"kind": rule.kind.value, "source": rule.source, "code": rule.code}
    former = rows.filter(**place).first()
    if former is not None and former.rule == rule:
        raise AssetProblem(_("It is so already."))
    before = identities(user)
    now = timezone.now()
    if former is not None:
        former.undone_at = now
        former.save(update_fields=["undone_at"])
    if _is_circular(user, rule):
        raise AssetProblem(_("That would make an asset stand for itself."))
    made = AssetRule.objects.create(
        owner=user,
        **place,
        asset=rule.asset,
        factor=rule.factor,
        name=rule.name,
        made_at=now,
        replaces=former,
    )
    _recompute(user, rule, before)
    _note(user, _MADE[rule.kind], rule)
    return made


def _check_place(user: User, rule: Rule) -> None:
    """May raise AssetProblem: only what the user's ledger knows can be decided on."""
    known = identities(user)
    held = sources(user)
    codes = {code for _, code in held} | {known.of(*place) for place in held}
    if rule.code not in codes or (rule.source != EVERYWHERE and rule.place not in held):
        raise AssetProblem(_("Your ledger has no such asset there."))


def _is_circular(user: User, rule: Rule) -> bool:
    if rule.kind is not RuleKind.ALIAS or rule.asset == rule.code:
        return False
    others = (row.rule for row in AssetRule.objects.of(user).in_force())
    return closes_a_circle((r for r in others if r.asset != r.code), rule)


def _recompute(user: User, rule: Rule, before: Identities) -> None:
    """Marks the days stale whose values a decision may change; a name changes none."""
    if rule.kind is RuleKind.NAME:
        return
    after = identities(user)
    touched = {rule.code, before.of(rule.source, rule.code), after.of(rule.source, rule.code)}
    first = _first_day(user, before.codes(touched) | after.codes(touched))
    if first is not None:
        ledger.mark_stale(user.pk, first)


def _first_day(user: User, codes: Iterable[str]) -> date | None:
    """The day of the first record with one of these codes; of any, where all prices may change."""
    rows = Posting.objects.filter(owner=user).order_by("occurred_at")
    wanted = set(codes)
    if not wanted & {*HUBS, user.reporting_currency}:
        rows = rows.filter(asset__in=wanted)
    moment = rows.values_list("occurred_at", flat=True).first()
    return None if moment is None else moment.astimezone(UTC).date()


def _note(user: User, action: str, rule: Rule) -> None:
    told = {"code": rule.code, "at": rule.source or _("all exchanges")}
    if rule.kind is RuleKind.ALIAS:
        told["asset"] = rule.asset
        if rule.factor != 1:
            told["times"] = money.plain(rule.factor)
    if rule.kind is RuleKind.NAME:
        told["name"] = rule.name
    audit.note(user=user, action=action, **told)
