"""A coach's season in two windows: dives analysed in one are found, compared and shown in the next."""

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from shown_studio import shown_studio

from fineparser_core.video.alignment import Alignment
from fineparser_gui.compare.bar import CompareBar
from fineparser_gui.dives.dive import DiveState
from fineparser_gui.export.dialog import ExportDialog
from fineparser_gui.export.exports import ExportState
from fineparser_gui.export.season_dialog import SeasonDialog

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.usefixtures("bundled_weights")]

_DIVES = {"phone_1m_103B_a.mp4": "103B", "phone_1m_103B_b.mp4": "103B", "springboard_405B.avi": "405B"}


def _is_scored(dive):
    return dive.state is DiveState.READY and dive.analysis.scoring is not None and not dive.rescoring


def _written(session):
    assert all(export.state is not ExportState.FAILED for export in session.exports.exports)
    return [path.name for path in session.exports.written]


def test_dives_of_one_session_are_found_compared_and_exported_in_another(
    qapp, qtbot, shared_dir, tmp_path, monkeypatch
):
    clips, folders = shared_dir / "real" / "clips", (tmp_path / "state", tmp_path / "cache")
    with shown_studio(qapp, qtbot, *folders, size=(1440, 900)) as studio:
        session = studio.session
        for day, (name, number) in enumerate(_DIVES.items(), 1):
            session.open([clips / name], dive_number=number, board_m=1.0 if number == "103B" else 3.0)
            qtbot.waitUntil(lambda day=day: len(session.keys) == day)
            session.editing.set_diver(session.keys[-1], "Anna Berg")
            session.editing.set_day(session.keys[-1], f"2026-03-{day:02}")
        for key in session.keys:
            session.select(key)
            qtbot.waitUntil(lambda key=key: _is_scored(session.dive(key)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out" / chosen), ""))
    (tmp_path / "out").mkdir()
    with shown_studio(qapp, qtbot, *folders, size=(1440, 900)) as studio:
        session, window, act = studio.session, studio.window, studio.window.actions_by_id
        act["history"].trigger()
        page = window.history
        assert len(page.model.ids) == 3
        qtbot.keyClicks(page.filters.search, "anna 103b march")
        qtbot.waitUntil(lambda: len(page.model.ids) == 2)
        page.select(*page.model.ids)
        page.commands["compare"].trigger()
        qtbot.waitUntil(lambda: len(session.comparing.others) == 1)
        assert not page.isVisible()
        assert {one.history_id is None for one in session.comparing.sides} == {True}  # opened in this session
        act["mirror_other"].trigger()
        assert session.comparing.mirrored(1)
        act["overlay"].trigger()
        session.comparing.align(Alignment.TAKE_OFF)
        window.transport.seek(session.comparing.lead.steps[1].start_frame + 8)
        canvas = window.player.pane.canvas
        qtbot.waitUntil(lambda: len(canvas._ghosts) == 1)
        assert not window.findChild(CompareBar)._note.isVisible()  # both cameras are known
        chosen = "strobe.png"
        act["export_strobe"].trigger()
        window.findChild(ExportDialog).go.click()
        qtbot.waitUntil(lambda: chosen in _written(session))
        assert not QImage(str(tmp_path / "out" / chosen)).isNull()
        chosen = "season.pdf"
        act["history"].trigger()
        page.filters.search.clear()
        qtbot.waitUntil(lambda: len(page.model.ids) == 3)
        page.table.selectAll()
        page.commands["report"].trigger()
        report = window.findChild(SeasonDialog)
        assert len(report.chosen()) == 3
        report.go.click()
        qtbot.waitUntil(lambda: chosen in _written(session))
        assert (tmp_path / "out" / chosen).read_bytes().startswith(b"%PDF")
