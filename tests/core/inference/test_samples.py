from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import torch
from made_analysis import made_identity
from stand_in import HiddenTakeOff, StandIn, nothing

from fineparser_core.errors import Cancelled, VideoError
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.inference import samples
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.samples import read_samples
from fineparser_core.motion.pictures import kept_size
from fineparser_core.progress import CancelToken
from fineparser_core.records import NoteCode
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

N_FRAMES = 16


def write_fall(path, size_px, center, *, rotation_deg=0, tall=0.16, fps=25, n_frames=N_FRAMES, textured=False):
    """A red box `tall` of the picture's height, at shares (x, y) of the picture over time."""
    width, height = size_px
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for i in range(n_frames):
            frame = np.full((height, width, 3), 90, np.uint8)
            if textured:
                frame[:] = cv2.resize(np.random.default_rng(0).integers(60, 120, (40, 70), np.uint8), size_px)[
                    ..., None
                ]
            x, y = center(i / (n_frames - 1))
            half = tall * height / 2
            rows = slice(max(0, round(y * height - half)), max(0, round(y * height + half)))
            columns = slice(max(0, round(x * width - half / 3)), max(0, round(x * width + half / 3)))
            frame[rows, columns] = (230, 20, 20)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def falling(share):
    return 0.5, 0.15 + 0.7 * share


def boxes_of(path, frames):
    """Where the red box truly is in frames as they are shown, x0, y0, x1, y1 in source pixels."""
    found = {}
    with VideoReader(path) as reader:
        for index, frame in reader.frames(np.unique(frames).tolist()):
            rows, columns = np.nonzero(frame[..., 0].astype(int) - frame[..., 1] > 100)
            found[index] = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return found


def analyzer_of(network, tmp_path, decoding="joint"):
    identity = made_identity(preprocessing="follow", decoding=decoding)
    return Analyzer(network, identity, ExemplarStore.create(tmp_path / "library.sqlite"))


def parse_of(path, tmp_path, network=None):
    analyzer = analyzer_of(network or StandIn(), tmp_path)
    parse, encoding = analyzer.parse(make_clip(path))
    analyzer.library.close()
    assert encoding.gated.shape == (9, 1024)
    assert parse.crop_xyxy.shape == (96, 4)
    assert parse.mask_probability.shape == (96, 112, 112)
    return parse


def check_crops(parse, path, size_px):
    """Every crop is a square of source pixels around the box, and the mask in it is the box."""
    x0, y0, x1, y1 = parse.crop_xyxy.T.astype(float)
    width, height = x1 - x0, y1 - y0
    np.testing.assert_allclose(width, height, rtol=0.02, atol=2)
    true = boxes_of(path, parse.sampled_frames)
    boxes = np.array([true[frame] for frame in parse.sampled_frames.tolist()], float)
    centers = np.stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)], axis=1)
    offsets = (np.stack([(x0 + x1) / 2, (y0 + y1) / 2], axis=1) - centers) / width[:, None]
    assert np.abs(offsets).max() < 0.25
    assert np.abs(np.median(offsets, axis=0)).max() < 0.05
    for k in range(0, 96, 7):
        rows, columns = np.nonzero(parse.mask_probability[k] > 0.5)
        found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / 112 * width[k]
        # Over the edge the last pixels of the frame go on, and so does the athlete.
        found = np.clip(found + np.array([x0[k], y0[k]] * 2), 0, np.array(size_px * 2))
        assert found == pytest.approx(boxes[k], abs=float(width[k]) * 0.04)


@pytest.mark.parametrize("size_px", [(1920, 1080), (320, 180)])
def test_crops_are_in_source_pixels(tmp_path, size_px):
    path = write_fall(tmp_path / "fall.mp4", size_px, falling)
    parse = parse_of(path, tmp_path)
    check_crops(parse, path, size_px)
    side = parse.crop_xyxy[:, 3] - parse.crop_xyxy[:, 1]
    assert np.median(side) == pytest.approx(1.6 * 0.16 * size_px[1], rel=0.15)


def test_a_portrait_film_is_looked_at_upright(tmp_path):
    # Stored lying down: what falls along the rows of the upright picture moves along the columns of the stored one.
    path = write_fall(
        tmp_path / "portrait.mp4", (480, 270), lambda share: (0.2 + 0.6 * share, 0.4), rotation_deg=90, tall=0.2
    )
    info = probe(path)
    assert (info.width_px, info.height_px, info.rotation_deg % 180) == (270, 480, 90)
    parse = parse_of(path, tmp_path)
    check_crops(parse, path, (270, 480))
    middle_y = parse.crop_xyxy[:, [1, 3]].mean(axis=1)
    assert np.ptp(middle_y) > 0.5 * 480


def test_a_square_reaches_over_the_edge_of_the_frame(tmp_path):
    path = write_fall(tmp_path / "edge.mp4", (320, 180), lambda share: (0.03, 0.1 + 0.85 * share))
    parse = parse_of(path, tmp_path)
    check_crops(parse, path, (320, 180))
    x0, y0, _, y1 = parse.crop_xyxy.T
    assert x0.max() < 0
    assert y0.min() < 0
    assert y1.max() > 180


def test_nobody_visible_gives_the_middle_and_is_said(tmp_path):
    path = write_fall(tmp_path / "empty.mp4", (320, 180), falling)
    parse = parse_of(path, tmp_path, StandIn(nothing))
    assert (parse.crop_xyxy == np.array([70, 0, 250, 180], np.float32)).all()
    assert "No diver is seen" in parse.refusal


@pytest.fixture(scope="module")
def fall(tmp_path_factory):
    return write_fall(tmp_path_factory.mktemp("fall") / "fall.mp4", (320, 180), falling)


def test_who_falls_freely_is_followed_without_a_coarse_pass(tmp_path):
    """A second and a half in real time: up for 0.3 s, then down; the body measures 1.15 m."""
    tall, height = 0.16, 360
    meter = tall * height / 1.15 / height

    def diving(share):
        t = share * 1.5 - 0.3
        return 0.4 + 0.1 * t, 0.2 + meter * 9.81 * min(t, 0.9) ** 2 / 2

    path = write_fall(tmp_path / "dive.mp4", (640, height), diving, tall=tall, fps=30, n_frames=46, textured=True)
    network = StandIn()
    samples = read_samples(make_clip(path), "follow", ClipEncoder(network, torch.device("cpu")))
    assert samples.coarse is None
    assert network.windows == 0
    fall = samples.diver.fall
    assert fall.top_s == pytest.approx(0.3, abs=0.1)
    assert fall.end_s == pytest.approx(1.2, abs=0.1)
    assert fall.slowed == 1.0
    corners = np.tile(np.array([[0.0, 0.0]]), (96, 1)), np.tile(np.array([[640.0, 360.0]]), (96, 1))
    for place in corners:
        assert np.abs(samples.diver.motion.in_scene(place) - place).max() < 3
    true = boxes_of(path, samples.sampled)
    for k in range(5, 39, 4):  # up to the water, in which a diver goes on and the box does not
        x0, y0, x1, y1 = true[int(samples.sampled[k])]
        left, top, right, bottom = samples.crops[k]
        assert left < x0
        assert right > x1
        assert top < y0
        assert bottom > y1


@pytest.mark.parametrize(("stage", "done", "windows"), [("read", 5, 0), ("coarse", 3, 3), ("parse", 6, 9 + 6)])
def test_a_cancel_is_heard_between_batches_of_windows(fall, tmp_path, stage, done, windows):
    token, network = CancelToken(), StandIn()
    analyzer = analyzer_of(network, tmp_path)

    def stop(event):
        if (event.stage, event.done) == (stage, done):
            token.cancel()

    with pytest.raises(Cancelled):
        analyzer.parse(make_clip(fall), progress=stop, cancel=token)
    analyzer.library.close()
    assert network.windows == windows


def test_whole_frames_need_no_coarse_pass(fall):
    network = StandIn()
    encoder = ClipEncoder(network, torch.device("cpu"))
    samples = read_samples(make_clip(fall), "whole", encoder)
    assert samples.coarse is None
    assert network.windows == 0
    assert (samples.crops == np.array([0, 0, 320, 180], np.float32)).all()
    followed = read_samples(make_clip(fall), "follow", encoder)
    wholes, masks = followed.coarse
    # A short clip is stretched to 96 samples here, and sampled in real time there.
    np.testing.assert_array_equal(wholes, samples.frames[np.searchsorted(samples.sampled, followed.sampled)])
    assert samples.valid.all()
    assert (followed.valid.sum(), followed.seconds) == (N_FRAMES, pytest.approx(95 / 25))
    assert masks.shape == (96, 112, 112)
    assert followed.frames.shape == (96, 112, 112, 3)


def test_where_joints_are_seen_the_square_is_around_them(fall, monkeypatch):
    encoder = ClipEncoder(StandIn(), torch.device("cpu"))
    by_masks = read_samples(make_clip(fall), "follow", encoder)
    joints = np.full((96, 15, 3), 0.9, np.float32)
    joints[..., 0], joints[..., 1] = 56 + 8, np.linspace(56 - 14, 56 + 14, 15)
    monkeypatch.setattr(encoder, "keypoints", lambda frames, every, **_: joints[::every])
    by_joints = read_samples(make_clip(fall), "follow", encoder)
    side = by_masks.crops[:, 2] - by_masks.crops[:, 0]
    moved = (by_joints.crops - by_masks.crops)[:, [0, 2]].mean(axis=1)
    np.testing.assert_allclose(moved[10:-10], 8 / 112 * side[10:-10], atol=2)
    np.testing.assert_allclose(by_joints.crops[:, 3] - by_joints.crops[:, 1], 1.6 * 1.12 * 28 / 112 * side, rtol=0.05)
    monkeypatch.setattr(encoder, "keypoints", lambda frames, every, **_: (joints * np.array([1, 1, 0.1]))[::every])
    unsure = read_samples(make_clip(fall), "follow", encoder)
    np.testing.assert_array_equal(unsure.crops, by_masks.crops)


def test_steps_are_read_with_how_long_the_clip_lasts(tmp_path):
    path = write_fall(tmp_path / "long.mp4", (320, 240), falling, fps=30, n_frames=96)
    analyzer = analyzer_of(HiddenTakeOff(), tmp_path, "flight")
    parse, encoding = analyzer.parse(make_clip(path))
    analyzer.library.close()
    assert encoding.transition_samples == (19, 62)  # 1.4 of its 3.2 s
    frames = read_samples(make_clip(path), "follow", analyzer.encoder).frames
    assert analyzer.encoder.encode(frames)[0].transition_samples == (59, 62)
    assert parse.transitions.first_flight_frame == 19


def test_what_a_file_lacks_is_noted(tmp_path, make_video):
    path = make_video(tmp_path / "whole.mkv", 100, encoder={"g": "12", "bf": "0"})
    encoder = ClipEncoder(StandIn(), torch.device("cpu"))
    assert read_samples(make_clip(path), "whole", encoder).notes == ()
    data = path.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) * 3 // 4])
    last = probe(cut).n_frames - 1
    notes = read_samples(make_clip(cut, 0, last), "whole", encoder).notes
    assert notes[0].code == NoteCode.FILE_CUT_OFF
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    for n_damaged in (1, 40):
        damaged = bytearray(data)
        for at, size in packets[-n_damaged:]:
            damaged[at + 8 : at + size + 4] = bytes(size - 4)
        (tmp_path / "damaged.mkv").write_bytes(damaged)
        clip = make_clip(tmp_path / "damaged.mkv")
        if n_damaged == 1:
            (note,) = read_samples(clip, "whole", encoder).notes
            assert (note.code, note.values[0]) == (NoteCode.FRAMES_DAMAGED, 1)
        else:
            with pytest.raises(VideoError, match="cannot be decoded"):
                read_samples(clip, "whole", encoder)


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (404, 720)),
        ((640, 480), (640, 480)),
        ((2160, 720), (2160, 720)),
        ((20_000, 900), (5866, 264)),
        ((1, 2000), (2, 720)),
        ((853, 480), (852, 480)),
    ],
)
def test_kept_frames_are_small(size, kept):
    assert kept_size(*size) == kept


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 2000)])
@pytest.mark.parametrize("preprocessing", ["whole", "follow", "release"])
def test_frames_of_a_line_are_read(size, preprocessing, tmp_path, make_video):
    options = {"codec": "rawvideo", "pix_fmt": "gray", "time_base": Fraction(1, 30)}
    path = make_video(tmp_path / "line.avi", 16, size_px=size, **options)
    read = samples.read_samples(make_clip(path), preprocessing, ClipEncoder(StandIn(), torch.device("cpu")))
    assert read.frames.shape == (96, 112, 112, 3)
