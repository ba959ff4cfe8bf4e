"""Crops of the moments of a dive, with mask and skeleton, for a report."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fineparser_core.export.coach_marks import Mark, Point
from fineparser_core.export.coach_marks_overlay import MarkPainter, PointTransform
from fineparser_core.export.crops import athlete_box, cropped, windows_around
from fineparser_core.export.mask_overlay import draw_mask_on_image, mask_at
from fineparser_core.export.measured_angles import MeasuredAngle, measured_angles
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.overlay import OverlayCanvas
from fineparser_core.export.report.moments import COME_OUT
from fineparser_core.export.report.page import CaptionedImage
from fineparser_core.export.skeleton import joints_at
from fineparser_core.export.skeleton_overlay import draw_angles, paint_skeleton
from fineparser_core.language import number, text
from fineparser_core.progress import CancelToken
from fineparser_core.records import Frame, MaskTrack, Measure
from fineparser_core.video.reader import VideoReader

PICTURE_PX = 320
_JPEG_QUALITY = 88
_MASK = MaskStyle(opacity=0.35, outline=True)
#: Unit of the lines of skeletons and drawings.
_UNIT = 1.1


def moment_pictures(
    path: Path,
    moments: Mapping[str, Frame],
    masks: MaskTrack | None,
    marks: Sequence[Mark] = (),
    measures: Sequence[Measure] = (),
    *,
    others: Sequence[tuple[str, Frame]] = (),
    cancel: CancelToken | None = None,
) -> tuple[CaptionedImage, ...]:
    """Return a square crop around the athlete of every moment: mask, skeleton, measured angles and the coach's marks.

    Args:
        others: captions and frames of more pictures, which follow.

    Raises:
        VideoError: the video cannot be read.
        Cancelled: `cancel` was set.
    """
    with VideoReader(path) as reader:
        info = reader.info
        boxes = {frame: athlete_box(masks, frame) for frame in (*moments.values(), *(frame for _, frame in others))}
        windows = windows_around(boxes, info)
        images, named = {}, {}
        for frame, image in reader.frames(sorted(boxes)):
            if cancel is not None:
                cancel.raise_if_cancelled()
            left, top, side = windows[frame]
            cell, scale = cropped(image, windows[frame], PICTURE_PX), PICTURE_PX / side

            def to_cell(point: Point, left: float = left, top: float = top, scale: float = scale) -> Point:
                return (point[0] - left) * scale, (point[1] - top) * scale

            if masks is not None:
                probability, crop_xyxy = mask_at(masks, frame)
                draw_mask_on_image(cell, probability, (crop_xyxy - [left, top, left, top]) * scale, _MASK)
                paint_skeleton(cell, masks, frame, _UNIT, to_cell)
                angles = measured_angles(measures, frame, joints_at(masks, frame), opening=frame == moments[COME_OUT])
                _paint_angles(cell, angles, to_cell)
                named[frame] = ", ".join(f"{text(angle.title)} {angle.degrees:.0f}°" for angle in angles)
            size_px = (PICTURE_PX, PICTURE_PX)
            MarkPainter(marks, info.pts_s, size_px, _UNIT, to_cell, masks).paint_image(cell, frame)
            images[frame] = cell
        first_s = info.pts_s[moments["take-off"]]
        captions = [
            (f"{text(moment)}  {_signed_s(info.pts_s[frame] - first_s)}", frame) for moment, frame in moments.items()
        ]
        return tuple(
            CaptionedImage(image=images[frame], caption=caption, angles=named.get(frame, ""))
            for caption, frame in (*captions, *others)
        )


def _paint_angles(cell: np.ndarray, angles: Sequence[MeasuredAngle], to_cell: PointTransform) -> None:
    canvas = OverlayCanvas((PICTURE_PX, PICTURE_PX))
    draw_angles(canvas, angles, _UNIT, to_cell)
    if (overlay := canvas.to_overlay()) is not None:
        overlay.paint_image(cell)


def _signed_s(seconds: float) -> str:
    """Return seconds from the take-off, "+0.52 s"."""
    return f"{number(seconds, 2, signed=True)} s" if abs(seconds) >= 0.005 else "0 s"


def jpeg(image: np.ndarray) -> bytes:
    """Return an image (H, W, 3) uint8 RGB as JPEG."""
    import cv2

    flags = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    return bytes(cv2.imencode(".jpg", np.ascontiguousarray(image[:, :, ::-1]), flags)[1])
