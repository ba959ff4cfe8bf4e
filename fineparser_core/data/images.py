"""The images of a dive: which of them make its clip, and reading them with damaged ones refused."""

from pathlib import Path

import cv2
import numpy as np

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import AnnotationError

_END_OF_JPEG = b"\xff\xd9"
# A JPEG may have a few bytes of something else after its end.
_TAIL_BYTES = 1024


def clip_images(data: DiveSet, record: DiveRecord) -> list[tuple[Path, Path | None]]:
    """Every frame of a clip with its mask, if the data set has masks; reads names, not images.

    Where frames and labels are not equally many, as in some dives of FineDiving, the clip ends with whichever ends
    first.

    Raises:
        AnnotationError: labels that are wrong by themselves (`DiveRecord.fault`), too few frames, transitions outside
            the clip, or frames without a mask. The text is the reason alone, without the dive's id.
    """
    if record.fault:
        raise AnnotationError(record.fault)
    found = data.frame_paths(record)
    paths = found[: record.n_frames]
    if len(paths) < MIN_FRAMES:
        folder = data.frame_folder(record)
        raise AnnotationError(f"{len(found)} frames in {folder}, {record.n_frames} labelled, {MIN_FRAMES} needed.")
    first, second = record.first_flight_frame, record.first_entry_frame
    if first is not None and second is not None and not 0 < first < second < len(paths):
        raise AnnotationError(
            f"transitions at {first} and {second} do not divide {len(paths)} frames into three phases."
        )
    if not data.has_masks:
        return [(path, None) for path in paths]
    masks = {path.name: path for path in data.mask_paths(record)}
    if unmasked := [path.name for path in paths if path.name not in masks]:
        raise AnnotationError(f"{len(unmasked)} of {len(paths)} frames lack a mask, the first is {unmasked[0]}.")
    return [(path, masks[path.name]) for path in paths]


def read_frame(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB.

    Raises:
        AnnotationError: the file is missing, is no image, or ends too early.
    """
    return cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_mask(path: Path) -> np.ndarray:
    """(H, W) bool, true on the athlete: masks are JPEGs, so that white is nearly 255 and black nearly 0.

    Raises:
        AnnotationError: the file is missing, is no image, or ends too early.
    """
    return _read(path, cv2.IMREAD_GRAYSCALE) > 127


def _read(path: Path, flags: int) -> np.ndarray:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read ({error.strerror}): fetch it again.") from error
    # The decoder fills a JPEG that ends too early with grey and only warns on stderr.
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if _END_OF_JPEG in data[-_TAIL_BYTES:] else None
    if image is None:
        raise AnnotationError(f"{path} is damaged ({len(data):,} bytes): fetch it again.")
    return image
