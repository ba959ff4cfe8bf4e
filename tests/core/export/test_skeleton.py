from dataclasses import replace

import cv2
import numpy as np
import pytest
from measured_dive import measured_parse

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.export.annotated_clip import write_still
from fineparser_core.export.coach_marks import ANGLE, LINE, Mark
from fineparser_core.export.drawing import fit_line, fit_text, text_width, wrap_lines, wrap_text
from fineparser_core.export.measured_angles import followed_angle
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.overlay import OverlayCanvas
from fineparser_core.export.skeleton import LEFT, MIDDLE, RIGHT, bones_of
from fineparser_core.export.skeleton_overlay import PathPainter
from fineparser_core.measures.center_path import center_path
from fineparser_core.records import Analysis, MaskTrack


def standing(x=30.0):
    """A standing athlete, (16, 3), with every joint seen."""
    joints = np.ones((len(KEYPOINT_NAMES), 3), np.float32)
    for at, name in enumerate(KEYPOINT_NAMES):
        side = {"l": 3.0, "r": -3.0}.get(name[-1], 0.0) if "_" in name else 0.0
        heights = ("toe", "ankle", "knee", "hip", "wrist", "elbow", "shoulder", "head")
        joints[at, :2] = x + side, 42 - 4 * heights.index(name.split("_")[0]) if name != "board" else 46
    return joints


def with_joints(analysis, joints):
    return Analysis(parse=replace(analysis.parse, joints=joints), scoring=analysis.scoring)


def test_bones_join_the_joints_that_are_seen():
    joints = standing()
    bones = bones_of(joints)
    assert len(bones) == 2 * 6 + 3
    assert {bone.side for bone in bones} == {LEFT, RIGHT, MIDDLE}
    assert all(bone.opacity == 1 for bone in bones)
    unseen = joints.copy()
    unseen[KEYPOINT_NAMES.index("knee_l"), 2] = 0.1
    assert len(bones_of(unseen)) == len(bones) - 2
    unseen[KEYPOINT_NAMES.index("wrist_r"), 2] = 0.4
    faint = [bone for bone in bones_of(unseen) if bone.opacity < 1]
    assert [bone.side for bone in faint] == [RIGHT]


def test_a_skeleton_is_drawn_where_it_is_asked_for(small_video, make_analysis, tmp_path):
    analysis = with_joints(make_analysis(small_video), np.repeat(standing()[None], 96, axis=0))
    frame = int(analysis.parse.sampled_frames[40])
    pictures = []
    for skeleton in (False, True):
        options = RenderOptions(mask=False, skeleton=skeleton)
        write_still(analysis, frame, tmp_path / "still.png", options)
        pictures.append(cv2.imread(str(tmp_path / "still.png")).astype(int))
    changed = np.abs(pictures[1] - pictures[0]).max(axis=2) > 30
    rows, columns = np.nonzero(changed)
    assert rows.min() >= 10
    assert rows.max() <= 45
    assert columns.min() >= 22
    assert columns.max() <= 38


def test_the_path_ends_with_the_picture_and_its_heights_lie_off_it_and_off_other_drawings():
    path = center_path(measured_parse(speed=5.0, flight_s=1.4))
    line = path.in_frame(0, path.points)
    low, size_px = float(line[:, 1].max()), (640, 600)
    cut = replace(path, picture_xyxy=(0, 0, 640, low - 20))
    painter = PathPainter(cut, size_px, 1.0, lambda point: point)
    painter.draw(canvas := OverlayCanvas(size_px), 90)
    drawn = canvas.to_overlay()
    assert drawn.top + len(drawn.opacity) <= low - 18
    whole = PathPainter(path, size_px, 1.0, lambda point: point)
    free = whole._heights(90, [(x, y) for x, y in line], None)
    assert len(free) == len(path.marks)
    for one in free:
        assert min(np.hypot(*(line - np.array(one.box).reshape(2, 2).mean(axis=0)).T)) > 20
    other = OverlayCanvas(size_px)
    other.box((free[0].box[0], 0, 640, 600), 0, (255, 255, 255))
    moved = whole._heights(90, [(x, y) for x, y in line], other.to_overlay())
    assert all(one.box[2] <= free[0].box[0] + 4 for one in moved)
    assert whole._heights(90, [(x, y) for x, y in line], None) == moved


@pytest.mark.parametrize("width_px", [1, 20, 150, 2000])
@pytest.mark.parametrize("text", ["", "W", "take-off  1.20 s", "Füße höher, Knie zusammen", "W" * 60, "中文 😀 " * 9])
def test_what_is_fitted_is_as_long_as_can_be(text, width_px):
    fitted = fit_text(text, 12, width_px)
    if fitted != text:
        kept = len(fitted) - 1
        assert fitted in (f"{text[:kept]}…", "…")
        assert text_width(fitted, 12) <= width_px or fitted == "…"
        assert text_width(f"{text[: kept + 1].rstrip()}…", 12) > width_px or text[kept : kept + 1] == " "
    lines = wrap_text(text, 12, width_px)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 12) <= width_px or len(line) == 1 for line in lines)


def test_what_is_measured_grows_with_the_length_alone():
    measured = 0

    def width_of(text):
        nonlocal measured
        measured += len(text)
        return 10.0 * len(text)

    wrap_lines("W" * 20_000, 100, width_of)
    fit_line("W" * 20_000, 100, width_of)
    assert measured < 20 * 20_000
    measured = 0
    assert len(wrap_lines("W" * 1_000_000 + " W" * 1_000_000, 100, width_of, 3)) > 3
    assert measured < 1000


def test_accents_that_are_put_together_are_drawn_as_one_letter():
    assert text_width("e\u0301", 40) == text_width("é", 40)  # as file names come on a Mac


def test_an_angle_on_joints_follows_them_and_another_stays():
    joints = np.zeros((96, len(KEYPOINT_NAMES), 3), np.float32)
    joints[:, :, 0], joints[:, :, 1] = 100 + 30 * np.arange(len(KEYPOINT_NAMES)), 200.0
    joints[:, :, 0] += np.arange(96)[:, None]  # the body moves to the right
    joints[:, :, 2] = 0.9
    joints[90:, 4, 2] = 0.0
    track = MaskTrack(
        sampled_frames=np.arange(96),
        mask_probability=np.zeros((96, 112, 112), np.float16),
        crop_xyxy=np.zeros((96, 4), np.float32),
        joints=joints,
    )
    angle = Mark(kind=ANGLE, frame=10, points=tuple((float(x) + 3, 202.0) for x in joints[10, [2, 3, 4], 0]))
    moved = followed_angle(angle, track, 50)
    assert moved.points == tuple((float(x), 200.0) for x in joints[50, [2, 3, 4], 0])
    assert followed_angle(angle, track, 92) is None  # a joint is not seen
    assert followed_angle(replace(angle, last_frame=20), track, 50) is None  # only until there
    beside = replace(angle, points=((5.0, 5.0), *angle.points[1:]))
    assert followed_angle(beside, track, 50) is None
    assert followed_angle(replace(angle, kind=LINE, points=angle.points[:2]), track, 50) is None
    assert followed_angle(angle, None, 50) is None
