"""Each button, entry, link and command of each window and dialog, pressed by mouse in each state: it does something."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pressed_states
import pytest
from answers_kit import SilentWorker
from pressed_states import Making, write_ring
from pressing import Desktop, press_everything
from PySide6.QtWidgets import QWidget
from shown_studio import shown_studio

from fineparser_gui import app

#: What changes nothing, and why that is right.
IDLE = {
    "207C  back 3½ somersaults, tuck": "it is the number of the exemplar",
    "SourceField › … › Look for cameras again": "there is none",
    "SourceField › … (2) › Look for cameras again": "there is none",
    "PoolsideWindow › Live": "it is live",
    "command fit_to_window": "it fits",
    "command zoom_out": "it fits",
    "command actual_size": "the picture is smaller than its place",
    "command timeline_zoom_out": "the timeline shows all",
    "command timeline_all": "the timeline shows all",
    "command timeline_dive": "the timeline shows the dive, which is all",
    "command next_dive": "the last one is shown",
    "command previous_dive": "the first one is shown",
    "command move_down": "it is the last one",
    "command move_up": "it is the first one",
}

#: What comes and goes too fast to be pressed for certain, and why.
BRIEF = {
    "LearnDialog › Cancel": "a set of dives is read in a moment",
    "MeetDialog › Up": "the second row comes with a second list; it is pressed in the state of a meet",
}

#: End of the name of a control beside another of the same name, such as the row of a file that is sent a second time.
_ONE_MORE = r" \(\d+\)$"

pytestmark = [pytest.mark.qt_log_ignore("This plugin does not support", extend=True), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory, make_video) -> Path:
    return make_video(tmp_path_factory.mktemp("long") / "training.mp4", 600)


@pytest.fixture(scope="module")
def ring(tmp_path_factory, small_video) -> Path:
    return write_ring(small_video, tmp_path_factory.mktemp("ring") / "recording")


@pytest.fixture
def desktop(monkeypatch, tmp_path, small_video, qapp) -> Iterator[Desktop]:
    made = Desktop(monkeypatch, tmp_path, small_video)
    yield made
    made.close()


@pytest.fixture
def press_all(qapp, qtbot, qtlog, monkeypatch, tmp_path, desktop, small_video, recording, ring) -> Callable[..., None]:
    """`press_all(state)`: press everything in a state, and see that all of it does something, and nothing fails."""
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)

    def press(state: Callable[[Making], QWidget], *within: str) -> None:
        @contextmanager
        def make() -> Iterator[tuple[app.Studio, QWidget]]:
            nonlocal rounds
            rounds += 1
            folder = tmp_path / f"{rounds}"
            folder.mkdir()
            with shown_studio(qapp, qtbot, folder / "state", size=(1440, 900)) as studio:
                yield studio, state(Making(studio, qtbot, small_video, recording, ring, folder))

        rounds = 0
        done = press_everything(make, desktop, qtbot, qtlog, within or ("",), idle=tuple(IDLE))
        for name, effect in done.effects.items():  # shown where it fails
            print(f"{name}: {effect[:200] or 'nothing'}")
        assert not done.faults, "\n".join(f"{name}: {fault}" for name, fault in done.faults.items())
        idle = [name for name, effect in done.effects.items() if not effect and not name.endswith(tuple(IDLE))]
        assert not idle
        passing = [name for name in done.left if done.via[name] and name.startswith("MainWindow/")]  # of other states
        left = [name for name in done.left if name not in BRIEF and name not in passing]
        assert not [name for name in left if re.sub(_ONE_MORE, "", name) not in done.effects]

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
def test_everything_does_something(press_all, state, within):
    press_all(getattr(pressed_states, state), *within)
