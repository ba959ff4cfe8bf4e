"""Preferences: kept on disk, applied at once, and never at the cost of the coach's work."""

import json

import pytest
from answers_kit import open_scored, requests
from finding import texts
from PySide6.QtCore import QLockFile, QSettings, Qt, QUrl
from PySide6.QtGui import QColor, QImage, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from fineparser_core.errors import ConfigError
from fineparser_core.language import FEET
from fineparser_gui.preferences.dialog import PreferencesDialog
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.preferences import Preferences
from fineparser_gui.shell.help_dialog import HelpDialog
from fineparser_gui.worker.protocol import DevicesReport, Ready


@pytest.fixture
def scored(idle_studio, qtbot, small_video, tmp_path):
    """Key of a scored dive of the window."""
    return open_scored(idle_studio, qtbot, small_video, tmp_path)


@pytest.fixture
def dialog(idle_studio):
    idle_studio.window.actions_by_id["preferences"].trigger()
    return idle_studio.window.findChild(PreferencesDialog)


def test_choices_survive_a_restart(qapp, tmp_path):
    chosen = {"device": "cpu", "n_exemplars": 5, "mask_opacity": 35}
    PreferenceStore(tmp_path).change(**chosen)
    now = PreferenceStore(tmp_path).now
    assert {name: getattr(now, name) for name in chosen} == chosen


def test_what_a_kill_left_beside_the_settings_is_swept_unless_it_is_being_written(qapp, tmp_path):
    PreferenceStore(tmp_path).change(theme="dark")
    left, others = tmp_path / "settings.ini.aBc1dE", [tmp_path / "settings.ini", tmp_path / "settings.ini.old"]
    others[1].write_text("", encoding="utf-8")
    left.write_text("half", encoding="utf-8")
    writing = QLockFile(str(tmp_path / "settings.ini.lock"))
    assert writing.tryLock(0)
    assert PreferenceStore(tmp_path).now.theme == "dark"
    assert left.exists()
    writing.unlock()
    assert PreferenceStore(tmp_path).now.theme == "dark"
    assert sorted(tmp_path.iterdir()) == others


def test_a_value_that_cannot_be_is_the_default_and_the_rest_is_kept(qapp, tmp_path):
    store = PreferenceStore(tmp_path)
    store.change(theme="dark", n_exemplars=7)
    file = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    file.setValue("preferences/n_exemplars", json.dumps(-3))
    file.setValue("preferences/units", "no json")
    file.sync()
    assert PreferenceStore(tmp_path).now == Preferences(theme="dark")
    with pytest.raises(ConfigError, match="theme"):
        store.change(theme="pink-ish")
    assert store.now.n_exemplars == 7


def test_lengths_in_feet_are_read_from_the_next_start_on(idle_studio, dialog):
    told = "Language and lengths change at the next start."
    assert told not in texts(dialog)
    QTest.keyClick(dialog.units, Qt.Key.Key_Down)
    assert idle_studio.preferences.now.units == FEET
    assert told in texts(dialog)


def test_another_language_begins_with_a_button_in_the_open_session(make_studio, clip):
    studio = make_studio()
    studio.window.opener.add_videos([clip])
    assert studio.session.history.keeping.flush()
    studio.window.actions_by_id["preferences"].trigger()
    dialog, session = studio.window.findChild(PreferencesDialog), studio.files.id
    studio.preferences.change(language="de")
    dialog.restart.click()
    assert not studio.window.isVisible()
    assert studio.window.begins_anew_with == session > 0


def test_another_device_starts_the_worker_anew_and_keeps_the_coachs_work(idle_studio, scored, dialog):
    session, client = idle_studio.session, idle_studio.client
    session.editing.move_transition(scored, 1, 80)
    corrected = session.dive(scored).correction
    dialog.device.setCurrentIndex(dialog.device.findData("auto"))
    client.received.emit(DevicesReport(devices={"cuda": "A Card", "cpu": "A Processor"}))
    assert dialog.device.itemText(0) == "best available (A Card)"
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    dialog.device.activated.emit(dialog.device.currentIndex())
    assert client.settings.device == "cpu"
    dive = session.dive(scored)
    assert dive.state is DiveState.QUEUED
    assert dive.model_analysis is None
    assert dive.correction == corrected
    assert dive.details == ("207C", 10.0, None)
    assert [request.id for request in requests(idle_studio)] == [session.analyses.tasks[scored].id]
    client.received.emit(Ready(device="cpu", precision="bf16", card={"id": "m-2"}))
    dialog.pages.setCurrentIndex(dialog.pages.count() - 1)
    assert "Running: m-2 on A Processor, bf16." in texts(dialog)


def test_a_folder_without_weights_is_refused(idle_studio, dialog, monkeypatch, tmp_path):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    dialog.choose_weights.click()
    assert "contains no weights" in dialog.problem.text()
    assert idle_studio.preferences.now.weights == ""
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    dialog.choose_weights.click()
    assert idle_studio.client.settings.weights == str(tmp_path)
    dialog.bundled_weights.click()
    assert idle_studio.client.settings.weights == ""


def test_the_model_card_is_prose_with_pictures_and_then_the_card(idle_studio, tmp_path):
    picture = QImage(900, 300, QImage.Format.Format_RGB32)
    picture.fill(QColor("#336699"))
    picture.save(str(tmp_path / "failure.png"))
    (tmp_path / "config.json").write_text('{"id": "club-1", "metrics": {"rho": 0.5}}', encoding="utf-8")
    (tmp_path / "README.md").write_text(
        "---\nlicense: other\n---\n# Where it fails\n\n![splash](failure.png)\n", encoding="utf-8"
    )
    idle_studio.preferences.change(weights=str(tmp_path))
    idle_studio.window.actions_by_id["model_card"].trigger()
    page = idle_studio.window.findChild(HelpDialog).page
    text = page.toPlainText()
    assert text.index("Where it fails") < text.index('"rho": 0.5')
    shown = page.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl("failure.png"))
    assert 400 < shown.deviceIndependentSize().width() <= page.viewport().width()
