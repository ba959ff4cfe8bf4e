"""Every way by which an untrusted text leaves the program: what was written can be read, and steers no terminal."""

import contextlib
import csv
import io
import json
import logging
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_analysis import made_analysis
from made_results import dive

from fineparser_core.checkpoints.bundle import WeightsCard
from fineparser_core.commands import cli
from fineparser_core.commands.printing import say, say_json
from fineparser_core.commands.score_report import report
from fineparser_core.commands.terminal import log_to_stderr
from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.details import DiveDetails
from fineparser_core.errors import VideoError
from fineparser_core.evaluation.model_card import model_card
from fineparser_core.evaluation.results import write_predictions
from fineparser_core.export.analysis_json import analysis_from_dict, write_analysis_json, write_masks_npz
from fineparser_core.export.analysis_json import read_masks_npz as read_masks
from fineparser_core.export.annotated_clip import write_plain_still, write_still
from fineparser_core.export.coach_marks import LONGEST_NOTE, NOTE, Mark
from fineparser_core.export.drawing import draw_text, fit_text, text_width, wrap_text
from fineparser_core.export.jobs import StillJob, load_job, save_job
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.write import write_report as write_dive_report
from fineparser_core.export.tables import ExportedDive, write_csv, write_json
from fineparser_core.printable import printable
from fineparser_core.records import ComparedDive
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.codec import from_json
from fineparser_core.video.reader import VideoReader
from fineparser_gui.session.dive import SavedDive
from fineparser_gui.session.drawings import Drawing
from fineparser_gui.session.session_file import SavedSession, read_session, write_session
from fineparser_gui.support.log_file import log_folder, start_logging

_MARK = Mark(kind=NOTE, frame=40, points=((5.0, 5.0),))


class Case:
    """A text, as the name of a video where a file system takes it, and a folder to write into.

    Args:
        text: the text.
        video: a small video.
        folder: an empty folder.
    """

    def __init__(self, text, video, folder):
        self.text, self.video, self.folder = text, video, folder
        with contextlib.suppress(OSError, ValueError):
            named = folder / f"{text}.mp4"
            os.link(video, named)
            self.video = named

    @property
    def analysis(self):
        return made_analysis(self.video)

    @property
    def mark(self):
        return replace(_MARK, text=self.text[:LONGEST_NOTE])

    @property
    def options(self):
        parse, mark = self.analysis.parse, self.mark
        other = ComparedDive(path=self.video, title=self.text, steps=parse.steps, masks=None)
        return RenderOptions(marks=(mark,), comparison=other, comparison_marks=(mark,), title=self.text)

    @property
    def record(self):
        return ExportedDive(
            path=self.video, details=DiveDetails(athlete=self.text), analysis=self.analysis, marks=(self.mark,)
        )


def _tame(text):
    """Raises: AssertionError for what would steer a terminal; UnicodeEncodeError for what nobody can write."""
    assert text.encode("utf-8").decode("utf-8") == text
    assert text.replace("\r\n", "\n") == printable(text.replace("\r\n", "\n"), keep="\n\t")


def _drawn(case):
    image = np.zeros((40, 400, 3), np.uint8)
    draw_text(image, (5.0, 20.0), case.text, 12, (255, 255, 255))
    assert text_width(fit_text(case.text, 12, 100), 12) <= 100
    assert all(line for line in wrap_text(case.text, 12, 100))


def _still(case):
    write_still(case.analysis, 40, case.folder / "s.png", case.options)
    write_plain_still(case.video, 40, case.folder / "p.png", case.options.marks)


def _table(case):
    write_csv([case.record], case.folder / "t.csv")
    text = (case.folder / "t.csv").read_bytes().decode("utf-8-sig")
    _tame(text)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["diver"].replace("'", "") == printable(case.text, keep="\n\t").replace("'", "")
    assert not row["diver"].lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def _data(case):
    write_json([case.record], case.folder / "t.json")
    (dive,) = json.loads((case.folder / "t.json").read_text(encoding="utf-8"))["dives"]
    assert (dive["diver"], Path(dive["path"])) == (case.text or None, case.video)
    assert dive["drawings"][0]["text"] == case.mark.text


def _analysis(case):
    write_analysis_json(case.analysis, case.folder / "a.json")
    write_masks_npz(case.analysis.parse, case.folder / "m.npz")
    found = analysis_from_dict(
        json.loads((case.folder / "a.json").read_text(encoding="ascii")), read_masks(case.folder / "m.npz")
    )
    assert found.parse.clip == case.analysis.parse.clip


def _job(case):
    path = case.folder / "s.png"
    job = StillJob(path=path, video=case.video, frame=40, analysis=case.analysis, options=case.options)
    save_job(job, case.folder)
    found = load_job(case.folder)
    assert isinstance(found, StillJob)
    assert (found.options.title, found.analysis.parse.clip.path) == (case.text, case.video)


def _file(case):
    """Video and output under that name."""
    with VideoReader(case.video) as reader:
        assert reader.info.n_frames == 120
    with atomic_file(case.folder / case.video.with_suffix(".out").name) as temporary:
        temporary.write_text("whole", encoding="utf-8")


def _report(case):
    """A dive's page with that text wherever an untrusted one can be."""
    details = DiveDetails(athlete=case.text, note=case.text)
    dive = ReportedDive(path=case.video, analysis=case.analysis, details=details, date=case.text)
    write_dive_report([dive], case.folder / "r.html", title=case.text)
    write_dive_report([dive], case.folder / "r.pdf")
    _tame((case.folder / "r.html").read_text(encoding="utf-8"))
    assert "<script" not in (case.folder / "r.html").read_text(encoding="utf-8")
    assert (case.folder / "r.pdf").read_bytes().startswith(b"%PDF")


def _predictions(case):
    write_predictions(case.folder / "p.csv", case.folder / "p.json", [dive(id=case.text, dive_number=case.text)])
    _tame((case.folder / "p.csv").read_bytes().decode("utf-8"))
    assert json.loads((case.folder / "p.json").read_text(encoding="ascii"))["dives"][0]["id"] == case.text


def _card(case):
    card = WeightsCard(name="w", preprocessing="whole", decoding="joint", trained_on=case.text, synthetic=False)
    _tame(printable(model_card(card, {"arithmetic": case.text}), keep="\n"))


def _printed(case):
    """The report of `fineparser score`, and JSON, on terminals of three encodings."""
    for encoding in ("utf-8", "latin-1", "ascii"):
        with _captured(contextlib.redirect_stdout, encoding) as read:
            cli.run_guarded(lambda argv: say(report(case.analysis)) or say(case.text) or 0, [])
            _tame(read())
        with _captured(contextlib.redirect_stdout, encoding) as read:
            cli.run_guarded(lambda argv: say_json({"name": case.text}) or 0, [])
            assert json.loads(read())["name"] == case.text
            _tame(read())


def _refused(case):
    def fail(argv):
        raise VideoError(f"{case.text}: no.")

    with _captured(contextlib.redirect_stderr) as read:
        assert cli.run_guarded(fail, []) == VideoError.exit_code
        _tame(read())
        assert read().count("\n") == 1


def _failed(case):
    """An unexpected failure, and what the log file has of it."""

    def fail(argv):
        raise KeyError(case.text)

    log = case.folder / "logs"
    before = cli.platformdirs.user_log_dir
    cli.platformdirs.user_log_dir = lambda *args, **kwargs: str(log)
    try:
        with _captured(contextlib.redirect_stderr) as read:
            assert cli.run_guarded(fail, [case.text]) == 1
            _tame(read())
    finally:
        cli.platformdirs.user_log_dir = before
    _tame((log / "fineparser.log").read_text(encoding="utf-8"))


def _logged(case):
    root = logging.getLogger()
    with _captured(contextlib.redirect_stderr) as read:
        for start in (log_to_stderr, lambda: start_logging(case.folder)):
            root.handlers = []
            start()
            try:
                raise ValueError(case.text)
            except ValueError:
                root.exception("%s cannot be read", case.text)
            for handler in root.handlers:
                handler.close()
        root.handlers = []
        _tame(read())
        assert read().count("Logging error") == 0
    _tame((log_folder(case.folder) / "studio.log").read_text(encoding="utf-8"))


def _session(case):
    text = case.text[:LONGEST_NAME]  # the window takes none that is longer
    drawing = from_json({"kind": NOTE, "frame": 3, "points": [[1, 2]], "text": text}, Drawing)
    dive = SavedDive(path=case.video, athlete=text, drawings=(drawing,))
    path = case.folder / "s.fineparser"
    write_session(SavedSession(dives=(dive,)), path)
    saved = read_session(path)
    assert saved.dives[0].path == case.video
    saved.dives[0].athlete.encode("utf-8")
    write_session(saved, path)
    assert read_session(path) == saved


def _painted(case):
    """What widgets and painters of the window do with a text."""
    from PySide6.QtCore import QRect, Qt
    from PySide6.QtGui import QFontMetrics, QImage, QPainter
    from PySide6.QtWidgets import QApplication, QLabel

    from fineparser_gui.player.drawing_marks import paint_hint

    app = QApplication.instance() or QApplication([])
    label = QLabel(case.text, toolTip=case.text, accessibleName=case.text)
    label.grab()
    QFontMetrics(app.font()).elidedText(case.text, Qt.TextElideMode.ElideMiddle, 80)
    image = QImage(200, 60, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_hint(painter, QRect(0, 0, 200, 60), case.text)
    painter.drawText(image.rect(), Qt.TextFlag.TextWordWrap, case.text)
    painter.end()


WRITERS = {
    writer.__name__: writer
    for writer in (
        *(_drawn, _still, _report, _table, _data, _analysis, _job, _file),
        *(_predictions, _card, _printed, _refused, _failed, _logged, _session, _painted),
    )
}


def write(path, writer, text):
    """Let a writer have a text; `path` is a small video."""
    with tempfile.TemporaryDirectory() as folder:
        WRITERS[writer](Case(text, path, Path(folder)))


@contextlib.contextmanager
def _captured(redirect, encoding="utf-8"):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n", write_through=True)
    with redirect(stream):
        yield lambda: stream.buffer.getvalue().decode(encoding)


# By what is odd about them; the first two are tried in every run.
TEXTS = {
    "a name of stray bytes and escapes": "a\udcff\x1b[31m",
    "a note of surrogates": "\n＝\ud800\x9b\udfff",
    "empty": "",
    "a high surrogate": "\ud800",
    "a pair the wrong way round": "\ude00\ud83d",
    "Latin-1 bytes": "M\udcfcller",
    "a title for the terminal": "\x1b]0;owned\x07\x1b[2J\x1b[H",
    "NUL": "a\0b",
    "lines": "a\nfineparser: all is well.\r\nb\x0bc\u2028d",
    "turned around": "a\u202e4pm.exe\u2066b",
    "a full-width formula": "＝cmd|' /C calc'!A0",
    "markup": "<script>alert(1)</script>&[red]{{7*7}}{% raw %}",
    "a quarter of a kilobyte": "n" * 251,
    "long, and nothing to break it at": "W" * 20_000,
    "emoji": "👩‍👩‍👧‍👦🏊🏽‍♀️",
    "every script": "Ωмأ中あ한ไทยहिन्दी",
    "no character": "\uffff\ufffe\U0010ffff\ufdd0",
    "braces": "{0}{name!r}%s%(x)s\\x1b\\",
}


_CASES = [
    pytest.param(text, writer, marks=() if place < 2 else pytest.mark.hostile)
    for place, text in enumerate(TEXTS)
    for writer in WRITERS
]


@pytest.mark.parametrize(("text", "writer"), _CASES)
def test_text_that_cannot_be_shown(text, writer, sandbox, small_video):
    outcome = sandbox.run("test_text:write", small_video, writer=writer, text=TEXTS[text])
    assert outcome.kind == "right", outcome
