"""A report as PDF: each dive on a page of A4."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fineparser_core.export.report.page import (
    MeasuredRow,
    Overview,
    Page,
    Phase,
    PictureRow,
    Report,
    ReportedTrend,
    trend_chart,
)
from fineparser_core.export.report.pdf_canvas import FAINT, INK, PAGE_MM, PdfCanvas, system_faces
from fineparser_core.export.report.pictures import jpeg
from fineparser_core.language import text

_MARGIN = 11.0
_WIDTH = PAGE_MM[0] - 2 * _MARGIN
_GAP, _COLUMN_GAP, _FRONT_GAP = 1.6, 6.0, 4.0
_COLUMN = (_WIDTH - 2 * _COLUMN_GAP) / 3
#: Bottom of the table of phases, of note and trend, and of the last line.
_PHASES_END, _NOTE_END, _END = 214.0, 251.0, 289.0
_ROW, _SHORT_ROW, _SCORE_WIDTH = 8.6, 4.9, 62.0
#: Height of a chart of the overview, and rows of its table that leave space for a row of charts.
_CHART, _MOST_NUMBERS = 44.0, 24
#: Height of the chart of the number with most dives where there is room, and of the pictures of the best dive.
_LARGE_CHART, _BEST = 84.0, 48.0
_GOOD, _BACK, _WARN, _MARK = "#bfe0c4", "#eef1f4", "#a34700", "#0b66c3"


def write_pdf(report: Report, path: Path) -> None:
    """Write the file, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    canvas = PdfCanvas(report.title, system_faces())
    if report.overview is not None:
        canvas.add_page()
        _draw_overview(canvas, report.overview)
    for page in report.pages:
        canvas.add_page()
        _draw_front(canvas, page)
        canvas.add_page()
        y = _draw_head(canvas, page)
        for strip in page.strips:
            y = _draw_strip(canvas, strip, y)
        for at, phase in enumerate(page.phases):
            _draw_phase(canvas, phase, _MARGIN + at * (_COLUMN + _COLUMN_GAP), y + 3)
        _draw_note(canvas, page.note, (_WIDTH - _COLUMN_GAP) / 2 if page.trend else _WIDTH)
        if page.trend:
            wide = (_WIDTH - _COLUMN_GAP) / 2
            left = _MARGIN + wide + _COLUMN_GAP
            _draw_trend(canvas, page.trend_heading, page.trend, (left, _PHASES_END + 2, wide, _NOTE_END))
        _draw_foot(canvas, page.about)
        if page.strobe is not None:
            _draw_strobe(canvas, page.title, page.strobe)
    canvas.write(path)


def _draw_front(canvas: PdfCanvas, page: Page) -> None:
    """Draw the page for athlete and parents: award, pictures, sentences, trend and note."""
    canvas.lines(_MARGIN, _MARGIN, page.title, 20, _WIDTH - _SCORE_WIDTH - 4, most=3, bold=True)
    right = _MARGIN + _WIDTH
    canvas.text(right, _MARGIN - 1, page.headline[0], 34, bold=True, align="R", width=_SCORE_WIDTH)
    day = dict(page.facts).get(text("date"), "")
    canvas.text(right, _MARGIN + 14, day, 10, color=FAINT, align="R", width=_SCORE_WIDTH)
    y = _MARGIN + 30
    pictures = page.front.pictures
    side = (_WIDTH - (len(pictures) - 1) * _FRONT_GAP) / max(len(pictures), 1)
    ends = [y]
    for at, picture in enumerate(pictures):
        x = _MARGIN + at * (side + _FRONT_GAP)
        canvas.picture(x, y, side, jpeg(picture.image))
        ends.append(canvas.lines(x, y + side + 1.5, picture.caption, 11, side, most=4, bold=True))
    y = max(ends) + 8
    for sentence in page.front.sentences:
        y = canvas.lines(_MARGIN, y, sentence, 14, _WIDTH, most=4) + 4
    if page.warning:
        y = canvas.lines(_MARGIN, y, page.warning, 10, _WIDTH, most=3, color=_WARN) + 3
    if page.trend:
        bottom = max(min(y + _LARGE_CHART, _PHASES_END), y + _CHART)
        _draw_trend(canvas, page.trend_heading, page.trend, (_MARGIN, y + 2, _WIDTH, bottom))
    _draw_note(canvas, page.note, _WIDTH)
    canvas.lines(_MARGIN, _NOTE_END + 3, page.about[0] if page.about else "", 8, _WIDTH, most=3, color=FAINT)


def _draw_strobe(canvas: PdfCanvas, title: str, image: np.ndarray) -> None:
    """Draw a page with the stroboscopic picture, as large as fits."""
    canvas.add_page()
    canvas.text(_MARGIN, _MARGIN, title, 12, bold=True, width=_WIDTH)
    top = _MARGIN + 8
    wide = min(_WIDTH, (_END - top) * image.shape[1] / image.shape[0])
    canvas.picture(_MARGIN + (_WIDTH - wide) / 2, top, wide, jpeg(image))


def _draw_head(canvas: PdfCanvas, page: Page) -> float:
    canvas.text(_MARGIN, _MARGIN, page.title, 17, bold=True, width=_WIDTH - _SCORE_WIDTH - 4)
    y = _MARGIN + 8.5
    names = max((canvas.width(name, 8, bold=True) for name, _ in page.facts), default=0.0) + 3
    for name, said in page.facts:
        canvas.text(_MARGIN, y, name, 8, bold=True, color=FAINT)
        canvas.text(_MARGIN + names, y, said, 8, color=FAINT, width=_WIDTH - _SCORE_WIDTH - names - 4)
        y += 3.9
    right = _MARGIN + _WIDTH
    canvas.text(right, _MARGIN - 1, page.headline[0], 26, bold=True, align="R", width=_SCORE_WIDTH)
    below = _MARGIN + 11.5
    for line in canvas.wrapped(page.headline[1], 8, _SCORE_WIDTH, 2):
        canvas.text(right, below, line, 8, color=FAINT, align="R", width=_SCORE_WIDTH)
        below += 3.7
    if page.warning:
        y = canvas.lines(_MARGIN, max(y, below) + 0.5, page.warning, 8, _WIDTH, most=2, color=_WARN)
    return max(y, below) + 1


def _draw_strip(canvas: PdfCanvas, strip: PictureRow, y: float) -> float:
    if strip.heading:
        canvas.text(_MARGIN, y + 1.5, strip.heading, 8, bold=True, color=FAINT, width=_WIDTH)
        y += 6
    n = len(strip.pictures)
    side = (_WIDTH - (n - 1) * _GAP) / n
    for at, picture in enumerate(strip.pictures):
        x = _MARGIN + at * (side + _GAP)
        canvas.picture(x, y, side, jpeg(picture.image))
        canvas.text(x, y + side + 0.6, picture.caption, 7, color=FAINT, width=side)
        if picture.angles:
            canvas.lines(x, y + side + 3.6, picture.angles, 6, side, most=2, color=FAINT)
    return y + side + (10.0 if any(picture.angles for picture in strip.pictures) else 4.5)


def _draw_phase(canvas: PdfCanvas, phase: Phase, x: float, y: float) -> None:
    canvas.text(x, y, phase.name, 11, bold=True)
    if phase.points is not None:
        canvas.text(x + _COLUMN, y, phase.points, 11, bold=True, align="R")
    canvas.box(x, y + 5.2, _COLUMN, 0.9, phase.color)
    canvas.text(x, y + 6.8, phase.times, 7, color=FAINT)
    y += 10.8
    if phase.points is not None:
        canvas.text(x + _COLUMN, y - 4, text("points against the dives to compare with"), 7, color=FAINT, align="R")
        canvas.box(x, y, _COLUMN, 2, _BACK)
        middle, half = x + _COLUMN / 2, _COLUMN / 2 * phase.points_share
        canvas.box(min(middle, middle + half), y, abs(half), 2, phase.color)
        canvas.line(((middle, y - 0.5), (middle, y + 2.5)), FAINT)
        y += 4
    sentences = [line for sentence in phase.sentences for line in canvas.wrapped(sentence, 7.5, _COLUMN - 3, 3)]
    room = _PHASES_END - y - (4.5 + 3.4 * len(sentences) if sentences else 0)
    for row in phase.rows:
        height = _ROW if row.good else _SHORT_ROW
        room -= height
        if room < 0:
            break
        _draw_row(canvas, row, x, y)
        y += height
    if not phase.rows:
        canvas.text(x, y + 0.5, text("Nothing of this phase was measured."), 7.5, color=FAINT, width=_COLUMN)
        y += 5
    if phase.sentences:
        canvas.text(x, y + 0.8, text("What speaks against it, measured"), 7.5, bold=True, color=FAINT, width=_COLUMN)
        y += 4.5
        for sentence in phase.sentences:
            canvas.dot(x + 0.9, y + 1.7, 0.5, INK)
            y = canvas.lines(x + 3, y, sentence, 7.5, _COLUMN - 3, most=3)


def _draw_row(canvas: PdfCanvas, row: MeasuredRow, x: float, y: float) -> None:
    canvas.line(((x, y), (x + _COLUMN, y)))
    room = _COLUMN - canvas.width(row.value, 8, bold=row.outside) - 1.5
    canvas.text(x + _COLUMN, y + 0.6, row.value, 8, bold=row.outside, align="R")
    canvas.text(x, y + 0.6, row.name, min(8.0, 8.0 * room / max(canvas.width(row.name, 8), 0.1)))
    if row.good:
        canvas.text(x + _COLUMN, y + 4.3, row.good, 6.5, color=FAINT, align="R")
    if row.gauge is not None:
        top, gauge = y + 5.0, row.gauge
        beside = canvas.width(row.good, 6.5) if row.good else 0.0
        wide = min(_COLUMN * 0.4, _COLUMN - beside - 1.5)
        canvas.box(x, top, wide, 1.8, _BACK)
        canvas.box(x + wide * gauge.low, top, wide * (gauge.high - gauge.low), 1.8, _GOOD)
        ends = (max(gauge.value - gauge.deviation, 0.0), min(gauge.value + gauge.deviation, 1.0))
        canvas.line([(x + wide * end, top + 0.9) for end in ends], INK)
        canvas.box(x + wide * gauge.value - 0.3, top - 0.4, 0.6, 2.6, INK)


def _draw_note(canvas: PdfCanvas, note: Sequence[str], wide: float) -> None:
    top = _PHASES_END + 2
    canvas.text(_MARGIN, top, text("Coach's note"), 8, bold=True, color=FAINT)
    canvas.frame(_MARGIN, top + 4.5, wide, _NOTE_END - top - 6)
    y = top + 5.5
    most = int((_NOTE_END - 2 - y) / 3.9)
    lines = [line for given in note for line in canvas.wrapped(given, 8.5, wide - 4, most)]
    shown = lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}…"]
    for line in shown:
        canvas.text(_MARGIN + 2, y, line, 8.5, width=wide - 4)
        y += 3.9


def _draw_trend(
    canvas: PdfCanvas, heading: str, trend: Sequence[ReportedTrend], place: tuple[float, float, float, float]
) -> None:
    """Draw a chart at left, top, width, bottom."""
    left, top, wide, bottom = place
    canvas.text(left, top, heading, 8, bold=True, color=FAINT, width=wide)
    x0, y0, width, height = left + 5, bottom - 6, wide - 6, bottom - 6 - (top + 6)
    ticks, points, behind = trend_chart(trend)
    for share, tick in ticks:
        y = y0 - height * share
        canvas.line(((x0, y), (x0 + width, y)))
        canvas.text(x0 - 1.2, y - 1.5, str(tick), 6.5, color=FAINT, align="R")
    for x, y, _ in behind:
        canvas.dot(x0 + width * x, y0 - height * y, 0.7, FAINT)
    places = [(x0 + width * x, y0 - height * y) for x, y, _ in points]
    canvas.line(places, _MARK, 0.35)
    room = width / len(places)
    for at, ((x, y), (_, _, point)) in enumerate(zip(places, points, strict=True)):
        canvas.dot(x, y, 1.1 if point.is_this else 0.7, _WARN if point.is_this else _MARK)
        if len(places) <= 6 or point.is_this or at in (0, len(places) - 1):
            canvas.text(x, y0 + 1.2, point.label, 6.5, color=FAINT, align="C", width=max(room - 1, 12))


def _draw_overview(canvas: PdfCanvas, page: Overview) -> None:
    canvas.text(_MARGIN, _MARGIN, page.title, 17, bold=True, width=_WIDTH)
    y = _MARGIN + 8.5
    for name, value in page.facts:
        canvas.text(_MARGIN, y, name, 8, bold=True, color=FAINT)
        canvas.text(_MARGIN + 28, y, value, 8, color=FAINT, width=_WIDTH - 28)
        y += 3.9
    y += 4
    canvas.text(_MARGIN, y, text("Awards by dive number and board"), 11, bold=True)
    y += 7
    columns = [_MARGIN + _WIDTH * share for share in (0.5, 0.65, 0.8, 1.0)]
    for x, name in zip(columns, (text("dives"), text("first"), text("latest"), text("best")), strict=True):
        canvas.text(x, y, name, 8, bold=True, color=FAINT, align="R")
    for row in page.rows[:_MOST_NUMBERS]:
        y += _SHORT_ROW
        canvas.line(((_MARGIN, y), (_MARGIN + _WIDTH, y)))
        canvas.text(_MARGIN, y + 0.6, row.number, 8, width=_WIDTH * 0.4)
        for x, value in zip(columns, (str(row.n_dives), *row.awards), strict=True):
            canvas.text(x, y + 0.6, value, 8, align="R")
    y += _SHORT_ROW + 4
    charts = [row for row in page.rows if row.trend]
    first, others = next(iter(charts), None), charts[1 : max(int((_PHASES_END - y) // _CHART) * 2 - 1, 1)]
    room = _PHASES_END - y - (len(others) + 1) // 2 * _CHART
    best = page.best if first is not None and room >= _CHART + _BEST else None
    if first is not None and room >= _CHART:
        tall = min(room - (_BEST if best else 0), _LARGE_CHART)
        _draw_trend(canvas, first.number, first.trend, (_MARGIN, y, _WIDTH - _COLUMN, y + tall - 2))
        _draw_changed(canvas, first.changed, _MARGIN + _WIDTH - _COLUMN + _COLUMN_GAP, y, y + tall)
        y += tall
    if best is not None:
        y = _draw_strip(canvas, best, y) + 3
    wide = (_WIDTH - _COLUMN_GAP) / 2
    for at, row in enumerate(others):
        left, top = _MARGIN + at % 2 * (wide + _COLUMN_GAP), y + at // 2 * _CHART
        _draw_trend(canvas, row.number, row.trend, (left, top, wide, top + _CHART - 2))
    _draw_note(canvas, page.note, _WIDTH)
    _draw_foot(canvas, page.about)


def _draw_changed(canvas: PdfCanvas, changed: Sequence[str], x: float, y: float, bottom: float) -> None:
    if changed:
        wide = _COLUMN - _COLUMN_GAP
        y = canvas.lines(x, y, text("What changed, first to latest"), 8, wide, most=2, color=FAINT) + 1
        for line in changed:
            if y + 3.4 * len(canvas.wrapped(line, 7.5, wide, 3)) > bottom:
                break
            y = canvas.lines(x, y, line, 7.5, wide, most=3) + 0.6


def _draw_foot(canvas: PdfCanvas, about: Sequence[str]) -> None:
    y = _NOTE_END + 1
    canvas.text(_MARGIN, y, text("What the numbers are, and are not"), 8, bold=True, color=FAINT)
    y += 4.4
    for sentence in about:
        room = int((_END - 11 - y) / 3.2)
        if room < 1:
            break
        y = canvas.lines(_MARGIN, y, sentence, 7, _WIDTH, most=min(room, 3), color=FAINT) + 0.4
    for at, name in enumerate((text("coach"), text("date"))):
        x = _MARGIN + at * 75
        canvas.line(((x, _END - 3.5), (x + 60, _END - 3.5)), FAINT)
        canvas.text(x, _END - 3, name, 7, color=FAINT)
