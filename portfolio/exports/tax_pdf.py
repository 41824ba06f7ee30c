"""A tax report as a PDF: to read, to print and to file. The same report gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from portfolio.engine import money
from portfolio.engine.money import plain
from portfolio.engine.rounding import DECIMALS
from portfolio.exports.tax_report import Line, Part, Report

# A PDF is for people: of more lines than these it says so, and the tables have all.
MOST_LINES = 1000

_FONT, _BOLD = "Vera", "VeraBd"
_INK, _FAINT, _RULE = (
    colors.HexColor("#1d273b"),
    colors.HexColor("#5f6b7c"),
    colors.HexColor("#d5dae1"),
)
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=8, leading=11, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=6.5, leading=8.5, textColor=_FAINT)
_STRONG = ParagraphStyle("strong", parent=_TEXT, fontName=_BOLD)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName=_BOLD, fontSize=11, leading=15, spaceBefore=8)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=17, leading=22)


def pdf(report: Report, parts: Iterable[Part]) -> bytes:
    """The report to be read and printed; long parts are cut, and say so."""
    _fonts()
    out = io.BytesIO()
    frame = SimpleDocTemplate(
        out, pagesize=A4, title=report.title, author="Coffer", invariant=1,
        leftMargin=16 * mm, rightMargin=16 * mm, topMargin=16 * mm, bottomMargin=16 * mm,
    )  # fmt: skip
    story = [Paragraph(escape(report.title), _TITLE), *_facts(report), *_figures(report)]
    story += [*_limits(report), *_assumed(report)]
    for part in parts:
        story += _part(report, part)

    def footer(canvas: Canvas, document: Any) -> None:
        canvas.setFont(_FONT, 6.5)
        canvas.setFillColor(_FAINT)
        canvas.drawString(16 * mm, 9 * mm, report.title)
        canvas.drawRightString(A4[0] - 16 * mm, 9 * mm, str(canvas.getPageNumber()))

    frame.build(story, onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _fonts() -> None:
    if _FONT in pdfmetrics.getRegisteredFontNames():
        return
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))


def _facts(report: Report) -> list[Flowable]:
    rows = [[Paragraph(escape(n), _SMALL), Paragraph(escape(v), _TEXT)] for n, v in report.facts]
    return [_laid(rows, [42 * mm, 136 * mm], heading=False)]


def _figures(report: Report) -> list[Flowable]:
    rows = [_heading("Form", "Figure", f"Amount, {report.currency}", "Rule")]
    for figure in report.figures:
        style = _STRONG if figure.is_main else _TEXT
        amount = (
            _shown(figure.amount, report.currency)
            if not figure.is_count
            else ("" if figure.amount is None else plain(figure.amount))
        )
        rows.append(
            [
                Paragraph(escape(figure.code), _SMALL),
                Paragraph(escape(figure.title), style),
                _right(amount, style),
                Paragraph(escape(figure.rule), _SMALL),
            ]
        )
    return [Paragraph("Figures", _HEAD), _laid(rows, [26 * mm, 52 * mm, 32 * mm, 68 * mm])]


def _limits(report: Report) -> list[Flowable]:
    told: list[Flowable] = [Paragraph("Covered", _HEAD)]
    told += [Paragraph(f"• {escape(sentence)}", _TEXT) for sentence in report.covered]
    told.append(Paragraph("Not covered", _HEAD))
    return told + [Paragraph(f"• {escape(sentence)}", _STRONG) for sentence in report.not_covered]


def _assumed(report: Report) -> list[Flowable]:
    if not report.assumed:
        return []
    rows = [_heading("What was taken for granted", "Times", "About", "What to do")]
    rows += [[Paragraph(escape(cell), _TEXT) for cell in row] for row in report.assumed]
    return [
        Paragraph("Taken for granted", _HEAD),
        _laid(rows, [62 * mm, 16 * mm, 36 * mm, 64 * mm]),
    ]


def _part(report: Report, part: Part) -> list[Flowable]:
    if not part.number:
        return []
    story: list[Flowable] = [Paragraph(escape(part.title), _HEAD)]
    if part.number > MOST_LINES:
        words = f"The first {MOST_LINES} of {part.number} lines; the tables have all of them."
        story.append(Paragraph(words, _TEXT))
    rows = [["Day", "Amount", "Acquired", "Matched, kind", "Proceeds", "Cost", "Gain, worth"]]
    rows += [_row(line, report.currency) for line in islice(part.lines, MOST_LINES)]
    widths = [18 * mm, 40 * mm, 18 * mm, 38 * mm, 20 * mm, 20 * mm, 24 * mm]
    # Plain cells: laying out a paragraph for each takes twenty times as long.
    table = LongTable(rows, colWidths=widths, rowHeights=9.5, style=_LINES, repeatRows=1)
    return [*story, table, Spacer(1, 3 * mm)]


def _row(line: Line, currency: str) -> list[str]:
    day = line.on or (line.at.date() if line.at else None)
    last = line.value if line.gain is None else line.gain
    about = " · ".join(word for word in (line.match, line.kind, line.term, line.account) if word)
    return [
        day.isoformat() if day else "",
        _cut(f"{plain(line.amount)} {line.asset}", 32),
        line.acquired.isoformat()[:10] if line.acquired else "",
        _cut(about, 34),
        *(_shown(n, currency) if n is not None else "" for n in (line.proceeds, line.cost)),
        _shown(last, currency),
    ]


def _cut(text: str, most: int) -> str:
    """What fits a cell; the tables have the whole."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _heading(*names: str) -> list[Flowable]:
    return [Paragraph(escape(name), _SMALL) for name in names]


def _right(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(text, ParagraphStyle("right", parent=style, alignment=2))


def _shown(value: Decimal | None, currency: str) -> str:
    """Rounded for reading; what is not known says so."""
    if value is None:
        return "unknown"
    step = Decimal(1).scaleb(-DECIMALS.get(currency, 2))
    return f"{value.quantize(step, rounding=ROUND_HALF_EVEN, context=money.EXACT):,f}"


_LINES = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), _FONT, 6),
        ("TEXTCOLOR", (0, 0), (-1, 0), _FAINT),
        ("TEXTCOLOR", (0, 1), (-1, -1), _INK),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, _RULE),
        ("ALIGN", (1, 0), (1, -1), "RIGHT"),
        ("ALIGN", (4, 0), (-1, -1), "RIGHT"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
)


def _laid(rows: list[list[Flowable]], widths: list[float], *, heading: bool = True) -> Table:
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, _RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
    return Table(rows, colWidths=widths, style=TableStyle(style), repeatRows=int(heading))
