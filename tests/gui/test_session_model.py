"""The model of the session alone, without Qt: dives, their order, what is shown, what is kept, and edits as data."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from made_analysis import made_analysis

from fineparser_core.records import DiveSegment
from fineparser_gui.services.undo import Edit, Subject
from fineparser_gui.session.dive import Dive, DiveState, ScoreState, SearchState, restored_attributes
from fineparser_gui.session.session_model import SessionModel

EVENTS = ("dive_added", "dive_changed", "dive_removed", "dives_moved", "current_changed", "shown_changed")


def three():
    model = SessionModel()
    for name in EVENTS:
        setattr(model, name, SimpleNamespace(emit=lambda *_: None))
    keys = [model.add(path=Path(f"{name}.mp4")) for name in "abc"]
    model.select(keys[1])
    return model, keys


def test_what_a_file_keeps_makes_the_same_dive_again():
    segment = DiveSegment(in_frame=1, first_flight_frame=5, first_entry_frame=8, out_frame=20, confidence=0.5)
    model, (first, *_) = three()
    model.update(first, segments=(segment,), search_state=SearchState.FOUND, dismissed=True, cancelled=True)
    saved = model.saved(paused=False).dives[0]
    assert saved.dismissed
    again = Dive(key=first, **restored_attributes(saved))  # type: ignore[arg-type]
    assert again == model.dive(first)


def test_a_dive_is_busy_stopped_or_neither_by_its_states(small_video):
    known = {"dive_number": "207C", "parse_id": "p", "model_analysis": made_analysis(small_video)}
    dive = Dive(key="d", path=Path("a.mp4"), state=DiveState.READY, **known)
    assert not dive.busy
    assert not dive.stopped
    for busy in ({"score_state": ScoreState.SCORING}, {"search_state": SearchState.WAITING}):
        assert replace(dive, **busy).busy
    for stopped in ({"score_state": ScoreState.FAILED}, {"state": DiveState.CANCELLED}, {"state": DiveState.FAILED}):
        assert replace(dive, **stopped).stopped
    assert not replace(dive, score_state=ScoreState.NO_EXEMPLARS).stopped
    assert replace(dive, state=DiveState.NEEDS_TRIM, search_state=SearchState.FAILED).stopped


def test_edits_of_one_gesture_are_one_and_reversed_take_each_other_back():
    first = Edit(subject=Subject.ATHLETE, key="d", before="", after="A", text="naming", gesture="athlete", at_s=0.0)
    second = replace(first, before="A", after="An", at_s=1.0)
    merged = first.merged(second)
    assert merged is not None
    assert (merged.before, merged.after, merged.at_s) == ("", "An", 1.0)
    assert merged.reversed.reversed == merged
    assert first.merged(replace(second, at_s=3.0)) is None  # after a pause it is another one
    assert first.merged(replace(second, key="e")) is None
    assert replace(first, gesture="").merged(replace(second, gesture="")) is None
