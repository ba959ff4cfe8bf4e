"""Draws the athlete's skeleton as the window does: light bones with a dark outline, left and right in two colours."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.export.coach_marks_overlay import PointTransform
from fineparser_core.export.overlay import OUTLINE, OUTLINE_OPACITY, Overlay, OverlayCanvas
from fineparser_core.export.palette import rgb
from fineparser_core.export.skeleton import SIDE_COLOURS, Bone, Joints, bones_of, joints_at

#: Widths in units of the drawing.
BONE_WIDTH, OUTLINE_WIDTH, JOINT_RADIUS = 2.0, 4.0, 2.4


def draw_skeleton(canvas: OverlayCanvas, bones: Sequence[Bone], unit: float, transform: PointTransform) -> None:
    """Draw bones on a canvas.

    Args:
        unit: length unit of the drawing in pixels of the canvas.
        transform: from pixels of the source frame to those of the canvas.
    """
    placed = [((transform(bone.start), transform(bone.end)), bone) for bone in bones]
    for ends, bone in placed:
        canvas.lines(ends, OUTLINE_WIDTH * unit, OUTLINE, OUTLINE_OPACITY * bone.opacity)
    for ends, bone in placed:
        canvas.lines(ends, BONE_WIDTH * unit, rgb(SIDE_COLOURS[bone.side]), bone.opacity)
    for ends, bone in placed:
        for end in ends:
            canvas.dot(end, JOINT_RADIUS * unit, rgb(SIDE_COLOURS[bone.side]), bone.opacity)


def skeleton_overlay(
    track: Joints, frame: int, size_px: tuple[int, int], unit: float, transform: PointTransform
) -> Overlay | None:
    """The skeleton of a frame, for output images of (width, height); None where no joint is seen."""
    joints = joints_at(track, frame)
    if joints is None:
        return None
    canvas = OverlayCanvas(size_px)
    draw_skeleton(canvas, bones_of(joints), unit, transform)
    return canvas.to_overlay()


def paint_skeleton(image: np.ndarray, track: Joints, frame: int, unit: float, transform: PointTransform) -> None:
    """Draw the skeleton of a frame on an image (H, W, 3) uint8 RGB, in place."""
    overlay = skeleton_overlay(track, frame, (image.shape[1], image.shape[0]), unit, transform)
    if overlay is not None:
        overlay.paint_image(image)
