"""Many dives at once: order, pause, cancel and retry of the queue, names filled in."""

import pytest
from answers_kit import activate, answer_dive, fail, moved_scoring, request_of, scoring
from PySide6.QtCore import QItemSelectionModel, Qt

from fineparser_gui.dives.table import DivesModel, Order
from fineparser_gui.session.dive import DiveState
from fineparser_gui.worker.scheduler import Urgency

NAMES = ("Anna_207C_10m_1.mp4", "Zoë_207C_10m.mp4", "107B 3m.mp4", "IMG_2071.mp4")


class Batch:
    """The window with four dives that wait; stands for the worker process."""

    def __init__(self, studio, qtbot, folder):
        self.studio, self.session, self.window = studio, studio.session, studio.window
        self.scheduler, self.client = studio.session.scheduler, studio.client
        self._qtbot, self._folder = qtbot, folder

    def names(self):
        return [self.session.dive(key).path.name for key in self.session.keys]

    def states(self):
        return [self.session.dive(key).state for key in self.session.keys]

    def asked(self):
        """What the worker has to do, the most urgent first: dive and urgency."""
        return [(task.key, task.urgency) for task in self.scheduler.running]

    def parsed(self, key):
        """Answer that a dive was parsed."""
        answer_dive(self.studio, self._folder, key=key)

    def scored(self, key, made=None):
        answer_dive(self.studio, self._folder, made or scoring(), key=key)


@pytest.fixture
def batch(idle_studio, qtbot, tmp_path, small_video):
    folder = tmp_path / "dives"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(small_video.read_bytes())
    made = Batch(idle_studio, qtbot, tmp_path)
    made.scheduler.pause(True)  # files are opened side by side, in an order that nobody knows
    made.session.open([folder / name for name in NAMES])
    qtbot.waitUntil(lambda: made.states() == [DiveState.QUEUED] * 4)
    made.scheduler.pause(False)
    return made


def test_one_and_all_are_cancelled_and_tried_again(batch, qtbot):
    first, second, third, _ = batch.session.keys
    window = batch.window
    batch.session.cancel(third)
    assert batch.session.dive(third).state is DiveState.CANCELLED
    qtbot.waitUntil(window.actions_by_id["cancel"].isEnabled)
    window.actions_by_id["cancel"].trigger()
    assert batch.session.dive(first).state is DiveState.CANCELLED
    assert batch.asked() == [(second, Urgency.BATCH)]
    qtbot.waitUntil(window.actions_by_id["cancel_all"].isEnabled)
    window.actions_by_id["cancel_all"].trigger()
    assert batch.states() == [DiveState.CANCELLED] * 4
    assert batch.asked() == []
    assert all(dive.cancelled for dive in batch.session.snapshot().dives)  # a reopened session does not begin by itself
    qtbot.waitUntil(lambda: window.dives.batch.text == "0 of 4 analysed, 4 cancelled")
    qtbot.waitUntil(window.actions_by_id["retry_all"].isEnabled)
    window.actions_by_id["retry_all"].trigger()
    assert batch.states() == [DiveState.QUEUED] * 4
    assert not any(dive.cancelled for dive in batch.session.snapshot().dives)


def test_a_score_that_failed_is_tried_again_without_a_new_analysis(batch, qtbot):
    first = batch.session.keys[0]
    retry = batch.window.actions_by_id["retry_all"]
    batch.session.editing.set_details(first, "207C", 10.0)
    batch.parsed(first)
    parsed_as = batch.session.dive(first).parse_id
    fail(batch.studio, request_of(batch.studio, first), "InternalError", "The analysis process stopped.")
    assert batch.session.dive(first).stopped
    qtbot.waitUntil(lambda: batch.window.dives.batch.text == "0 of 4 analysed, 1 failed")
    qtbot.waitUntil(retry.isEnabled)
    retry.trigger()
    assert batch.session.dive(first).scoring
    batch.scored(first)
    dive = batch.session.dive(first)
    assert (dive.stopped, dive.parse_id, bool(dive.votes)) == (False, parsed_as, True)


def test_rows_are_reordered_by_keys_and_the_queue_follows(batch, qtbot):
    first, second, third, fourth = batch.session.keys
    window, view = batch.window, batch.window.dives.view
    activate(qtbot, window)
    batch.session.select(third)
    qtbot.waitUntil(window.actions_by_id["move_up"].isEnabled)
    qtbot.keyClick(window, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert batch.session.keys == [first, third, second, fourth]
    assert view.currentIndex().row() == 1
    assert window.dives.selected_keys() == [third]
    assert [dive.path.name for dive in batch.session.snapshot().dives] == batch.names()
    view.selectionModel().select(view.model().index(2), QItemSelectionModel.SelectionFlag.Select)
    qtbot.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert batch.session.keys == [first, fourth, third, second]
    qtbot.keyClick(window, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert batch.session.keys == [first, fourth, third, second]  # together they are at the end
    batch.session.select(first)
    batch.parsed(first)
    assert batch.asked() == [(fourth, Urgency.BATCH)]


def test_the_list_is_sorted_to_look_at_and_the_queue_stays(batch):
    model, keys = batch.window.dives.model, batch.session.keys
    for key, diver in zip(keys, ("Zoë", "", "anna", "Mia"), strict=True):
        batch.session.editing.set_athlete(key, diver)
    order = batch.window.dives.order
    order.activated.emit(order.findData(Order.ATHLETE))
    rows = [model.key(row) for row in range(4)]
    assert [batch.session.dive(key).athlete for key in rows] == ["anna", "Mia", "Zoë", ""]
    assert batch.session.keys == keys
    batch.session.editing.set_athlete(rows[0], "Zuzana")
    assert model.key(2) == rows[0]
    batch.session.select(rows[0])
    batch.window.actions_by_id["undo"].trigger()
    assert model.key(0) == rows[0]


def test_a_removed_dive_comes_back_as_it_was(batch, qtbot):
    first, second, third, fourth = batch.session.keys
    batch.parsed(first)
    batch.session.editing.set_athlete(first, "Anna")
    batch.session.editing.move_transition(first, 1, 90)
    view = batch.window.dives.view
    view.selectionModel().select(view.model().index(2), QItemSelectionModel.SelectionFlag.Select)
    before = batch.session.dive(first)
    batch.window.actions_by_id["remove"].trigger()
    assert batch.session.keys == [second, fourth]
    batch.window.actions_by_id["undo"].trigger()
    assert batch.session.keys == [first, second, third, fourth]
    assert batch.session.dive(first) == before
    assert batch.session.dive(third).state is DiveState.QUEUED
    batch.window.actions_by_id["undo"].trigger()
    assert batch.session.dive(first).corrected_frames is None


def test_names_of_files_fill_in_many_dives_as_one_step(batch, qtbot):
    session, window = batch.session, batch.window
    _, second, third, _ = session.keys
    session.editing.set_details(second, "205B", None)  # the coach's own
    window.actions_by_id["name_dives"].trigger()
    assert [session.dive(key).details for key in session.keys] == [
        ("207C", 10.0, None),
        ("205B", 10.0, None),
        ("107B", 3.0, None),
        (None, None, None),
    ]
    assert [session.dive(key).athlete for key in session.keys] == ["Anna", "Zoë", "", ""]
    window.actions_by_id["undo"].trigger()
    assert [session.dive(key).dive_number for key in session.keys] == [None, "205B", None, None]
    assert [session.dive(key).athlete for key in session.keys] == [""] * 4
    window.actions_by_id["redo"].trigger()
    assert session.dive(third).dive_number == "107B"
    assert not window.messages.buttons  # the offer to undo would undo something else


def test_models_are_sound(batch, qtmodeltester, qapp):
    first, second, *_ = batch.session.keys
    for key, made in ((first, scoring()), (second, moved_scoring(3.0))):
        batch.session.select(key)
        batch.session.editing.set_details(key, "207C", 10.0)
        batch.parsed(key)
        batch.scored(key, made)
    batch.session.editing.set_athlete(first, "Anna")
    dives = DivesModel(batch.session)
    qtmodeltester.check(dives)
    for order in Order:
        dives.set_order(order)
        batch.session.move(first, 3)
        batch.session.editing.remove([second])
        batch.session.editing.edits.undo()
        batch.session.move(first, 0)
    qtmodeltester.check(dives)
