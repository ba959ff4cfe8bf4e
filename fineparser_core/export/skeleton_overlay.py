"""Draws the athlete's skeleton as the window does: light bones with a dark outline, left and right in two colors."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.export.coach_marks import Point
from fineparser_core.export.coach_marks_overlay import PointTransform, draw_arc
from fineparser_core.export.drawing import Box, Color
from fineparser_core.export.label_places import Label, draw_labels, place_labels
from fineparser_core.export.measured_angles import MeasuredAngle
from fineparser_core.export.overlay import LIGHT, OUTLINE, OUTLINE_OPACITY, Overlay, OverlayCanvas, label_size
from fineparser_core.export.palette import rgb
from fineparser_core.export.skeleton import SIDE_COLORS, Bone, bones_of, joints_at
from fineparser_core.language import length_text
from fineparser_core.measures.center_path import CenterPath
from fineparser_core.records import MaskTrack

PATH_COLOR: Color = (255, 159, 67)
#: Size of the labels of heights.
_HEIGHT_SIZE = 0.75
#: Size of the cells on which labels are placed, in pixels.
_COARSE = 4
#: Meters that the way of a body is wide, and units where the scale is not known.
_BODY_M, _USUAL_WIDTH = 1.0, 60.0
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
        canvas.lines(ends, BONE_WIDTH * unit, rgb(SIDE_COLORS[bone.side]), bone.opacity)
    for ends, bone in placed:
        for end in ends:
            canvas.dot(end, JOINT_RADIUS * unit, rgb(SIDE_COLORS[bone.side]), bone.opacity)


class PathPainter:
    """Draws the path of a body's center on images of equal size, with heights over the water; it ends with the picture.

    Args:
        size_px: (width, height) of the images.
        unit: length unit of the drawing in pixels of the images.
        transform: from pixels of the source frame to those of the images.
    """

    def __init__(self, path: CenterPath, size_px: tuple[int, int], unit: float, transform: PointTransform) -> None:
        self._path, self._size_px, self._unit, self._transform = path, size_px, unit, transform
        self._picture: Box = (0, 0, *size_px)
        if (picture := path.picture_xyxy) is not None:
            (x0, y0), (x1, y1) = transform(picture[:2]), transform(picture[2:])
            left, right = sorted((x0, x1))
            self._picture = (max(left, 0), max(y0, 0), min(right, size_px[0]), min(y1, size_px[1]))
        self._boxes: dict[int, Box] = {}  # of the labels, by the number of the mark, as seen from it

    def draw(self, canvas: OverlayCanvas, frame: int, others: Overlay | None = None) -> None:
        """Draw the path as a frame sees it, and where the center is.

        Args:
            others: what the heights should not lie on.
        """
        unit, line = self._unit, self._placed(frame, self._path.points)
        for width, color, opacity in ((3.6, OUTLINE, OUTLINE_OPACITY), (1.8, PATH_COLOR, 1.0)):
            canvas.lines(line, width * unit, color, opacity)
        canvas.keep(self._picture)
        draw_labels(canvas, self._heights(frame, line, others), _HEIGHT_SIZE * unit)
        place = self._path.place(frame)
        if place is not None and self._shows(at := self._transform((float(place[0]), float(place[1])))):
            canvas.dot(at, 5 * unit, OUTLINE, OUTLINE_OPACITY)
            canvas.dot(at, 4 * unit, PATH_COLOR)

    def _heights(self, frame: int, line: Sequence[Point], others: Overlay | None) -> list[Label]:
        """Place the heights beside the body's path, where they were before: nothing makes them jump."""
        size = _HEIGHT_SIZE * self._unit
        shown = [
            (place, at, length_text(float(self._path.marks[place, 2])))
            for place, at in enumerate(self._placed(frame, self._path.marks[:, :2]))
            if self._shows(at)
        ]
        boxes = {place: _moved(self._boxes[place], at) for place, at, _ in shown if place in self._boxes}
        boxes = {place: box for place, box in boxes.items() if others is None or not _hides(box, others)}
        new = [one for one in shown if one[0] not in boxes]
        if new:
            x0, y0, x1, y1 = self._picture
            # At the upper and the lower edge a label is moved in when it is drawn; it need not change sides.
            over = label_size([""], size)[1] / 2
            found = place_labels(
                [(_reduced(at), _reduced(label_size([said], size))) for _, at, said in new],
                (*_reduced((x0, y0 - over)), *_reduced((x1, y1 + over))),
                9 * self._unit / _COARSE,
                self._busy(frame, line, others),
                [(*_reduced(box[:2]), *_reduced(box[2:])) for box in boxes.values()],
            )
            for (place, at, _), box in zip(new, found, strict=True):
                if box is not None:
                    boxes[place] = (_COARSE * box[0], _COARSE * box[1], _COARSE * box[2], _COARSE * box[3])
                    self._boxes[place] = _moved(boxes[place], (-at[0], -at[1]))
        return [Label(at, said, PATH_COLOR, boxes[place]) for place, at, said in shown if place in boxes]

    def _busy(self, frame: int, line: Sequence[Point], others: Overlay | None) -> np.ndarray:
        """Return the busy places (h, w) bool of the reduced image: the way of the body, and other drawings."""
        import cv2

        busy = np.zeros([-(-side // _COARSE) for side in reversed(self._size_px)], np.uint8)
        wide, marks = _USUAL_WIDTH * self._unit, self._path.marks[[0, -1]]
        if marks[0, 2] > marks[1, 2]:
            (_, top), (_, low) = self._placed(frame, marks[:, :2])
            wide = _BODY_M * abs(low - top) / float(marks[0, 2] - marks[1, 2])
        points = np.rint(np.array(line) / _COARSE).astype(np.int32)
        cv2.polylines(busy, [points[:, None]], False, 1, max(1, round(wide / _COARSE)))
        if others is not None:
            drawn = others.opacity[::_COARSE, ::_COARSE] > 0
            top, left = others.top // _COARSE, others.left // _COARSE
            part = busy[top : top + drawn.shape[0], left : left + drawn.shape[1]]
            part |= drawn[: part.shape[0], : part.shape[1]]
        return busy > 0

    def _placed(self, frame: int, points: np.ndarray) -> list[Point]:
        return [self._transform((x, y)) for x, y in self._path.in_frame(frame, points).tolist()]

    def _shows(self, at: Point) -> bool:
        x0, y0, x1, y1 = self._picture
        return x0 <= at[0] <= x1 and y0 <= at[1] <= y1


def _moved(box: Box, by: Point) -> Box:
    return box[0] + by[0], box[1] + by[1], box[2] + by[0], box[3] + by[1]


def _reduced(point: Point) -> Point:
    return point[0] / _COARSE, point[1] / _COARSE


def _hides(box: Box, others: Overlay) -> bool:
    x0, x1 = (max(round(end) - others.left, 0) for end in box[::2])
    y0, y1 = (max(round(end) - others.top, 0) for end in box[1::2])
    return bool(others.opacity[y0:y1, x0:x1].any())


def draw_angles(canvas: OverlayCanvas, angles: Sequence[MeasuredAngle], unit: float, transform: PointTransform) -> None:
    """Draw the sides and the arcs of measured angles, with their degrees."""
    for angle in angles:
        points = [transform(point) for point in angle.points]
        for width, color, opacity in ((3.2, OUTLINE, OUTLINE_OPACITY), (1.4, LIGHT, 1.0)):
            canvas.lines(points, width * unit, color, opacity)
        draw_arc(canvas, points, f"{angle.degrees:.0f}°", unit)


def skeleton_overlay(
    track: MaskTrack,
    frame: int,
    size_px: tuple[int, int],
    unit: float,
    transform: PointTransform,
    path: PathPainter | None = None,
    others: Overlay | None = None,
) -> Overlay | None:
    """Draw the skeleton of a frame over the path, for output images of (width, height); None where nothing is visible.

    Args:
        others: boxes that the path's heights should not cover.
    """
    joints = joints_at(track, frame)
    if joints is None and path is None:
        return None
    canvas = OverlayCanvas(size_px)
    if path is not None:
        path.draw(canvas, frame, others)
    if joints is not None:
        draw_skeleton(canvas, bones_of(joints), unit, transform)
    return canvas.to_overlay()


def paint_skeleton(image: np.ndarray, track: MaskTrack, frame: int, unit: float, transform: PointTransform) -> None:
    """Draw the skeleton of a frame on an image (H, W, 3) uint8 RGB, in place."""
    overlay = skeleton_overlay(track, frame, (image.shape[1], image.shape[0]), unit, transform)
    if overlay is not None:
        overlay.paint_image(image)
