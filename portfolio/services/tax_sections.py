"""How complete the ledger was when a tax report was made of it, told for its documents.

Days, never the hour of the latest asking: an hour later nothing else is known of a year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from portfolio.exports.tax_report import Section
from portfolio.models import TaxReport
from portfolio.models.sync import RECORD_LABELS
from portfolio.selectors import tax_words


def sections(report: TaxReport) -> list[Section]:
    """Coverage, reconciliation and open findings; none of a report that kept nothing of them."""
    told = report.evidence
    if "coverage" not in told:
        return []
    names = {row["id"]: row["label"] for row in told["connections"]}
    return [
        _coverage(report, names),
        _balances(report, names),
        _findings(report, names),
    ]


def _coverage(report: TaxReport, names: Mapping[str, str]) -> Section:
    return Section(
        title=_("Coverage"),
        words=_(
            "What was fetched of each account and kind of record, within the year and before it, "
            "as lots come from there."
        ),
        header=(
            *(_("Account"), _("Records"), _("Before the year"), _("Number before")),
            *(_("In the year"), _("Number in it")),
        ),
        rows=[
            (
                names.get(row["account"], ""),
                force_str(RECORD_LABELS.get(row["kind"], row["kind"])),
                *_span(row["before"]),
                *_span(row["year"]),
            )
            for row in report.evidence["coverage"]
        ],
        numbers=frozenset({3, 5}),
        money=frozenset(),
        widths=(26, 24, 42, 16, 42, 16),
        empty=_("No account has a key; what is known was entered by hand or brought by file."),
    )


def _span(told: Mapping[str, Any]) -> tuple[str, str]:
    return "; ".join(tax_words.covered(told)), str(told["records"])


def _balances(report: TaxReport, names: Mapping[str, str]) -> Section:
    days = {row["id"]: (row["balances_at"] or "")[:10] for row in report.evidence["connections"]}
    return Section(
        title=_("Reconciliation"),
        words=_(
            "What the ledger added up to in each wallet and asset when this report was made, "
            "beside what the exchange reported last. Where both are equal the records add up to "
            "what is there."
        ),
        header=(
            *(_("Account"), _("Wallet"), _("Asset"), _("Ledger"), _("Reported")),
            *(_("Difference"), _("Reported on")),
        ),
        rows=[
            (
                names.get(row["account"], ""),
                row["wallet"],
                row["asset"],
                row["ledger"],
                _("not asked") if row["reported"] is None else row["reported"],
                _("unknown") if row["difference"] is None else row["difference"],
                days.get(row["account"], "") if row["reported"] is not None else "",
            )
            for row in report.evidence["balances"]
        ],
        numbers=frozenset({3, 4, 5}),
        money=frozenset(),
        widths=(28, 18, 16, 36, 36, 26, 18),
        empty=_("Nothing is held."),
    )


def _findings(report: TaxReport, names: Mapping[str, str]) -> Section:
    meant = tax_words.meanings(row["cause"] for row in report.evidence["findings"])
    touched = (_("Proceeds on it"), _("Gain on it"), _("Income on it"))
    return Section(
        title=_("Open findings"),
        words=_(
            "What a person should look at, with the money of this year that stands on it and so "
            "could change. At risk is what it was about when it was found."
        ),
        header=(
            *(_("Finding"), _("What"), f"{_('At risk')}, {_risk_currency(report)}"),
            *(f"{title}, {report.currency}" for title in touched),
            _("What to do"),
        ),
        rows=[tuple(_finding(row, names)) for row in report.evidence["findings"]],
        numbers=frozenset({2, 3, 4, 5}),
        money=frozenset({2, 3, 4, 5}),
        widths=(26, 54, 20, 20, 20, 18, 26),
        empty=_("There were none."),
        notes=meant,
    )


def _risk_currency(report: TaxReport) -> str:
    """Findings are valued in the currency that their owner read values in then."""
    return next((row["currency"] for row in report.evidence["findings"]), report.currency)


def _finding(row: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    title, fix = tax_words.finding(row["cause"])
    quantity = f"{row['quantity'] or ''} {row['asset']}".strip()
    yield title
    yield " ".join(part for part in (quantity, names.get(row["account"]), row["line"]) if part)
    yield _("unknown") if row["value"] is None else row["value"]
    touched = row["touched"]
    for name in ("proceeds", "gain", "income"):
        known = None if touched is None else touched[name]
        yield _("unknown") if known is None else known
    yield fix
