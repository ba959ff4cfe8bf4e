"""Writes images atomically and verifies them."""

from pathlib import Path

import numpy as np

from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.support.atomic import atomic_file

_JPEG_QUALITY = 92
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")


def write_image(image: np.ndarray, path: Path) -> None:
    """Write an image in the format of the path's suffix.

    Args:
        image: (H, W, 3) uint8 RGB.
        path: ends in a suffix of `IMAGE_SUFFIXES`.

    Raises:
        ConfigError: the suffix is not supported.
        ExportError: the file cannot be written.
    """
    import cv2

    suffix = path.suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        raise ConfigError("{0} ends in none of {1}: choose such a name.", path, ", ".join(IMAGE_SUFFIXES))
    flags = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if suffix != ".png" else []
    _, data = cv2.imencode(suffix, np.ascontiguousarray(image[:, :, ::-1]), flags)
    with atomic_file(path) as temporary:
        temporary.write_bytes(data.tobytes())
        written = cv2.imdecode(np.frombuffer(temporary.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if written is None or written.shape != image.shape:
            raise ExportError("{0} cannot be read back: write it to another disk.", path)
