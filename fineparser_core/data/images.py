"""Reading the images of a dive; damaged images are refused."""

from pathlib import Path

import cv2
import numpy as np

from fineparser_core.errors import AnnotationError

_END_OF_JPEG = b"\xff\xd9"
# A JPEG may have a few bytes of something else after its end.
_TAIL_BYTES = 1024


def read_frame(path: Path) -> np.ndarray:
    """Read an image (H, W, 3) uint8 RGB.

    Raises:
        AnnotationError: the file is missing, is no image, or ends too early.
    """
    return cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_mask(path: Path) -> np.ndarray:
    """Read a mask (H, W) bool, true on the athlete: masks are JPEGs, so that white is nearly 255 and black nearly 0.

    Raises:
        AnnotationError: the file is missing, is no image, or ends too early.
    """
    return _read(path, cv2.IMREAD_GRAYSCALE) > 127


def _read(path: Path, flags: int) -> np.ndarray:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read ({error.strerror}): fetch it again.") from error
    # The decoder fills a JPEG that ends too early with gray and only warns on stderr.
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if _END_OF_JPEG in data[-_TAIL_BYTES:] else None
    if image is None:
        raise AnnotationError(f"{path} is damaged ({len(data):,} bytes): fetch it again.")
    return image
