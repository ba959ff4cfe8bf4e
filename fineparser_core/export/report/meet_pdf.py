"""The sheet of a meet as PDF, on as many pages of A4 as it takes."""

from pathlib import Path

from fineparser_core.export.report.meet_sheet import MeetSheet, SheetAthlete, SheetDive
from fineparser_core.export.report.pdf_canvas import FAINT, INK, PAGE_MM, PdfCanvas, system_faces
from fineparser_core.language import text

_MARGIN, _ROW = 11.0, 4.9
_RIGHT, _END = PAGE_MM[0] - _MARGIN, PAGE_MM[1] - _MARGIN
#: Left edges of round, dive, board, DD and the awards; right edges of the results, the last result first.
_CELLS, _AWARDS, _RESULTS = (_MARGIN, 25.0, 44.0, 60.0), 72.0, (_RIGHT, _RIGHT - 19, _RIGHT - 38)
_AWARD = 6.2


def write_sheet_pdf(sheet: MeetSheet, path: Path) -> None:
    """Write the file, whole or not at all.

    Raises:
        ExportError: the file cannot be written.
    """
    canvas = PdfCanvas(sheet.title, system_faces())
    canvas.add_page()
    canvas.text(_MARGIN, _MARGIN, sheet.title, 17, bold=True, width=_RIGHT - _MARGIN)
    y = _MARGIN + 10
    for event, athletes in sheet.events:
        if event:
            y = _room(canvas, y, 6 * _ROW)
            canvas.text(_MARGIN, y, event, 12, bold=True, width=_RIGHT - _MARGIN)
            y += 6.5
        for athlete in athletes:
            y = _room(canvas, y, _ROW * (min(len(athlete.dives), 12) + 3))
            y = _draw_athlete(canvas, sheet, athlete, y) + 3
    for sentence in sheet.about:
        y = canvas.lines(_MARGIN, _room(canvas, y, 8), sentence, 7, _RIGHT - _MARGIN, color=FAINT)
    canvas.write(path)


def _room(canvas: PdfCanvas, y: float, height: float) -> float:
    """Return the place for a height: here, or on a new page."""
    if y + height <= _END:
        return y
    canvas.add_page()
    return _MARGIN


def _draw_athlete(canvas: PdfCanvas, sheet: MeetSheet, athlete: SheetAthlete, y: float) -> float:
    cells, results = sheet.columns
    right = _RESULTS[: len(results)][::-1]
    name = " ".join(filter(None, (athlete.place, athlete.name)))
    canvas.text(_MARGIN, y, name, 10, bold=True, width=right[0] - _MARGIN - 4)
    canvas.text(right[1], y, athlete.total, 10, bold=True, align="R")
    y += 5.6
    for x, name in zip((*_CELLS, _AWARDS), (*cells, text("awards")), strict=True):
        canvas.text(x, y, name, 7, color=FAINT)
    for x, name in zip(right, results, strict=True):
        canvas.text(x, y, name, 7, color=FAINT, align="R")
    y += 3.6
    for dive in athlete.dives:
        y = _room(canvas, y, _ROW)
        _draw_dive(canvas, dive, y, right)
        y += _ROW
    return y


def _draw_dive(canvas: PdfCanvas, dive: SheetDive, y: float, right: tuple[float, ...]) -> None:
    canvas.line(((_MARGIN, y), (_RIGHT, y)))
    for x, cell in zip(_CELLS, dive.cells, strict=True):
        canvas.text(x, y + 0.6, cell, 8)
    x = _AWARDS
    for award, counts in dive.awards:
        canvas.text(x, y + 0.6, award, 8, color=INK if counts else FAINT)
        if not counts:
            middle = y + _ROW / 2
            canvas.line(((x - 0.4, middle), (x + canvas.width(award, 8) + 0.4, middle)), FAINT)
        x += _AWARD
    canvas.text(x, y + 0.6, dive.remark, 8, color=FAINT, width=max(right[0] - 14 - x, 6))
    for x, result in zip(right, dive.results, strict=True):
        canvas.text(x, y + 0.6, result, 8, align="R")
