"""A tax report told for people: its lines, figures and facts, as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import QuerySet
from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from portfolio.engine import rounding
from portfolio.engine.tax import place as places
from portfolio.engine.tax.place import Place, UnknownPlace
from portfolio.exports import tax_report
from portfolio.exports.tax_report import Figure, Line, Part, Report
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import tax_origins, tax_pages, tax_sums, tax_unpriced, tax_words
from portfolio.services import tax_sections

CHUNK = 2000
_LETTER = frozenset({"us", "canada"})  # where documents are printed on Letter


def csv(report: TaxReport, part: str, lines: QuerySet[TaxLine] | None = None) -> Iterator[bytes]:
    """One part of a report as CSV, piece by piece. ``lines``: of these alone."""
    return tax_report.table(_part(report, TaxLine.Part(part), lines))


def xlsx(report: TaxReport) -> Iterator[bytes]:
    """A whole report as a workbook, piece by piece."""
    parts = (_part(report, part) for part in TaxLine.Part)
    return tax_report.sheets(told(report), parts)


def pdf(report: TaxReport, *, most: int | None = None) -> bytes:
    """A whole report to read and print; made by workers. Samples have fewer lines, and say so."""
    from portfolio.exports import tax_pdf  # only workers load what draws pages

    parts = [_part(report, part) for part in TaxLine.Part]
    return tax_pdf.pdf(told(report), parts, most=most or tax_pdf.MOST_LINES)


def told(report: TaxReport) -> Report:
    """What a report says beside its lines."""
    place = _place(report)
    return Report(
        title=f"{_('Taxes')} {report.year_name}, {tax_words.place(report.place)}",
        facts=_facts(report),
        currency=report.currency,
        figures=[
            Figure(
                f.code, _(f.title), f.amount, _(f.rule) if f.rule else "", f.is_main, f.is_count
            )._replace(
                made_of=tax_origins.made_of(report, f),
                without=tax_unpriced.words(f.without, report.currency),
            )
            for f in tax_pages.Report(report).figures
        ],
        covered=[_(sentence) for sentence in place.covers] if place else [],
        not_covered=[_(sentence) for sentence in place.not_covered] if place else [],
        assumed=[_assumed(row, report) for row in tax_sums.assumed(report)],
        owner=str(report.owner),
        sections=tax_sections.sections(report),
        is_letter=report.place in _LETTER,
    )


def _place(report: TaxReport) -> Place | None:
    try:
        return places.by_id(report.place)
    except UnknownPlace:
        return None


def _facts(report: TaxReport) -> list[tuple[str, str]]:
    engine = report.settings["engine"]
    facts = [
        (_("Of"), str(report.owner)),
        (_("Method"), tax_words.method(engine["method"])),
        (_("Currency"), report.currency),
        (_("Calendar"), engine["tax_timezone"]),
        (_("Engine"), report.engine),
        (_("As of"), tax_words.as_of(report.evidence.get("as_of"))),
        (_("Fingerprint of what went in"), report.fingerprint),
        (_("SHA-256 of what came out"), report.sha256),
    ]
    if report.environment == "sandbox":
        facts.insert(0, (_("Note"), _("Of simulated accounts: not your taxes.")))
    return facts


def _assumed(row: tax_sums.AssumedSum, report: TaxReport) -> tuple[str, str, str, str, str]:
    """What, how often, about how much money, the gain that stands on it, what to do."""
    worth, gain = _("unknown"), _("unknown")
    step = rounding.step(report.currency)
    if row.value is not None:
        worth = f"{rounding.rounded(row.value, step):,f}"
    if row.touched is not None:
        gain = f"{rounding.rounded(row.touched, step):,f}"
    what = tax_words.assumed(row.what)
    return what, f"{row.number:,}", worth, gain, tax_words.mended(row.what)


def _part(report: TaxReport, part: TaxLine.Part, lines: QuerySet[TaxLine] | None = None) -> Part:
    number = report.counts.get(part.value, 0)
    return Part(force_str(part.label), number, _lines(report, part, lines))


def _lines(
    report: TaxReport, part: TaxLine.Part, lines: QuerySet[TaxLine] | None
) -> Iterator[Line]:
    """The lines of a part in order, streamed."""
    labels = tax_pages.labels_of(report)
    rows = TaxLine.objects.filter(report=report, part=part) if lines is None else lines
    rows = rows.order_by("position")
    for row in rows.iterator(chunk_size=CHUNK):
        yield _line(row, part, labels)


def _line(row: TaxLine, part: TaxLine.Part, labels: Mapping[str, str]) -> Line:
    is_disposal = part in (TaxLine.Part.DISPOSAL, TaxLine.Part.APART)
    assumed = part is TaxLine.Part.ASSUMED
    return Line(
        at=row.at,
        on=row.on,
        kind=tax_words.assumed(row.subkind) if assumed else tax_words.subkind(row.subkind),
        asset=row.asset,
        account=labels.get(row.account, ""),
        amount=row.amount,
        acquired=row.acquired_at or row.acquired_on,
        match=tax_words.match(row.match),
        term=tax_words.term(row.term),
        proceeds=row.proceeds,
        cost=row.cost,
        denied=row.denied,
        gain=tax_pages.gain_of(row) if is_disposal else None,
        value=row.value,
        transaction=row.transaction,
        lot_transaction=row.lot_transaction,
    )
