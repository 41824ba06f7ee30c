"""The complete archive: all that is a user's, for another installation of Coffer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import Check, ExportFormat, Group, gettext_noop


def _not_of_transactions(
    transactions: Iterable[ExportTransaction], context: ExportContext
) -> Iterator[bytes]:
    raise TypeError("an archive is made of an account: see services.archiving")


FORMAT = ExportFormat(
    id="archive",
    title=gettext_noop("Complete archive"),
    description=gettext_noop(
        "Everything that is yours here, but for keys: records, ledger, edits, transfers, prices, "
        "reports, settings. An empty account of any installation can be restored from it, exactly: "
        "manage.py restore USER FILE."
    ),
    write=_not_of_transactions,
    content_type="application/zip",
    extension="zip",
    check=Check.OWN,
    group=Group.OWN,
    of_account=True,
)
