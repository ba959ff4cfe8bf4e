from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_dive import RADIUS, SIZE, centers, made_dive, scene, tilt

from fineparser_core.errors import Cancelled, ExportError
from fineparser_core.export.skeleton_overlay import PATH_COLOR
from fineparser_core.export.strobe import Strobe, strobe_picture, write_strobe_picture
from fineparser_core.progress import CancelToken
from fineparser_core.video.reader import VideoReader


def bodies_alone(strobe):
    """The picture without path, labels and caption."""
    image = strobe._background.copy()
    for body in strobe._bodies:
        body.paint_image(image)
    return image


def places_of_red(image):
    """(n, 2) middles of the red discs of a picture, from the highest to the lowest."""
    red = (image[..., 0].astype(int) - image[..., 1] > 90).astype(np.uint8)
    n, _, boxes, middles = cv2.connectedComponentsWithStats(red)
    large = [at for at in range(1, n) if boxes[at, cv2.CC_STAT_AREA] > 100]
    return middles[large]


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    return made_dive(tmp_path_factory.mktemp("still") / "dive.mp4")


@pytest.mark.parametrize("panned", [False, True])
def test_bodies_lie_where_they_were_and_nothing_else_changed(still, tmp_path, *, panned):
    analysis = made_dive(tmp_path / "dive.mp4", panned=True) if panned else still
    with VideoReader(analysis.parse.clip.path) as reader:
        strobe = Strobe(analysis, reader)
    image = bodies_alone(strobe)
    assert strobe.still is not panned
    assert strobe.off_px < 0.5
    assert strobe.frames == [30, 38, 46, 54, 62]
    true = centers()[strobe.frames]
    placed = np.array(
        [
            (strobe._to_canvas(at) @ [x, y - tilt(at, panned), 1.0])[:2]
            for at, (x, y) in zip(strobe.frames, true, strict=True)
        ]
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


def test_black_borders_of_the_file_are_no_part_of_the_picture(tmp_path):
    analysis = made_dive(tmp_path / "dive.mp4", border=24)
    with VideoReader(analysis.parse.clip.path) as reader:
        strobe = Strobe(analysis, reader)
    (across, down), image = strobe.canvas_px, bodies_alone(strobe)
    assert across / down == pytest.approx((400 - 2 * 28) / (420 - 2 * 28), rel=0.02)
    for side in (image[0], image[-1], image[:, 0], image[:, -1]):
        assert np.median(side.max(axis=1)) > 50


def test_the_path_goes_on_to_the_contact_after_the_last_body(still):
    with VideoReader(still.parse.clip.path) as reader:
        strobe = Strobe(still, reader)
        image = strobe.picture()
    path = strobe._path
    assert strobe.frames[-1] < path.frames[-1] - 3
    x, y = strobe._line[-1].round().astype(int)
    assert np.abs(image[y - 1 : y + 2, x - 1 : x + 2].astype(int) - PATH_COLOR).max(axis=2).min() < 40


def test_a_cut_within_the_dive_is_said(tmp_path):
    analysis = made_dive(tmp_path / "dive.mp4", cut=50)
    with pytest.raises(ExportError, match=r"another camera at frame 50"):
        write_strobe_picture(analysis, tmp_path / "s.png")
    assert not (tmp_path / "s.png").exists()


def test_a_dive_without_masks_is_said(still):
    none = np.zeros_like(still.parse.mask_probability)
    one = none.copy()
    one[30] = still.parse.mask_probability[30]
    for masks in (none, one):
        blind = replace(still, parse=replace(still.parse, mask_probability=masks))
        with pytest.raises(ExportError, match="too few for a strobe picture"):
            strobe_picture(blind)


def test_a_cancel_leaves_no_file(still, tmp_path):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        write_strobe_picture(still, tmp_path / "strobe.png", cancel=cancel)
    assert not list(tmp_path.iterdir())
