"""What was found once is found again: in a reopened session, after a crash, by another window, with the same video."""

import os
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answers_kit import script
from shown_studio import shown_studio

from fineparser_gui.session.dive import DiveState, ScoreState, SearchState
from fineparser_gui.worker.analysis_cache import AnalysisCache
from fineparser_gui.worker.kept_results import KeptResults
from fineparser_gui.worker.protocol import ParseRequest, ScoreRequest, TrimRequest, WorkerSettings

_HERE = Path(__file__).parent


class Programs:
    """Starts the program, again and again, with one folder and the scripted worker."""

    def __init__(self, qapp, qtbot, folder):
        self._qapp, self._qtbot, self._folder = qapp, qtbot, folder
        self.cache = AnalysisCache(folder / "cache")
        self._open = ExitStack()

    def start(self):
        """The program with its window, once its worker is ready."""
        (self._folder / "asked").unlink(missing_ok=True)
        folders = self._folder / "state", self._folder / "cache"
        studio = self._open.enter_context(shown_studio(self._qapp, self._qtbot, *folders))
        self.wait(lambda: studio.session.model is not None)
        return studio

    def stop(self):
        """Close all windows."""
        self._open.close()

    def wait(self, condition):
        self._qtbot.waitUntil(condition)

    @property
    def asked(self):
        """Kinds of the requests for analyses that the worker has had since the last start."""
        path = self._folder / "asked"
        lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
        kinds = (ParseRequest.__name__, ScoreRequest.__name__, TrimRequest.__name__)
        return [line for line in lines if line in kinds]

    def analysed(self, clip, *, moved_to=None):
        """The program with an analysed and scored dive."""
        studio = self.start()
        session = studio.session
        session.open([clip], dive_number="207C", board_m=10.0)
        self.wait(lambda: session.current.score_state is ScoreState.SCORED)
        if moved_to is not None:
            session.editing.move_transition(session.current.key, 0, moved_to)
            self.wait(lambda: not session.current.rescoring)
        return studio


@pytest.fixture
def programs(qapp, qtbot, monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(_HERE.parents[1]), str(_HERE)]))
    script(monkeypatch, str(_HERE / "scripted_worker.py"), "", str(tmp_path / "starts"))
    made = Programs(qapp, qtbot, tmp_path)
    yield made
    made.stop()


def test_a_reopened_session_shows_its_results_without_a_request(programs, clip, tmp_path):
    studio = programs.analysed(clip, moved_to=35)
    before = studio.session.current
    assert sorted(programs.asked) == ["ParseRequest", "ScoreRequest", "ScoreRequest"]
    assert studio.files.save_to(tmp_path / "monday.fineparser")
    programs.stop()

    studio = programs.start()
    studio.files.open(tmp_path / "monday.fineparser")
    programs.wait(lambda: bool(studio.session.current.votes) and not studio.session.current.rescoring)
    now = studio.session.current
    assert now.analysis.scoring == before.analysis.scoring
    assert now.analysis.parse.transitions == before.analysis.parse.transitions
    np.testing.assert_array_equal(now.analysis.parse.mask_probability[40], before.analysis.parse.mask_probability[40])
    assert programs.asked == []


def test_another_range_or_model_is_another_result_and_undo_brings_back_the_first(programs, clip):
    studio = programs.analysed(clip)
    session, key = studio.session, studio.session.current.key
    first = session.current.parse_id
    session.editing.set_range(key, 4, None)
    programs.wait(lambda: session.current.score_state is ScoreState.SCORED)
    assert session.current.analysis.parse.clip.in_frame == 4
    session.editing.remove([key])
    studio.preferences.change(precision="fp32")
    session.edits.active.undo()  # the row is back, and its analysis is of other settings than the present ones
    programs.wait(lambda: session.dive(key).score_state is ScoreState.SCORED)
    assert session.dive(key).parse_id not in (first, None)
    studio.preferences.change(precision="auto")
    programs.wait(lambda: session.model is not None)
    n_asked = len(programs.asked)
    session.edits.active.undo()
    programs.wait(lambda: session.dive(key).parse_id == first and session.dive(key).score_state is ScoreState.SCORED)
    assert len(programs.asked) == n_asked


def test_a_search_is_not_repeated_and_an_analysis_is_where_it_is_asked_for_by_hand(programs, clip):
    studio = programs.start()
    session = studio.session
    session.open([clip])
    programs.wait(lambda: session.current.state is DiveState.READY)
    for _ in range(2):
        session.trimming.find(session.current.key)
        programs.wait(lambda: session.current.search_state is SearchState.FOUND)
    assert programs.asked.count("TrimRequest") == 1
    studio.window.actions_by_id["analyse"].trigger()
    programs.wait(lambda: programs.asked.count("ParseRequest") == 2)
    programs.wait(lambda: session.current.state is DiveState.READY)


def test_two_windows_share_what_each_finds_also_in_a_copy_of_the_video(programs, clip, tmp_path):
    first = programs.analysed(clip)
    copy = Path(shutil.copy(clip, tmp_path / "Zoë.mp4"))
    second = programs.start()
    second.session.open([copy], dive_number="207C", board_m=10.0)
    programs.wait(lambda: second.session.current.score_state is ScoreState.SCORED)
    assert programs.asked == []
    assert second.session.current.parse_id == first.session.current.parse_id
    assert second.session.current.analysis.parse.clip.path == copy


def test_a_damaged_result_is_removed_and_found_anew(programs, clip, caplog):
    studio = programs.analysed(clip)
    path = programs.cache.path(studio.session.current.parse_id)
    programs.stop()
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    studio = programs.start()
    studio.session.open([clip], dive_number="207C", board_m=10.0)
    programs.wait(lambda: studio.session.current.score_state is ScoreState.SCORED)
    assert "a kept result is removed" in caplog.text
    assert programs.asked.count("ParseRequest") == 1


@pytest.mark.parametrize("of", ["analysis", "score"])
def test_a_result_of_an_older_format_is_found_anew(programs, clip, of):
    studio = programs.analysed(clip)
    parse_id = studio.session.current.parse_id
    programs.stop()
    for path in programs.cache.path("any").parent.glob("*.kept"):
        fields, arrays = programs.cache.get(path.stem)
        if "analysis" in fields and (path.stem == parse_id) is (of == "analysis"):
            fields["analysis"]["format"] = "fineparser.analysis/4"
            programs.cache.put(path.stem, fields, arrays)
    studio = programs.start()
    studio.session.open([clip], dive_number="207C", board_m=10.0)
    programs.wait(lambda: studio.session.current.score_state is ScoreState.SCORED)
    assert programs.asked == [{"analysis": "ParseRequest", "score": "ScoreRequest"}[of]]


def test_what_weights_that_are_gone_find_is_not_kept(tmp_path):
    kept = KeptResults(AnalysisCache(tmp_path), lambda: WorkerSettings(weights=str(tmp_path / "gone")))
    request = kept.named(ParseRequest(path="clip.mp4", in_frame=None, out_frame=None), "content")
    assert (request.kept_as, request.content) == ("", "content")
    assert not kept.has(request)


def test_a_kept_score_is_not_told_once_other_exemplars_vote(programs, clip):
    studio = programs.analysed(clip, moved_to=35)
    session = studio.session
    (exemplar,) = [one for one in session.library.exemplars if one.id == "mine-1"]
    facts = exemplar.facts
    session.library._change("mine-1", "edit", replace(facts, score=80.0), facts)
    programs.wait(lambda: [vote.score for vote in session.current.votes] == [80.0] and not session.current.rescoring)
    assert session.current.model_analysis.scoring.exemplars[0].score == 80.0
    assert sorted(programs.asked) == ["ParseRequest", *["ScoreRequest"] * 4]


def test_what_is_removed_meanwhile_is_analysed_again(programs, clip, monkeypatch, tmp_path):
    script(monkeypatch, str(_HERE / "scripted_worker.py"), "forgetful", str(tmp_path / "starts"))
    programs.analysed(clip)
    programs.stop()
    studio = programs.start()  # which has nothing in memory
    session = studio.session
    session.open([clip])
    programs.wait(lambda: session.current.state is DiveState.READY)
    programs.cache.remove(session.current.parse_id)
    session.editing.set_details(session.current.key, "207B", 10.0)
    programs.wait(lambda: session.current.score_state is ScoreState.SCORED)
    assert "ParseRequest" in programs.asked


def test_what_was_not_used_for_the_longest_makes_room(tmp_path):
    cache = AnalysisCache(tmp_path / "cache", most_bytes=30_000)
    noise = np.random.default_rng(0).integers(0, 256, 8000).astype(np.uint8)
    for number in range(3):
        cache.put(f"n{number}", {"number": number}, {"noise": noise})
        os.utime(cache.path(f"n{number}"), (1000 + number, 1000 + number))
    assert cache.get("n0")[0] == {"number": 0}  # used now
    cache.put("n3", {"number": 3}, {"noise": noise})
    assert [cache.has(f"n{number}") for number in range(4)] == [True, False, True, True]
