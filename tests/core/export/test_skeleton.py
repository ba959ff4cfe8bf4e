from dataclasses import replace

import cv2
import numpy as np
from measured_dive import measured_parse

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.export.annotated_clip import write_still
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.overlay import OverlayCanvas
from fineparser_core.export.skeleton import LEFT, MIDDLE, RIGHT, bones_of
from fineparser_core.export.skeleton_overlay import PathPainter
from fineparser_core.measures.center_path import center_path
from fineparser_core.records import Analysis


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
