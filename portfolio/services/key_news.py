"""What is told to the owner of a key that was asked about and is fine."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.exchanges.types import PermissionAudit as Answer
from portfolio.models import Connection, PermissionAudit
from portfolio.services import notices

Kind = notices.Kind


def of_good_key(current: Connection, answer: Answer, *, is_replacing: bool) -> None:
    """Tells of a replacement, of rights that grew, and of an outage that is over.

    ``current`` is still as it was before the answer.
    """
    now = timezone.now().isoformat()
    if is_replacing:
        text = _replaced(current, answer)
        notices.tell(current, Kind.REPLACED, text, key=f"{Kind.REPLACED}:{current.pk}:{now}")
        notices.no_longer_matters(current)
        return
    gained = _gained(current, answer)
    if gained:
        text = _(
            "The key of “{name}” may do more than before: {words}. This installation allows keys "
            "that may trade, so it goes on; Coffer itself only reads."
        ).format(name=current, words=", ".join(gained))
        notices.tell(current, Kind.RIGHTS, text, key=f"{Kind.RIGHTS}:{current.pk}:{now}")
    notices.over(current, notices.works_again(current), [Kind.BROKEN, Kind.RIGHTS])


def _replaced(current: Connection, answer: Answer) -> str:
    text = _("The key of “{name}” was replaced; the former one is erased here.").format(
        name=current
    )
    if not (current.account_uid and answer.account_uid):
        text += " " + _(
            "The exchange does not tell which account a key belongs to: look whether the balances "
            "are still yours."
        )
    return text + " " + _("Delete the former key at the exchange.")


def _gained(current: Connection, answer: Answer) -> list[str]:
    """The dangerous words of a key in use that were not in the last answer about it."""
    if current.sealed_candidate is not None or not answer.dangerous:
        return []
    answers = current.audits.filter(turned_away=False)
    last = answers.exclude(verdict=PermissionAudit.Verdict.FAILED).first()
    known = set(last.permissions) if last else set(answer.dangerous)
    return [word for word in answer.dangerous if word not in known]
