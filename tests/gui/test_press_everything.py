"""Each button, entry, link and command of each window and dialog, pressed in each state: nothing fails."""

from contextlib import contextmanager

import pressed_states
import pytest
from answers_kit import SilentWorker
from pressed_states import Making, write_ring
from pressing import Desktop, press_everything
from shown_studio import shown_studio

from fineparser_gui import app

pytestmark = [pytest.mark.qt_log_ignore("This plugin does not support", extend=True), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory, make_video):
    return make_video(tmp_path_factory.mktemp("long") / "training.mp4", 600)


@pytest.fixture(scope="module")
def ring(tmp_path_factory, small_video):
    return write_ring(small_video, tmp_path_factory.mktemp("ring") / "recording")


@pytest.fixture
def desktop(monkeypatch, tmp_path, small_video, qapp):
    made = Desktop(monkeypatch, tmp_path, small_video)
    yield made
    made.close()


@pytest.fixture
def press_all(qapp, qtbot, qtlog, monkeypatch, tmp_path, desktop, small_video, recording, ring):
    """`press_all(state)`: press everything in a state, and see that nothing fails."""
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)

    def press(state, *within):
        @contextmanager
        def make():
            nonlocal rounds
            rounds += 1
            folder = tmp_path / f"{rounds}"
            folder.mkdir()
            with shown_studio(qapp, qtbot, folder / "state", size=(1440, 900)) as studio:
                yield studio, state(Making(studio, qtbot, small_video, recording, ring, folder))

        rounds = 0
        done = press_everything(make, qtbot, qtlog, within or ("",))
        assert done.pressed
        assert not done.faults, "\n".join(f"{name}: {fault}" for name, fault in done.faults.items())

    return press


@pytest.mark.parametrize(
    ("state", "within"),
    [
        ("one_dive", ()),  # first: dialogs that were pressed in it are not pressed again
        ("empty", ()),
        ("exported", ("MainWindow/Corner",)),
        ("many", ("MainWindow/DivesPanel", "MainWindow/SideColumn", "MainWindow/Corner", "MainWindow › Dive")),
        ("missing", ("MainWindow/DivesPanel", "MainWindow/PlayerPanel", "MainWindow/Corner", "MainWindow › Dive")),
        ("refused", ("MainWindow/SideColumn", "MainWindow › Dive")),
        ("contradicted", ("MainWindow/DetailsPanel",)),
        ("unsure", ("MainWindow/PlayerPanel/DiverStrip",)),
        ("found", ("MainWindow/DivesPanel", "MainWindow/PlayerPanel", "MainWindow › Dive")),
        ("comparison", ("MainWindow/PlayerPanel", "MainWindow/SideColumn/ExemplarsPanel", "MainWindow › View")),
        ("history", ("MainWindow/HistoryPage",)),
        ("meet", ()),
        ("poolside", ()),
        ("stream", ()),
    ],
)
def test_nothing_that_can_be_pressed_fails(press_all, state, within):
    press_all(getattr(pressed_states, state), *within)
