"""A video whose name is not valid Unicode and steers terminals, through the whole window."""

import csv
import json
import logging
import os
import shutil
import sys
from pathlib import Path

import pytest
from answers_kit import open_scored

from fineparser_core.export.options import RenderOptions
from fineparser_gui.export.exports import ExportState
from fineparser_gui.player.drawings import NOTE, Drawing

NAME = "a\udcff\x1b[31mé.mp4"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems, Windows too, have no names of any bytes")
def test_a_name_that_is_no_unicode_is_opened_shown_saved_and_exported(
    make_studio, qtbot, small_video, tmp_path, tmp_path_factory, caplog
):
    studio = make_studio()
    clip = tmp_path / NAME
    shutil.copy(small_video, clip)
    session = studio.session
    key = open_scored(studio, qtbot, clip, tmp_path_factory.mktemp("answers"))
    session.editing.set_diver(key, "Zo\udceb")
    note = Drawing(kind=NOTE, frame=44, points=((1.0, 2.0),), text="\ud800 late")
    session.drawing_edits.draw(key, (note,), "Note")
    studio.window.transport.seek(44)
    studio.window.grab()

    out = tmp_path / "out"
    out.mkdir()
    exports = session.exports
    exports.still(key, 44, out / "frame.png", RenderOptions(marks=(note,)))
    exports.contact_sheet(key, out / f"{clip.stem}.png", RenderOptions())
    exports.table(session.keys, out / "dives.csv")
    exports.table([key], out / "dive.json")
    studio.window.grab()
    qtbot.waitUntil(lambda: not exports.busy)
    assert [export.state for export in exports.exports] == 4 * [ExportState.DONE]
    assert len(os.listdir(out)) == 4
    with (out / "dives.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["file"] == r"a\xff\x1b[31mé.mp4"
    (dive,) = json.loads((out / "dive.json").read_text(encoding="utf-8"))["dives"]
    assert Path(dive["path"]) == clip

    assert studio.files.save_to(tmp_path / "s.fineparser")
    session.close()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
