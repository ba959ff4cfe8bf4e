"""Dives found in longer recordings: the real one between distractors, several rendered ones, and none."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.data.judged_dives import read_dives
from fineparser_core.errors import NoDiveError
from fineparser_core.evaluation.real_clips import judge_trim
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.recording import find_dives
from fineparser_core.records import DiveSegment
from fineparser_core.synth.render import DiveSpec, render_dive
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

FPS = 30.0
SIZE_PX = (320, 240)
Frames = list[np.ndarray]


def to_size(frames: Sequence[np.ndarray] | np.ndarray) -> Frames:
    return [cv2.resize(frame, SIZE_PX, interpolation=cv2.INTER_AREA) for frame in frames]


def write(path: Path, frames: Frames) -> Path:
    with VideoWriter(path, width_px=SIZE_PX[0], height_px=SIZE_PX[1], fps=FPS) as writer:
        for number, frame in enumerate(frames):
            writer.write(frame, number / FPS)
    return path


def walk_up(number: str, board_m: float, seed: int, n_frames: int) -> Frames:
    """The approach of a rendered dive, without its take-off."""
    spec = DiveSpec(
        dive_number=number,
        board_m=board_m,
        n_frames=n_frames + 80,
        first_flight_frame=n_frames + 30,
        first_entry_frame=n_frames + 55,
    )
    return to_size(render_dive(spec, seed).frames[:n_frames])


def empty_pool(n_frames: int) -> Frames:
    """The water long after a dive."""
    spec = DiveSpec(
        dive_number="5253B", board_m=10, n_frames=n_frames + 110, first_flight_frame=20, first_entry_frame=50
    )
    dive = render_dive(spec, 8)
    after = dive.frames[dive.contact_frame + 45 :]
    return to_size(after[:n_frames])


def found(path: Path) -> list[DiveSegment]:
    return find_dives(path).segments


def contains(segment: DiveSegment, first: int, last: int) -> bool:
    return segment.in_frame <= first and last <= segment.out_frame


def on_canvas(frame: np.ndarray) -> np.ndarray:
    """A frame of any shape in the middle of a black one of 640 x 360."""
    scale = min(640 / frame.shape[1], 360 / frame.shape[0])
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (360 - small.shape[0]) // 2, (640 - small.shape[1]) // 2
    canvas = np.zeros((360, 640, 3), np.uint8)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_dive_of_joined_recordings_is_found_and_nothing_else(
    shared_dir: Path, tmp_path: Path, record_property
) -> None:
    """Real clips with four seconds of waiting before each: hard cuts, walking, climbing out, score cards."""
    labels = [one for one in read_dives(shared_dir / "real/clips") if one.first_water_contact_frame is not None]
    video, at, wanted = tmp_path / "joined.mp4", 0, []
    with VideoWriter(video, width_px=640, height_px=360, fps=FPS) as writer:
        for one in labels:
            with VideoReader(one.video) as reader:
                frames = [on_canvas(frame) for _, frame in reader.frames(range(reader.info.n_frames))]
            wait = round(4 * FPS)
            wanted.append((at + wait + one.first_flight_frame, at + wait + one.first_water_contact_frame))
            for frame in [*[frames[0]] * wait, *frames]:
                writer.write(frame, at / FPS)
                at += 1
    segments = found(video)
    caught = [sum(contains(segment, *one) for segment in segments) for one in wanted]
    record_property("caught", caught)
    assert max(caught) == 1
    assert sum(caught) >= 0.9 * len(wanted), (wanted, segments)
    assert len(segments) <= len(wanted) + 1, segments


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_empty_pool_and_the_water_after_a_dive_give_none(shared_dir: Path, tmp_path: Path) -> None:
    """What falls there after all, the splash of a slow replay, is nobody's body: it is refused when it is analysed."""
    from fineparser_core.inference.analyzer import Analyzer

    analyzer = Analyzer.open()
    clips = shared_dir / "real/clips"
    with VideoReader(clips / "empty_pool.mkv") as reader:
        frames = [on_canvas(frame) for _, frame in reader.frames(range(reader.info.n_frames))]
    recordings = {"empty pool": (frames + frames[::-1]) * 13}
    for one in read_dives(clips):
        if one.first_water_contact_frame is not None:
            with VideoReader(one.video) as reader:
                after = range(one.first_water_contact_frame + 6, reader.info.n_frames)
                recordings[one.video.name] = [on_canvas(frame) for _, frame in reader.frames(after)]
    wrong = {}
    for name, frames in recordings.items():
        if len(frames) < MIN_FRAMES:
            continue
        video = tmp_path / "after.mp4"
        with VideoWriter(video, width_px=640, height_px=360, fps=FPS) as writer:
            for number, frame in enumerate(frames):
                writer.write(frame, number / FPS)
        try:
            clip = find_clip(video)
        except NoDiveError:
            continue
        assert name != "empty pool" or not found(video)
        if analyzer.parse(clip.clip, clip.recording)[0].refusal is None:
            wrong[name] = clip.clip
    assert not wrong


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_real_dive_is_cut_out_of_its_file_whole(shared_dir: Path) -> None:
    wrong = {}
    for one in read_dives(shared_dir / "real/clips"):
        if one.first_water_contact_frame is not None:
            clip = find_clip(one.video)
            trim = judge_trim([(clip.clip.in_frame, clip.clip.out_frame)], one, clip.clip.fps)
            if not trim["contained"] or trim["surplus"] or clip.others:
                wrong[one.video.name] = clip
    assert not wrong
