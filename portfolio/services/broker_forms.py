"""Forms of brokers: given by their owner, kept whole or not at all, and dropped again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine.money import plain
from portfolio.imports import broker_forms as reading
from portfolio.imports.broker_forms import BadForm
from portfolio.models import BrokerForm, Connection
from portfolio.services.tax_settings import TaxProblem

MOST_FORMS = 50


@transaction.atomic
def add(*, user: User, connection_id: UUID, year: int, name: str, data: bytes) -> BrokerForm:
    """Keeps what a file, or a person, tells of a year's sales in one account.

    May raise Connection.DoesNotExist, TaxProblem: then nothing is kept.
    """
    connection = Connection.objects.of(user).get(pk=connection_id)
    try:
        told = reading.read(data, year)
    except BadForm as bad:
        raise TaxProblem(" ".join(_sentence(*problem) for problem in bad.problems)) from None
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if BrokerForm.objects.filter(owner=user, year=year).count() >= MOST_FORMS:
        raise TaxProblem(_("There are so many forms of this year already."))
    rows = [
        [
            sale.asset,
            sale.on.isoformat(),
            plain(sale.proceeds),
            "" if sale.basis is None else plain(sale.basis),
            sale.box,
        ]
        for sale in told
    ]
    form = BrokerForm.objects.create(
        owner=user,
        connection=connection,
        year=year,
        name=name[:100],
        added_at=timezone.now(),
        sales=rows,
    )
    audit.note(user=user, action=gettext_noop("broker form added"), form=str(form))
    return form


def _sentence(line: int, words: str, values: dict[str, object]) -> str:
    said = _(words) % values if values else _(words)
    return _("Line %(number)s: %(said)s") % {"number": line, "said": said} if line else said


@transaction.atomic
def delete(*, user: User, form_id: int) -> BrokerForm:
    """Drops a form; nothing else of the account changes. May raise BrokerForm.DoesNotExist."""
    form = BrokerForm.objects.select_related("connection").get(owner=user, pk=form_id)
    audit.note(user=user, action=gettext_noop("broker form deleted"), form=str(form))
    form.delete()
    return form
