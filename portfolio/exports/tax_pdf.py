"""A tax report as a PDF: to read, to print and to file. The same report gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Container, Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
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
from portfolio.exports.tax_report import Figure, Line, Part, Report, Section

# A PDF is for people: of more lines than these it says so, and the tables have all.
MOST_LINES = 1000

_SIDE = 16 * mm
_WIDTH = 178 * mm  # of tables, on either paper
_FONT, _BOLD = "Vera", "VeraBd"
_INK, _FAINT, _RULE = (
    colors.HexColor("#1d273b"),
    colors.HexColor("#5f6b7c"),
    colors.HexColor("#d5dae1"),
)
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=8, leading=11, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=6.5, leading=8.5, textColor=_FAINT)
_STRONG = ParagraphStyle("strong", parent=_TEXT, fontName=_BOLD)
_SMALL_RIGHT = ParagraphStyle("small amount", parent=_SMALL, alignment=2)
_CELL = ParagraphStyle("cell", parent=_TEXT, fontSize=6.5, leading=8.5)
_CELL_RIGHT = ParagraphStyle("amount", parent=_CELL, alignment=2)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName=_BOLD, fontSize=11, leading=15, spaceBefore=8)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=17, leading=22)


def pdf(report: Report, parts: Iterable[Part], *, most: int = MOST_LINES) -> bytes:
    """The report to be read and printed; parts of more than ``most`` lines are cut, and say so."""
    _fonts()
    out = io.BytesIO()
    size = LETTER if report.is_letter else A4
    frame = SimpleDocTemplate(
        out, pagesize=size, title=report.title, author=report.owner, creator="Coffer",
        subject="; ".join(f"{name}: {value}" for name, value in report.facts),
        lang="en", displayDocTitle=True, invariant=1,
        leftMargin=_SIDE, rightMargin=_SIDE, topMargin=16 * mm, bottomMargin=16 * mm,
    )  # fmt: skip
    story = [Paragraph(escape(report.title), _TITLE), *_facts(report), *_figures(report)]
    story += [*_limits(report), *_assumed(report)]
    for section in report.sections:
        story += _section(section, report, most)
    for part in parts:
        story += _part(report, part, most)
    frame.build(story, canvasmaker=_numbered(f"{report.title}, {report.owner}", size))
    return out.getvalue()


def _numbered(title: str, size: tuple[float, float]) -> type[Canvas]:
    """Pages that tell how many there are: their feet are drawn when all are there."""

    class Numbered(Canvas):  # type: ignore[misc]  # reportlab tells no types
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self._foot(f"{number} of {len(self._pages)}")
                super().showPage()
            super().save()

        def _foot(self, number: str) -> None:
            self.setFont(_FONT, 6.5)
            self.setFillColor(_FAINT)
            self.drawString(_SIDE, 9 * mm, title)
            self.drawRightString(size[0] - _SIDE, 9 * mm, number)

    return Numbered


class _Heading(Paragraph):  # type: ignore[misc]  # reportlab tells no types
    """A heading that readers list at the side."""

    def draw(self) -> None:
        """Draws it, and notes where."""
        text = self.getPlainText()
        self.canv.bookmarkHorizontal(text, 0, self.height)
        self.canv.addOutlineEntry(text, text, level=0)
        super().draw()


def _fonts() -> None:
    if _FONT in pdfmetrics.getRegisteredFontNames():
        return
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(_FONT, normal=_FONT, bold=_BOLD, italic=_FONT, boldItalic=_BOLD)


def _facts(report: Report) -> list[Flowable]:
    rows = [[Paragraph(escape(n), _SMALL), Paragraph(escape(v), _TEXT)] for n, v in report.facts]
    return [_laid(rows, [42 * mm, 136 * mm], heading=False)]


def _figures(report: Report) -> list[Flowable]:
    rows = [
        _headings(("Form", "Figure", f"Amount, {report.currency}", "Rule, and from what"), (2,))
    ]
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
                _titled(figure, style),
                _right(amount, style),
                [Paragraph(escape(told), _SMALL) for told in (figure.rule, figure.made_of) if told],
            ]
        )
    return [_Heading("Figures", _HEAD), _laid(rows, [26 * mm, 52 * mm, 32 * mm, 68 * mm])]


def _titled(figure: Figure, style: ParagraphStyle) -> Flowable | list[Flowable]:
    """A figure's title, with what the figure leaves out below."""
    title = Paragraph(escape(figure.title), style)
    return [title, Paragraph(escape(figure.without), _SMALL)] if figure.without else title


def _limits(report: Report) -> list[Flowable]:
    told: list[Flowable] = [_Heading("Covered", _HEAD)]
    told += [Paragraph(f"• {escape(sentence)}", _TEXT) for sentence in report.covered]
    told.append(_Heading("Not covered", _HEAD))
    return told + [Paragraph(f"• {escape(sentence)}", _STRONG) for sentence in report.not_covered]


def _assumed(report: Report) -> list[Flowable]:
    if not report.assumed:
        return []
    amounts = (f"About, {report.currency}", f"Gain on it, {report.currency}")
    rows = [_headings(("What was taken for granted", "Times", *amounts, "What to do"), (1, 2, 3))]
    for what, number, worth, gain, mended in report.assumed:
        told = [_right(cell, _TEXT) for cell in (number, worth, gain)]
        rows.append([Paragraph(escape(what), _TEXT), *told, Paragraph(escape(mended), _TEXT)])
    return [
        _Heading("Taken for granted", _HEAD),
        _laid(rows, [50 * mm, 14 * mm, 28 * mm, 28 * mm, 58 * mm]),
    ]


def _section(section: Section, report: Report, most: int) -> list[Flowable]:
    story = [
        CondPageBreak(50 * mm),
        _Heading(escape(section.title), _HEAD),
        Paragraph(escape(section.words), _TEXT),
    ]
    if not section.rows:
        return [*story, Paragraph(escape(section.empty), _STRONG)]
    if len(section.rows) > most:
        story.append(_first_of(most, len(section.rows)))
    rows = [_headings(section.header, section.numbers)]
    for row in section.rows[:most]:
        rows.append([_cell(text, place, section, report) for place, text in enumerate(row)])
    whole = sum(section.widths)
    table = _laid(rows, [_WIDTH * part / whole for part in section.widths])
    notes = [
        Paragraph(f"<b>{escape(name)}</b>: {escape(words)}", _SMALL)
        for name, words in section.notes
    ]
    return [*story, table, Spacer(1, 2 * mm), *notes]


def _cell(text: str, place: int, section: Section, report: Report) -> Paragraph:
    """Words break where they must; amounts stand at the right, and those of money are rounded."""
    if place not in section.numbers:
        return Paragraph(escape(text), _CELL)
    if _is_number(text):
        amount = Decimal(text)
        text = _shown(amount, report.currency) if place in section.money else f"{amount:,f}"
    return Paragraph(escape(text), _CELL_RIGHT)


def _headings(names: Iterable[str], numbers: Container[int]) -> list[Flowable]:
    return [
        Paragraph(escape(name), _SMALL_RIGHT if place in numbers else _SMALL)
        for place, name in enumerate(names)
    ]


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdecimal()


def _first_of(most: int, number: int) -> Paragraph:
    words = f"The first {most:,} of {number:,} lines; the tables have all of them."
    return Paragraph(words, _TEXT)


def _part(report: Report, part: Part, most: int) -> list[Flowable]:
    if not part.number:
        return []
    story: list[Flowable] = [CondPageBreak(50 * mm), _Heading(escape(part.title), _HEAD)]
    if part.number > most:
        story.append(_first_of(most, part.number))
    rows = [["Day", "Amount", "Acquired", "Matched, kind", "Proceeds", "Cost", "Gain, worth"]]
    rows += [_row(line, report.currency) for line in islice(part.lines, most)]
    widths = [18 * mm, 40 * mm, 18 * mm, 38 * mm, 20 * mm, 20 * mm, 24 * mm]
    # Plain cells: laying out a paragraph for each takes twenty times as long.
    table = LongTable(
        rows, colWidths=widths, rowHeights=9.5, style=_LINES, repeatRows=1, hAlign="LEFT"
    )
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
        _shown(line.proceeds, currency) if line.match or line.proceeds is not None else "",
        _shown(line.cost, currency) if line.match or line.cost is not None else "",
        _shown(last, currency),
    ]


def _cut(text: str, most: int) -> str:
    """What fits a cell; the tables have the whole."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


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
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
    ]
    return Table(
        rows, colWidths=widths, style=TableStyle(style), repeatRows=int(heading), hAlign="LEFT"
    )
