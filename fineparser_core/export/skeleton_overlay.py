"""Draws the athlete's skeleton as the window does: light bones with a dark outline, left and right in two colours."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.export.coach_marks import Point
from fineparser_core.export.coach_marks_overlay import PointTransform, draw_arc
from fineparser_core.export.drawing import Colour, text_width
from fineparser_core.export.measured_angles import MeasuredAngle
from fineparser_core.export.overlay import LIGHT, OUTLINE, OUTLINE_OPACITY, Overlay, OverlayCanvas
from fineparser_core.export.palette import rgb
from fineparser_core.export.skeleton import SIDE_COLOURS, Bone, bones_of, joints_at
from fineparser_core.language import number
from fineparser_core.measures.centre_path import CentrePath
from fineparser_core.types import MaskTrack

PATH_COLOUR: Colour = (255, 159, 67)
_MARK_SIZE, _TICK = 11.0, 5.0
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


def draw_path(canvas: OverlayCanvas, path: CentrePath, frame: int, unit: float, transform: PointTransform) -> None:
    """Draw the path of the body's centre as a frame sees it, with heights over the water, and where the centre is."""

    def placed(points: np.ndarray) -> list[Point]:
        return [transform((x, y)) for x, y in path.in_frame(frame, points).tolist()]

    line = placed(path.points)
    for width, colour, opacity in ((3.6, OUTLINE, OUTLINE_OPACITY), (1.8, PATH_COLOUR, 1.0)):
        canvas.lines(line, width * unit, colour, opacity)
    taken: list[tuple[float, float, float, float]] = []
    for (x, y), height in zip(placed(path.marks[:, :2]), path.marks[:, 2].tolist(), strict=True):
        text, at = f"{number(height, 1)} m", (x + 9 * unit, y + 4 * unit)
        right = at[0] + text_width(text, _MARK_SIZE * unit) + 3 * unit
        box = (at[0] - 3 * unit, at[1] - 11 * unit, right, at[1] + 3 * unit)
        if not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            taken.append(box)
            canvas.lines(((x - _TICK * unit, y), (x + _TICK * unit, y)), 1.8 * unit, PATH_COLOUR)
            canvas.box(box, 3, OUTLINE, 0.6)
            canvas.text(at, text, _MARK_SIZE * unit, PATH_COLOUR)
    place = path.place(frame)
    if place is not None:
        canvas.dot(transform((float(place[0]), float(place[1]))), 5 * unit, OUTLINE, OUTLINE_OPACITY)
        canvas.dot(transform((float(place[0]), float(place[1]))), 4 * unit, PATH_COLOUR)


def draw_angles(canvas: OverlayCanvas, angles: Sequence[MeasuredAngle], unit: float, transform: PointTransform) -> None:
    """Draw the sides and the arcs of measured angles, with their degrees."""
    for angle in angles:
        points = [transform(point) for point in angle.points]
        for width, colour, opacity in ((3.2, OUTLINE, OUTLINE_OPACITY), (1.4, LIGHT, 1.0)):
            canvas.lines(points, width * unit, colour, opacity)
        draw_arc(canvas, points, f"{angle.degrees:.0f}°", unit)


def skeleton_overlay(
    track: MaskTrack,
    path: CentrePath | None,
    frame: int,
    size_px: tuple[int, int],
    unit: float,
    transform: PointTransform,
) -> Overlay | None:
    """The skeleton and the path of a frame, for output images of (width, height); None where nothing is seen."""
    joints = joints_at(track, frame)
    if joints is None and path is None:
        return None
    canvas = OverlayCanvas(size_px)
    if path is not None:
        draw_path(canvas, path, frame, unit, transform)
    if joints is not None:
        draw_skeleton(canvas, bones_of(joints), unit, transform)
    return canvas.to_overlay()


def paint_skeleton(image: np.ndarray, track: MaskTrack, frame: int, unit: float, transform: PointTransform) -> None:
    """Draw the skeleton of a frame on an image (H, W, 3) uint8 RGB, in place."""
    overlay = skeleton_overlay(track, None, frame, (image.shape[1], image.shape[0]), unit, transform)
    if overlay is not None:
        overlay.paint_image(image)
