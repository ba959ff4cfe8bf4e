"""Files sent to a phone, from the real window; the phone asks at 127.0.0.1."""

from urllib.error import URLError
from urllib.request import urlopen

import pytest
from answers_kit import open_scored
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from fineparser_gui.export import share_dialog
from fineparser_gui.export.share_dialog import ShareDialog
from fineparser_gui.services.exporting import ExportState


@pytest.fixture
def addresses(monkeypatch):
    """This computer's addresses, as they are found."""
    found = ["127.0.0.1"]
    monkeypatch.setattr(share_dialog, "local_addresses", lambda: found)
    return found


@pytest.fixture
def studio(idle_studio, qtbot, small_video, tmp_path_factory, addresses):
    """The program with a dive that is analysed and scored."""
    open_scored(idle_studio, qtbot, small_video, tmp_path_factory.mktemp("answers"))
    return idle_studio


def opened(studio, qtbot, *, addressed=True):
    """The dialog, which has looked for addresses."""
    dialog = studio.window.findChild(ShareDialog)
    qtbot.waitUntil(lambda: dialog.isVisible() and dialog._addresses is not None)
    assert bool(dialog.address.count()) == addressed
    return dialog


def test_an_export_goes_to_the_phone(studio, qtbot, tmp_path, small_video):
    exports = studio.session.exports
    exports.table(studio.session.keys, tmp_path / "a &lt; table.csv")
    qtbot.waitUntil(lambda: exports.exports[-1].state is ExportState.DONE)
    qtbot.mouseClick(studio.window.exports.row(exports.exports[-1].id).send_button, Qt.MouseButton.LeftButton)
    dialog = opened(studio, qtbot)
    assert [dialog.files.item(row).text() for row in range(dialog.files.count())] == ["a &lt; table.csv"]
    assert not dialog.sharing.url, "off until it is asked for"
    assert not dialog.code.modules
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    url = dialog.url.text()
    assert len(dialog.code.modules) in range(25, 45, 4)
    assert "a &amp;lt; table.csv" in urlopen(url).read().decode()
    assert urlopen(url + "0").read() == (tmp_path / "a &lt; table.csv").read_bytes()
    dialog.files.item(0).setCheckState(Qt.CheckState.Unchecked)
    with pytest.raises(URLError, match="404"):
        urlopen(url + "0")
    dialog.go.click()
    assert (dialog.url.text(), dialog.go.isEnabled()) == ("", False)
    dialog.files.item(0).setCheckState(Qt.CheckState.Checked)
    dialog.go.click()
    again = dialog.url.text()
    assert again.rpartition(":")[2] != url.rpartition(":")[2]
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    for ended in (url, again):
        with pytest.raises(URLError, match="refused"):
            urlopen(ended)


def test_from_the_menu_with_a_recording_and_for_ten_minutes(studio, qtbot, small_video, monkeypatch):
    monkeypatch.setattr(share_dialog.QElapsedTimer, "elapsed", lambda _: 1400)
    studio.window.dives.view.selectAll()
    studio.window.actions_by_id["share"].trigger()
    dialog = opened(studio, qtbot)
    names = [dialog.files.item(row).text() for row in range(dialog.files.count())]
    assert names == ["207C 10m.mp4", "207C 10m strobe.png", "207C 10m report.pdf", small_video.name]
    assert [dialog.files.item(row).checkState() is Qt.CheckState.Checked for row in range(4)] == [True, *3 * [False]]
    dialog.files.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.go.isEnabled(), "a recording goes out where the coach says so"
    dialog.files.item(3).setCheckState(Qt.CheckState.Checked)
    dialog.go.click()
    assert dialog.sharing.left_s == 599
    assert "Ends in 9:59" in dialog.state.text()
    assert small_video.name in urlopen(dialog.url.text()).read().decode()
    url = dialog.url.text()
    monkeypatch.setattr(share_dialog, "LASTS_S", 0)
    qtbot.waitUntil(lambda: not dialog.sharing.url)
    assert (dialog.url.text(), dialog.code.modules, dialog.go.text()) == ("", (), "Show the code")
    with pytest.raises(URLError, match="refused"):
        urlopen(url)
    dialog.reject()


def test_two_clicks_send_a_clip_of_the_dive(studio, qtbot):
    (send,) = [one for one in studio.window.player.findChildren(QToolButton) if one.text() == "Send the verdict"]
    studio.window.dives.view.selectAll()
    qtbot.mouseClick(send, Qt.MouseButton.LeftButton)
    dialog = opened(studio, qtbot)
    assert [export.path.suffix for export in studio.session.exports.exports] == [".mp4"], "it is written at once"
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert "files left: 1" in dialog.state.text()
    qtbot.waitUntil(lambda: bool(dialog.sharing.url))
    assert b"ftyp" in urlopen(dialog.url.text() + "0").read(32)
    assert "<summary>How far can an award be trusted?</summary>" in urlopen(dialog.url.text()).read().decode()
    dialog.reject()


def test_without_a_network_or_with_one_that_is_gone(studio, qtbot, addresses):
    addresses.clear()
    studio.window.dives.view.selectAll()
    studio.window.actions_by_id["share"].trigger()
    dialog = opened(studio, qtbot, addressed=False)
    dialog.files.item(0).setCheckState(Qt.CheckState.Checked)
    assert "in no local network" in dialog.state.text()
    assert not dialog.go.isEnabled()
    dialog.reject()
    addresses.append("127.0.0.256")  # an address that this computer does not have
    studio.window.actions_by_id["share"].trigger()
    qtbot.waitUntil(lambda: len(studio.window.findChildren(ShareDialog)) == 1)
    dialog = opened(studio, qtbot)
    dialog.files.item(0).setCheckState(Qt.CheckState.Unchecked)
    dialog.files.item(3).setCheckState(Qt.CheckState.Checked)
    dialog.go.click()
    assert "Nothing can be shared at 127.0.0.256" in dialog.state.text()
    assert not dialog.sharing.url
    dialog.reject()
