"""The clip of a dive is cut out of a longer file; of two dives the other one is named; a walk is taken whole."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from bodies_kit import FPS, diving, walking, write_bodies

from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.inference.trim import DiveSearch
from fineparser_core.motion import cutting
from fineparser_core.motion.cutting import AFTER_S, BEFORE_S, find_clip
from fineparser_core.motion.scan import scan
from fineparser_core.types import AthletePoint

N_FRAMES = 9 * FPS
FIRST_S, SECOND_S = 1.7, 7.0


def test_the_clearest_dive_is_cut_out_and_the_other_one_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [diving(300, FIRST_S, top=50.0), diving(120, SECOND_S, top=90.0)]
    path = write_bodies(tmp_path / "dives.mp4", bodies, N_FRAMES)
    moving = scan(path)
    monkeypatch.setattr(cutting, "scan", lambda *_, **__: moving)
    found = find_clip(path)
    assert found is not None
    ((first, last),) = found.others
    ranges = sorted([(found.clip.in_frame, found.clip.out_frame), (first, last)])
    for (start, end), leaves_s in zip(ranges, (FIRST_S, SECOND_S), strict=True):
        assert start / FPS == pytest.approx(leaves_s - BEFORE_S, abs=0.3)
        assert end / FPS == pytest.approx(min(leaves_s + 1.2 + AFTER_S, 9.0), abs=0.3)
    assert found.clip.n_cut == (found.clip.in_frame, N_FRAMES - 1 - found.clip.out_frame)
    frame = round(SECOND_S * FPS) + 5
    x, y = bodies[1](frame)
    named = find_clip(path, AthletePoint(frame=frame, x=x, y=y))
    assert named is not None
    assert (named.clip.in_frame, named.clip.out_frame) == ranges[1]
    with pytest.raises(ConfigError, match="outside the clip"):
        find_clip(path, AthletePoint(frame=N_FRAMES, x=x, y=y))


def test_a_walk_is_taken_whole_unless_it_is_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_bodies(tmp_path / "walk.mp4", [walking], 3 * FPS)
    moving = scan(path)
    monkeypatch.setattr(cutting, "scan", lambda *_, **__: moving)
    for short_s, long_s in ((3.0, 15.0), (2.0, 15.0), (1.0, 2.0)):
        monkeypatch.setattr(cutting, "SHORT_S", short_s)
        monkeypatch.setattr(cutting, "LONG_S", long_s)
        found = find_clip(path)
        assert (found is None) == (long_s == 2.0)
        if found is not None:
            assert (found.clip.in_frame, found.clip.out_frame) == (0, 3 * FPS - 1)
            assert found.clip.n_cut == (0, 0)


class Network:
    """Sees no dive anywhere; the second clip that it is shown is cancelled the first time."""

    def __init__(self) -> None:
        self.shown: list[int] = []

    def parse(self, clip, **_: object) -> tuple[SimpleNamespace, None]:
        self.shown.append(clip.in_frame)
        if len(self.shown) == 2:
            raise Cancelled
        return SimpleNamespace(refusal="Nobody dives."), None


def test_a_search_that_was_cancelled_looks_at_nothing_twice(tmp_path: Path) -> None:
    path = write_bodies(tmp_path / "two.mp4", [diving(300, FIRST_S), diving(120, SECOND_S)], N_FRAMES)
    network, stages = Network(), []
    search = DiveSearch(network, path)
    with pytest.raises(Cancelled):
        search.run()
    assert search.run(progress=stages.append) == []
    first, second, again = network.shown
    assert first < second == again
    assert [(one.stage, one.done) for one in stages] == [("confirm", 2)]


def test_of_a_short_clip_the_shot_is_taken_that_holds_the_dive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n_before, dive = FPS // 2, diving(300, 1.0)
    path = write_bodies(tmp_path / "shots.mp4", [dive], 3 * FPS, close_up=n_before)
    found = find_clip(path)
    assert found is not None
    assert n_before <= found.clip.in_frame <= n_before + 1  # which was looked at twenty times a second
    assert found.clip.out_frame == 3 * FPS - 1
    monkeypatch.delattr(cutting, "scan")  # without a cut its motion is not looked for
    whole = find_clip(write_bodies(tmp_path / "shot.mp4", [dive], 3 * FPS))
    assert whole is not None
    assert whole.clip.n_cut == (0, 0)
