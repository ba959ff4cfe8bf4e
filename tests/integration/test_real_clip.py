"""Real clips with labels: transitions and masks of one, and the dives that are found in all of them."""

import cv2
import numpy as np
import pytest

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.data.judged_dives import read_dives, read_masks
from fineparser_core.errors import NoDiveError
from fineparser_core.evaluation.real_clips import judge_trim, measure_clip
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.recording import find_dives
from fineparser_core.resources import bundled_weights
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

#: What is asked of weights, and what the bundled ones reach.
MAX_FLIGHT_ERROR_FRAMES = 3
MAX_ENTRY_ERROR_FRAMES = 3
MIN_MEDIAN_MASK_IOU = 0.70


@pytest.fixture(scope="module")
def labels(shared_dir):
    return next(clip for clip in read_dives(shared_dir / "real/clips") if clip.video.name == "platform_10m_054.avi")


@pytest.fixture(scope="module")
def parse(labels):
    if not (bundled_weights() / "config.json").is_file():
        pytest.skip("no weights are bundled yet")
    clip = make_clip(labels.video, labels.start_frame, labels.end_frame)
    return Analyzer.open().parse(clip)[0]


def test_transitions(parse, labels):
    found = measure_clip(parse, labels)
    assert abs(found.flight_error) <= MAX_FLIGHT_ERROR_FRAMES
    assert abs(found.entry_error) <= MAX_ENTRY_ERROR_FRAMES


def test_masks(parse, labels):
    found = measure_clip(parse, labels, truths=read_masks(labels.masks))
    assert len(found.mask_ious) == 10
    assert found.median_iou >= MIN_MEDIAN_MASK_IOU, found.mask_ious
    area, frames = (parse.mask_probability >= 0.5).sum(axis=(1, 2)), parse.sampled_frames
    contact = labels.first_water_contact_frame
    assert (area[(frames >= labels.first_flight_frame) & (frames < contact)] > 0).all()
    assert area[frames > contact + 8].max() <= 5  # by then the athlete is under water


FPS = 30.0


def write(path, frames):
    with VideoWriter(path, width_px=640, height_px=360, fps=FPS) as writer:
        for number, frame in enumerate(frames):
            writer.write(frame, number / FPS)
    return path


def found(path):
    return find_dives(path).segments


def contains(segment, first, last):
    return segment.in_frame <= first and last <= segment.out_frame


def frames_of(path, first=0):
    """Frames of a video, on a canvas."""
    with VideoReader(path) as reader:
        return [on_canvas(frame) for _, frame in reader.frames(range(first, reader.info.n_frames))]


def on_canvas(frame):
    """A frame of any shape in the middle of a black one of 640 x 360."""
    scale = min(640 / frame.shape[1], 360 / frame.shape[0])
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (360 - small.shape[0]) // 2, (640 - small.shape[1]) // 2
    canvas = np.zeros((360, 640, 3), np.uint8)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_dive_of_joined_recordings_is_found_and_nothing_else(shared_dir, tmp_path, record_property):
    """Real clips with four seconds of waiting before each: hard cuts, walking, climbing out, score cards."""
    labels = [one for one in read_dives(shared_dir / "real/clips") if one.first_water_contact_frame is not None]
    joined, wanted = [], []
    for one in labels:
        frames = frames_of(one.video)
        joined += [frames[0]] * round(4 * FPS)
        wanted.append((len(joined) + one.first_flight_frame, len(joined) + one.first_water_contact_frame))
        joined += frames
    segments = found(write(tmp_path / "joined.mp4", joined))
    caught = [sum(contains(segment, *one) for segment in segments) for one in wanted]
    record_property("caught", caught)
    assert max(caught) == 1
    assert sum(caught) >= 0.9 * len(wanted), (wanted, segments)
    assert len(segments) <= len(wanted) + 1, segments


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_empty_pool_and_the_water_after_a_dive_give_none(shared_dir, tmp_path):
    """What falls there after all, the splash of a slow replay, is nobody's body: it is refused when it is analysed."""
    analyzer = Analyzer.open()
    clips = shared_dir / "real/clips"
    frames = frames_of(clips / "empty_pool.mkv")
    recordings = {"empty pool": (frames + frames[::-1]) * 13}
    for one in read_dives(clips):
        if one.first_water_contact_frame is not None:
            recordings[one.video.name] = frames_of(one.video, one.first_water_contact_frame + 6)
    wrong = {}
    for name, frames in recordings.items():
        if len(frames) < MIN_FRAMES:
            continue
        video = write(tmp_path / "after.mp4", frames)
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
def test_every_real_dive_is_cut_out_of_its_file_whole(shared_dir):
    wrong = {}
    for one in read_dives(shared_dir / "real/clips"):
        if one.first_water_contact_frame is not None:
            clip = find_clip(one.video)
            trim = judge_trim(
                [(clip.clip.in_frame, clip.clip.out_frame)], one, clip.clip.fps, probe(one.video).n_frames - 1
            )
            if not trim["contained"] or trim["surplus"] or clip.others:
                wrong[one.video.name] = clip
    assert not wrong
