"""Opens hostile sessions in the real window, whose worker is silent; actions of the sandbox."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.append(str(Path(__file__).resolve().parents[1] / "gui"))

from answers_kit import SilentWorker
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QDialog

from fineparser_core.errors import ConfigError
from fineparser_gui import app
from fineparser_gui.app import Studio
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.session.dive import DiveState

_qt = QApplication([])
_MOST_SHOWN = 6


def _events():
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


def _studio(folder=None):
    app.WorkerClient = SilentWorker
    studio = Studio(_qt, folder)
    studio.window.show()
    _events()
    return studio


def _look_at_dialogs(window):
    _events()
    window.grab()
    for dialog in window.findChildren(QDialog):
        dialog.grab()
        dialog.reject()


def show_session(path, progress=lambda: None):
    """Open a session, look at some of its dives with all that is drawn on them, and close the window."""
    studio = _studio()
    window, session = studio.window, studio.session
    told = []
    session.problem.connect(told.append)
    try:
        window.files.open_path(path)
        while any(dive.state is DiveState.OPENING for dive in session.dives):
            _events()
            progress()
        keys = session.keys
        for key in keys[:_MOST_SHOWN]:
            session.select(key)
            dive = session.dive(key)
            for frame in (dive.first_frame, *(drawing.frame for drawing in dive.drawings[:3]), 0):
                window.transport.seek(frame)
                _events()
                window.grab()
                progress()
            for row in range(min(window.dives.model.rowCount(), _MOST_SHOWN)):
                window.dives.model.text(window.dives.model.key(row))
        for name in ("timeline_dive", "next_drawing", "compare", "find_dives", "accept_dives", "undo", "loop"):
            if window.actions_by_id[name].isEnabled():
                window.actions_by_id[name].trigger()
                _events()
        for name in ("name_dives", "edit_dives", "export"):
            window.actions_by_id[name].trigger()
            _look_at_dialogs(window)
            progress()
        if told and not keys:
            raise ConfigError(told[0])
        return {"dives": len(keys), "states": sorted({dive.state.name for dive in session.dives})}
    finally:
        window.close()
        window.deleteLater()
        _events()


def left_settings(_):
    """Return the settings files that a window leaves, by their names."""
    with tempfile.TemporaryDirectory() as name:
        studio = _studio(Path(name))
        studio.preferences.change(theme="dark", club="Zoë", mask_opacity=40)
        studio.window.close()
        studio.window.deleteLater()
        _events()
        return {one.name: one.read_text(encoding="utf-8") for one in Path(name).glob("*.ini")}


def start_with_settings(path):
    """Start the program with a settings file or that of its window, open menus and preferences, and change one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if path.is_file() and path.stat().st_size < 1 << 24:
            shutil.copy(path, folder / ("window.ini" if path.name == "window.ini" else "settings.ini"))
        else:
            (folder / "settings.ini").symlink_to(path)
        studio = _studio(folder)
        window = studio.window
        window.actions_by_id["preferences"].trigger()
        window.actions_by_id["shortcuts"].trigger()
        _look_at_dialogs(window)
        now = studio.preferences.now
        studio.preferences.change(mask_opacity=55)
        window.close()
        window.deleteLater()
        _events()
        assert PreferenceStore(folder).now.mask_opacity == 55
        kept = os.path.lexists(folder / "settings.damaged.ini")
        return {"theme": now.theme, "n_exemplars": now.n_exemplars, "kept": kept}
