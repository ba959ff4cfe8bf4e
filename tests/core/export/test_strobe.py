"""Stroboscopic pictures of drawn dives whose truth is known: a still camera, one that pans, and what cannot be."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from measured_dive import BOARD, FPS, PX_PER_M, centre_m, measured_parse

from fineparser_core.errors import Cancelled, ConfigError, ExportError
from fineparser_core.export.options import StrobeOptions
from fineparser_core.export.strobe import Strobe, choose_bodies, strobe_picture, write_strobe_clip, write_strobe_picture
from fineparser_core.measures.context import measured_dive
from fineparser_core.progress import CancelToken
from fineparser_core.types import Analysis
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

SIZE, RADIUS, RED = (400, 320), 18, (230, 20, 30)
PLAIN = StrobeOptions(outline=False, path=False, heights=False, rotation=False, title="")
FIRST, LAST = 24, 75


@cache
def scene(height: int) -> np.ndarray:
    """Blurred noise with edges to register by, (height, 400, 3)."""
    noise = np.random.default_rng(3).integers(40, 200, (height // 8, SIZE[0] // 8, 1), np.uint8)
    grey = cv2.resize(noise, (SIZE[0], height), interpolation=cv2.INTER_CUBIC)
    return cv2.merge([grey // 2, grey, grey])


def centres() -> np.ndarray:
    """(96, 2) where the diver's middle is in the scene."""
    return np.asarray(BOARD + PX_PER_M * (centre_m(np.arange(96) / FPS, 3.0) - np.array([0.0, 1.0])))


def tilt(at: int, panned: bool) -> int:
    """Row of the scene at which the picture of a frame begins."""
    return int(np.clip(centres()[at, 1] - 150, 0, 260)) if panned else 0


def made_dive(path: Path, *, panned: bool = False, cut: int | None = None) -> Analysis:
    """A red disc that flies before a scene, and its parse."""
    parse = measured_parse(speed=3.0, flight_s=1.2)
    masks, crops = np.zeros((96, 112, 112), np.float16), np.zeros((96, 4), np.float32)
    y, x = np.mgrid[:112, :112] + 0.5
    disc = (np.hypot(x - 56, y - 56) <= RADIUS).astype(np.float16)  # a cell is a pixel
    to_scene = np.tile(np.eye(3), (96, 1, 1))
    height = SIZE[1] if panned else 420  # a still camera sees the whole dive
    with VideoWriter(path, width_px=SIZE[0], height_px=height, fps=FPS) as writer:
        for at, (cx, cy) in enumerate(centres()):
            top = tilt(at, panned)
            image = scene(700)[top : top + height].copy()
            if cut is not None and at >= cut:
                image = 255 - image[::-1]
            cv2.circle(image, (round(cx), round(cy) - top), RADIUS, RED, -1, cv2.LINE_AA)
            if panned:  # what a broadcast lays over the picture
                image[10:34, 300:390] = 250
                cv2.rectangle(image, (306, 14), (340, 30), (10, 10, 10), -1)
            writer.write(image, at / FPS)
            masks[at], crops[at] = disc, [cx - 56, cy - top - 56, cx + 56, cy - top + 56]
            to_scene[at, 1, 2] = top
    assert parse.motion is not None
    joints = parse.joints
    parse = replace(
        parse,
        clip=replace(parse.clip, path=path),
        sampled_times_s=probe(path).pts_s,
        mask_probability=masks,
        crop_xyxy=crops,
        joints=None,
        motion=replace(parse.motion, to_scene=to_scene),
    )
    assert joints is not None
    return Analysis(parse=parse, scoring=None)


def places_of_red(image: np.ndarray) -> np.ndarray:
    """(n, 2) middles of the red discs of a picture, from the highest to the lowest."""
    red = (image[..., 0].astype(int) - image[..., 1] > 90).astype(np.uint8)
    n, _, boxes, middles = cv2.connectedComponentsWithStats(red)
    large = [at for at in range(1, n) if boxes[at, cv2.CC_STAT_AREA] > 100]
    return middles[large]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return made_dive(tmp_path_factory.mktemp("still") / "dive.mp4")


@pytest.mark.parametrize("panned", [False, True], ids=["still", "panned"])
def test_bodies_lie_where_they_were_and_nothing_else_changed(still: Analysis, tmp_path: Path, *, panned: bool) -> None:
    analysis = made_dive(tmp_path / "dive.mp4", panned=True) if panned else still
    with VideoReader(analysis.parse.clip.path) as reader:
        strobe = Strobe(analysis, replace(PLAIN, bodies=5), reader)
        image = strobe.picture()[: strobe.canvas_px[1]]
    assert strobe.still is not panned
    assert strobe.off_px < 0.5
    assert strobe.frames == [30, 39, 48, 57, 66]
    true = centres()[strobe.frames]
    placed = np.array(
        [strobe.on_canvas(at, (x, y - tilt(at, panned))) for at, (x, y) in zip(strobe.frames, true, strict=True)]
    )
    scale = (placed[-1] - placed[0])[1] / (true[-1] - true[0])[1]
    # The first two overlap, and so do their middles.
    seen = places_of_red(image)
    for place in placed[2:]:
        assert np.hypot(*(seen - place).T).min() < 2 * scale
    # Without the discs it is the scene: no ghosts of the other forty frames, no caption.
    offset = placed[0] - scale * true[0]
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    background = cv2.warpAffine(scene(700), matrix, strobe.canvas_px)
    inside = cv2.warpAffine(np.full((700, SIZE[0]), 255, np.uint8), matrix, strobe.canvas_px) == 255
    for x, y in placed:
        cv2.circle(inside_ := inside.astype(np.uint8), (round(x), round(y)), round(1.35 * RADIUS * scale), 0, -1)
        inside = inside_ == 1
    difference = np.abs(image.astype(int) - background).max(axis=2)[inside]
    assert np.percentile(difference, 99) < 40
    assert np.median(difference) < 10


def test_a_body_every_so_many_seconds_or_as_many_as_are_told_apart(still: Analysis) -> None:
    dive = measured_dive(still.parse)
    assert dive is not None
    every, usual = (choose_bodies(dive, options) for options in (StrobeOptions(every_s=0.2), StrobeOptions()))
    assert np.diff(every).tolist() == [6] * (len(every) - 1)
    assert len(set(np.diff(usual))) == 1
    assert 3 <= len(usual) <= 14
    assert every[0] == usual[0] == 30


def test_the_clip_builds_up_to_the_picture(still: Analysis, tmp_path: Path) -> None:
    write_strobe_clip(still, tmp_path / "strobe.mp4", replace(PLAIN, bodies=4))
    with VideoReader(tmp_path / "strobe.mp4") as reader:
        first, last = (reader.frame(at) for at in (0, reader.info.n_frames - 1))
    assert len(places_of_red(first)) == 1  # the diver before the take-off
    assert len(places_of_red(last)) >= 3


@pytest.mark.slow
def test_the_same_dive_gives_the_same_picture(still: Analysis) -> None:
    assert np.array_equal(strobe_picture(still), strobe_picture(still))


def test_a_cut_within_the_dive_is_said(tmp_path: Path) -> None:
    analysis = made_dive(tmp_path / "dive.mp4", cut=50)
    with pytest.raises(ExportError, match=r"another camera at frame 50"):
        write_strobe_picture(analysis, tmp_path / "s.png")
    assert not (tmp_path / "s.png").exists()


def test_a_dive_without_masks_is_said(still: Analysis) -> None:
    none = np.zeros_like(still.parse.mask_probability)
    one = none.copy()
    one[30] = still.parse.mask_probability[30]
    for masks in (none, one):
        blind = replace(still, parse=replace(still.parse, mask_probability=masks))
        with pytest.raises(ExportError, match="too few for a strobe picture"):
            strobe_picture(blind)


@pytest.mark.slow
def test_a_lost_camera_is_said(still: Analysis, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with VideoWriter(tmp_path / "noise.mp4", width_px=SIZE[0], height_px=SIZE[1], fps=FPS) as writer:
        for at in range(96):
            x, y = rng.integers(0, 300, 2)
            shaken = np.ascontiguousarray(scene(700)[y : y + SIZE[1]][:, (np.arange(SIZE[0]) + x) % SIZE[0]])
            writer.write(rng.permutation(shaken, axis=0), at / FPS)
    parse = replace(still.parse, clip=replace(still.parse.clip, path=tmp_path / "noise.mp4"))
    with pytest.raises(ExportError, match="camera"):
        strobe_picture(replace(still, parse=parse))


def test_wrong_numbers_and_a_cancel_leave_no_file(still: Analysis, tmp_path: Path) -> None:
    for options in (StrobeOptions(bodies=1), StrobeOptions(every_s=9.0), StrobeOptions(speed=3.0)):
        with pytest.raises(ConfigError):
            strobe_picture(still, options)
    with pytest.raises(ExportError, match="the clip itself"):
        write_strobe_clip(still, still.parse.clip.path)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        write_strobe_clip(still, tmp_path / "strobe.mp4", cancel=cancel)
    assert not list(tmp_path.iterdir())
