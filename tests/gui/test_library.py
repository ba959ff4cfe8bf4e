"""The exemplar libraries in the window; the worker's part of them without its process, and once with it."""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import msgspec
import pytest
from answers_kit import SilentWorker, answer_dive, dive_parse, fail, open_queued, requests, result_message, scoring
from exemplar_kit import exemplar
from finding import close_messages, named, reads
from shown_studio import shown_studio

from fineparser_core.diving.judging import read_judging
from fineparser_core.errors import ExemplarError
from fineparser_core.exemplars.records import ExemplarFacts
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.records import (
    Analysis,
    AwardCheck,
    IntervalRule,
    MaskTrack,
    Measure,
    Note,
    NoteCode,
    OwnAward,
    Verdict,
    VerdictCode,
)
from fineparser_gui import app
from fineparser_gui.app import Studio
from fineparser_gui.dives.states import details_text
from fineparser_gui.session.dive import DiveState, ScoreState
from fineparser_gui.worker import child
from fineparser_gui.worker.child import LibraryHandler
from fineparser_gui.worker.protocol import (
    AddExemplarRequest,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    LibraryReport,
    Ready,
    ScoreRequest,
)

an_exemplar = partial(exemplar, Path("/nowhere"))


MINE = (
    an_exemplar("mine-1", diver="Ada Byron", dived_on="2026-05-31", score=64.35),
    an_exemplar("mine-2", dive_number="107B", board_m=3.0, score=9.5),
    an_exemplar("mine-3", synchro=True),
    an_exemplar("mine-4", removed_at="2026-11-28"),
)


def report(request_id, mine=MINE, **changes):
    """What the worker tells of a rendered exemplar and of the coach's own, of which one waits for its encoding."""
    exemplars = [an_exemplar("rendered-1", synthetic=True, score=88.0), *mine]
    own = [one.id for one in mine]
    told = {"exemplars": exemplars, "own": own, "waiting": ["mine-2"], "writable": True, "notice": ""}
    return LibraryReport(**{"id": request_id, **told, **changes})


READY = Ready(device="cpu", precision="fp32", card={"id": "m-1"})


@pytest.fixture
def library_studio(qapp, qtbot, monkeypatch, tmp_path):
    """The program with a folder of its own and without its worker process: a test answers the requests."""
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)
    with shown_studio(qapp, qtbot, tmp_path / "data") as made:
        made.client.received.emit(READY)
        answer(made)
        yield made


def asked(studio, kind):
    """The latest request of a kind."""
    return requests(studio, kind)[-1]


def answer(studio, mine=MINE, **changes):
    """Answer the latest request about the library."""
    request = asked(studio, ChangeLibraryRequest | AddExemplarRequest)
    studio.client.received.emit(report(request.id, mine, **changes))


def parsed_dive(studio, qtbot, path, folder):
    key = open_queued(studio, qtbot, path)
    request_id = studio.session.analyses.tasks[key].id
    parse = dive_parse(path, studio.session.current.info.n_frames)
    studio.client.received.emit(result_message(request_id, Analysis(parse=parse, scoring=None), folder))
    return key


def test_an_exemplar_that_the_weights_have_not_seen_is_prepared_and_one_that_fails_is_given_up(library_studio):
    request = asked(library_studio, EncodeExemplarRequest)
    assert request.exemplar_id == "mine-2"
    fail(library_studio, request.id, "ExemplarError", "Its clip cannot be read.")
    library_studio.session.library.refresh()
    answer(library_studio)
    assert not requests(library_studio, EncodeExemplarRequest)
    library_studio.client.received.emit(READY)  # of another worker, as the first died
    assert not requests(library_studio, ChangeLibraryRequest)
    library_studio.client.received.emit(msgspec.structs.replace(READY, card={"id": "m-2"}))
    answer(library_studio)
    assert asked(library_studio, EncodeExemplarRequest).exemplar_id == "mine-2"


def test_weights_that_cannot_be_loaded_do_not_hide_the_library(qapp, qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr(app, "WorkerClient", SilentWorker)
    made = Studio(qapp, tmp_path / "data")
    fail(made, None, "CheckpointError", "The weights are damaged.")
    answer(made)
    assert len(made.session.library.exemplars) == 4
    assert not requests(made, EncodeExemplarRequest)
    made.window.close()
    made.window.deleteLater()


def test_a_starred_dive_votes_with_its_marks_and_transitions(library_studio, qtbot, small_video, tmp_path):
    session, window = library_studio.session, library_studio.window
    star = window.actions_by_id["votes"]
    assert not star.isEnabled()
    key = parsed_dive(library_studio, qtbot, small_video, tmp_path)
    session.editing.set_details(key, "207C", 10.0)
    fail(library_studio, session.analyses.tasks[key].id, "NoExemplarsError", "None.")
    session.editing.move_transition(key, 0, 30)
    star.trigger()
    assert "give its judges' marks" in window.messages.text
    assert not star.isChecked()
    assert not requests(library_studio, AddExemplarRequest)
    session.editing.set_judging(key, read_judging("7 7 7"))
    star.trigger()
    request = asked(library_studio, AddExemplarRequest)
    assert request.parse_id == session.dive(key).parse_id
    assert request.transitions.first_flight_frame == 30
    assert request.facts.score == session.dive(key).judged_score
    library_studio.client.die()
    qtbot.waitUntil(lambda: library_studio.client.sent.count(request) == 2)  # the star is not lost
    mine = an_exemplar("mine-9", **asdict(request.facts))
    library_studio.client.received.emit(report(request.id, (*MINE, mine), added="mine-9"))
    assert "mine-9" in session.dive(key).correction.left_out  # no dive votes on itself
    assert session.dive(key).exemplar_id == "mine-9"
    assert details_text(session.dive(key)) == "207C 10 m · ★"
    assert star.isChecked()

    session.editing.set_judging(key, read_judging("8 8 8"))  # its exemplar has the new marks
    request = asked(library_studio, ChangeLibraryRequest)
    assert (request.action, request.exemplar_id, request.facts.score) == (
        "edit",
        "mine-9",
        session.dive(key).judged_score,
    )
    star.trigger()
    request = asked(library_studio, ChangeLibraryRequest)
    assert (request.action, request.exemplar_id, session.dive(key).exemplar_id) == ("remove", "mine-9", "")
    window.actions_by_id["undo"].trigger()
    request = asked(library_studio, ChangeLibraryRequest)
    assert (request.action, request.exemplar_id, session.dive(key).exemplar_id) == ("restore", "mine-9", "mine-9")


def test_no_exemplars_is_a_state_with_a_way_out(library_studio, qtbot, small_video, tmp_path):
    key = parsed_dive(library_studio, qtbot, small_video, tmp_path)
    session, score = library_studio.session, library_studio.window.score
    session.editing.set_details(key, "5253B", 3.0)
    request = asked(library_studio, ScoreRequest)
    assert not request.rule.nearest
    fail(library_studio, request.id, "NoExemplarsError", "/some/library.sqlite holds none.")
    assert "No dives of 5253B to compare with" in reads(score)
    assert not library_studio.window.messages.isVisible()
    assert score.no_exemplars.isVisible()
    score.no_exemplars.nearest.click()
    request = asked(library_studio, ScoreRequest)
    assert request.rule.nearest
    found = replace(scoring(), dive_number="5253B", notes=(Note(NoteCode.NEAREST_NUMBERS, ("5253B", "5251B", 3.2)),))
    answer_dive(library_studio, tmp_path, found)
    assert not score.no_exemplars.isVisible()
    assert "by similar dives" in reads(score)
    score.how.setChecked(True)
    assert "compared with the nearest" in reads(library_studio.window.found)
    exemplars = library_studio.window.exemplars
    assert "no exemplars of 5253B" in reads(exemplars)
    assert not exemplars.table.isColumnHidden(2)
    assert [exemplars.table.item(row, 2).text() for row in range(2)] == ["207C", "207C"]
    library_studio.window.actions_by_id["undo"].trigger()
    assert not session.dive(key).rule.nearest


def own_award(score):
    interval = IntervalRule(level=0.8, base=0.0, per_spread=0.0, per_difficulty=3.5).around(score, 0.0, 3.0)
    checked = AwardCheck(dives=7, rank_correlation=0.77, mean_error=1.2)
    facts = {"dive_number": "5253B", "board_m": 3.0, "difficulty": 3.0, "interval": interval, "checked": checked}
    return OwnAward(award=score / 9, score=score, steps=(0.0, 0.0, 0.0), **facts)


def test_without_exemplars_the_measured_award_stands_for_the_score(library_studio, qtbot, small_video, tmp_path):
    key = parsed_dive(library_studio, qtbot, small_video, tmp_path)
    session, score = library_studio.session, library_studio.window.score
    session.editing.set_details(key, "5253B", 3.0)
    time = Measure(name="flight_time", value=1.5, unit="s", uncertainty=0.05, frame=40, step="take-off")
    found = {
        "measures": (time,),
        "own_award": own_award(58.5),
        "verdict": Verdict(code=VerdictCode.NO_EXEMPLARS, reason="There are none."),
    }
    answer_dive(library_studio, tmp_path, **found)
    assert (named(score, "score").text(), named(score, "interval").text()) == (
        "6½",
        "58.5 points, likely 5½ to 7½, from measures alone",
    )
    score.how.setChecked(True)
    assert "80 % prediction interval: 48.0 – 69.0" in reads(library_studio.window.found)
    assert "Checked on 7 judged dives" in reads(library_studio.window.found)
    assert "No dives of 5253B to compare with" in reads(score)
    assert score.no_exemplars.isVisible()
    session.editing.move_transition(key, 0, 30)
    assert session.dive(key).analysis.measures is None  # of other moments
    qtbot.waitUntil(lambda: bool(requests(library_studio, ScoreRequest)))
    request = asked(library_studio, ScoreRequest)
    moved = replace(session.dive(key).analysis, measures=(time,), own_award=own_award(61.2))
    library_studio.client.received.emit(result_message(request.id, moved, tmp_path))
    assert named(score, "score").text() == "7"  # of 6.8
    assert session.dive(key).analysis.measures == (time,)
    session.editing.reset_corrections(key)
    assert named(score, "score").text() == "6½"
    assert session.dive(key).score_state is ScoreState.NO_EXEMPLARS
    session.editing.leave_out(key, "nobody", True)
    assert named(score, "score").text() == "6½"


def test_a_dive_without_exemplars_is_scored_when_some_are_added(library_studio, qtbot, small_video, tmp_path):
    key = parsed_dive(library_studio, qtbot, small_video, tmp_path)
    library_studio.session.editing.set_details(key, "5253B", 3.0)
    request = asked(library_studio, ScoreRequest)
    fail(library_studio, request.id, "NoExemplarsError", "None.")
    library_studio.session.library.refresh()
    answer(library_studio, (*MINE, an_exemplar("new", dive_number="5253B")))
    assert library_studio.session.dive(key).scoring
    assert asked(library_studio, ScoreRequest).details.dive_number == "5253B"


def with_changes(name, mine=MINE, **changes):
    """The coach's exemplars, one of them changed."""
    return [replace(one, **changes) if one.id == name else one for one in mine]


def test_a_changed_exemplar_scores_its_own_dives_again_and_no_others(library_studio, qtbot, small_video, tmp_path):
    session, library, client = library_studio.session, library_studio.session.library, library_studio.client
    other = parsed_dive(library_studio, qtbot, small_video, tmp_path)
    session.editing.set_details(other, "107B", 3.0)
    answer_dive(library_studio, tmp_path, replace(scoring(), dive_number="107B", board_m=3.0), key=other)
    key = parsed_dive(library_studio, qtbot, small_video, tmp_path)
    session.editing.set_details(key, "207C", 10.0)
    answer_dive(library_studio, tmp_path, scoring(), key=key)
    session.editing.move_transition(key, 0, 30)
    session.editing.leave_out(key, "a", True)
    qtbot.waitUntil(lambda: bool(requests(library_studio, ScoreRequest)))
    corrected = asked(library_studio, ScoreRequest)
    analysis = Analysis(parse=session.dive(key).model_analysis.parse, scoring=scoring())
    client.received.emit(result_message(corrected.id, analysis, tmp_path))
    shown_before = session.dive(other)

    for unlike in ({"diver": "Augusta King"}, {"dived_on": "2026-06-01"}):  # nothing that votes
        library.refresh()
        answer(library_studio, with_changes("mine-1", **unlike))
        assert not requests(library_studio, ScoreRequest)
    library.refresh()
    answer(library_studio, with_changes("mine-1", score=66.0))
    (request,) = requests(library_studio, ScoreRequest)
    assert (request.details.dive_number, request.transitions) == ("207C", None)
    assert session.dive(key).scoring
    assert session.dive(key).correction.left_out == {"a"}
    assert session.dive(other) == shown_before
    answer_dive(library_studio, tmp_path, scoring(), key=key)
    qtbot.waitUntil(lambda: bool(requests(library_studio, ScoreRequest)))
    assert asked(library_studio, ScoreRequest).transitions.first_flight_frame == 30  # and so is the corrected one

    library.refresh()
    answer(library_studio, with_changes("mine-2", with_changes("mine-1", score=66.0), removed_at="2026-11-28"))
    (request,) = [one for one in requests(library_studio, ScoreRequest) if one.transitions is None]
    assert request.details.dive_number == "107B"


def test_best_is_real_and_of_the_board(library_studio, qtbot, small_video, tmp_path):
    key = parsed_dive(library_studio, qtbot, small_video, tmp_path)
    library_studio.session.editing.set_details(key, "207C", 10.0)
    answer_dive(library_studio, tmp_path, scoring())
    assert library_studio.session.best_exemplar().id == "mine-1"  # not rendered-1, of more points
    assert library_studio.window.exemplars.table.isColumnHidden(2)  # of 207C, as the dive is


def test_what_is_amiss_with_the_library_is_said_once(library_studio):
    library = library_studio.session.library
    said = []
    for _ in range(2):
        close_messages(library_studio.window.messages)
        library.refresh()
        answer(library_studio, notice="library.sqlite was damaged: its backup is used instead.")
        said.append(library_studio.window.messages.text)
    assert said == ["library.sqlite was damaged: its backup is used instead.", ""]


def test_the_worker_changes_the_library_and_reports_it(tmp_path, monkeypatch):
    folder = tmp_path / "exemplars"
    with ExemplarStore.open_own(folder) as own:
        own.add(an_exemplar("mine", clip_path=folder / "clips" / "mine.mp4"), _no_mask())
    handler = LibraryHandler(folder)
    facts = ExemplarFacts(dive_number="107b", board_m=3.0, score=50.0)
    handler.change(ChangeLibraryRequest(id="l1", action="edit", exemplar_id="mine", facts=facts))
    handler.change(ChangeLibraryRequest(id="l2", action="remove", exemplar_id="mine"))
    told = handler.report("l3", "m-1", None)
    assert (told.own, told.waiting) == (["mine"], [])
    (mine,) = (one for one in told.exemplars if one.id == "mine")
    assert (mine.dive_number, mine.removed_at is not None) == ("107B", True)
    handler.store.close()
    again = LibraryHandler(folder)
    assert again.store.removed()  # its star may come back
    again.store.close()
    monkeypatch.setattr(child, "_KEPT_IN_BIN_S", 0.0)
    later = LibraryHandler(folder)
    assert not later.store.removed()
    later.store.close()
    without = LibraryHandler(None)
    assert not without.report("l1", "m-1", None).writable
    with pytest.raises(ExemplarError, match="no folder"):
        without.change(ChangeLibraryRequest(id="l2", action="remove", exemplar_id="mine"))
    without.store.close()


def _no_mask():
    import numpy as np

    return MaskTrack(
        sampled_frames=np.arange(96),
        mask_probability=np.zeros((96, 112, 112), np.float16),
        crop_xyxy=np.zeros((96, 4), np.float32),
    )


@pytest.fixture
def working_studio(qapp, qtbot, tmp_path):
    """The program with a folder of its own and its worker."""
    with shown_studio(qapp, qtbot, tmp_path / "data") as made:
        yield made


@pytest.mark.slow
@pytest.mark.usefixtures("bundled_weights")
def test_a_dive_becomes_an_exemplar_that_votes_with_the_real_worker(working_studio, qtbot):
    made = working_studio
    session, library = made.session, made.session.library
    qtbot.waitUntil(lambda: library.writable)
    made.window.actions_by_id["open_sample"].trigger()
    qtbot.waitUntil(lambda: bool(session.current and session.current.votes))
    key = session.current.key
    session.editing.set_details(key, "5253B", 3.0)
    session.editing.confirm_details(key)  # the video shows another dive
    session.editing.set_judging(key, read_judging("6 6 6"))
    qtbot.waitUntil(lambda: session.current.state is DiveState.READY and not session.current.scoring)
    made.window.actions_by_id["votes"].trigger()
    qtbot.waitUntil(lambda: library.numbers()["5253B"] and not library.adding)
    mine = library.find(session.current.exemplar_id)
    assert mine.clip_path.is_file()
    assert mine.synthetic  # it is the bundled sample
    assert library.mask(mine.id) is not None

    def vote_of_mine():
        return next((vote.score for vote in session.current.votes if vote.id == mine.id), None)

    # By itself, as the library changes.
    qtbot.waitUntil(lambda: vote_of_mine() == session.current.judged_score)
    session.comparing.show_exemplar(mine.id)
    assert session.comparing.other.path == mine.clip_path
    session.comparing.end()
    made.window.actions_by_id["votes"].trigger()
    qtbot.waitUntil(lambda: vote_of_mine() is None)
    made.window.actions_by_id["undo"].trigger()
    qtbot.waitUntil(lambda: vote_of_mine() is not None)
    session.editing.set_judging(key, read_judging("7 7 7"))
    qtbot.waitUntil(lambda: vote_of_mine() == session.current.judged_score)
    assert session.current.correction.left_out == {mine.id}  # no dive votes on itself
    assert session.current.state is DiveState.READY
