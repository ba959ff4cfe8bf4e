"""Draws text and boxes on uint8 arrays.

OpenCV is imported inside the functions: the process of the window imports this package and must not load OpenCV.
"""

import math
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from unicodedata import normalize

import numpy as np

from fineparser_core.printable import printable

#: Values by channel: three for RGB, a single value for a plane.
Color = tuple[int, ...]
#: x0, y0, x1, y1 in pixels.
Box = tuple[float, float, float, float]

REGULAR = 400
BOLD = 650


def draw_text(
    image: np.ndarray, at: tuple[float, float], text: str, size_px: float, color: Color, *, weight: int = REGULAR
) -> None:
    """Draw a line of text.

    Args:
        image: (H, W, 3) or (H, W) uint8, changed in place.
        at: (x, y) of the left end of the baseline.
    """
    import cv2

    cv2.putText(image, _composed(text), (round(at[0]), round(at[1])), color, _font(), round(size_px), weight)


def text_width(text: str, size_px: float, *, weight: int = REGULAR) -> int:
    """Return the width of a line of text in pixels."""
    import cv2

    x, _, width, _ = cv2.getTextSize((1, 1), _composed(text), (0, 0), _font(), round(size_px), weight)
    return int(x + width)


def wrap_text(text: str, size_px: float, width_px: float) -> list[str]:
    """Break a text into lines of at most a width, between words, and inside words that are wider than a line."""
    return wrap_lines(text, width_px, lambda line: text_width(line, size_px))


def wrap_lines(text: str, width: float, width_of: Callable[[str], float], most: float = math.inf) -> list[str]:
    """Wrap text as `wrap_text`, by the width of a line in any font and unit; stop soon after `most` lines."""
    lines: list[str] = []
    for word in text.split():
        if len(lines) > most:
            break
        if lines and width_of(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        while len(lines) <= most and (fits := max(_fitting(word, width, width_of), 1)) < len(word):
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def fit_text(text: str, size_px: float, width_px: float) -> str:
    """Shorten a text to a width, with an ellipsis at its end if it is too long."""
    return fit_line(text, width_px, lambda line: text_width(line, size_px))


def fit_line(text: str, width: float, width_of: Callable[[str], float]) -> str:
    """Shorten text as `fit_text`, by the width of a line in any font and unit."""
    if _fitting(text, width, width_of) == len(text):
        return text
    return f"{text[: _fitting(text, width, width_of, end='…')].rstrip()}…"


def _fitting(text: str, width: float, width_of: Callable[[str], float], *, end: str = "") -> int:
    """Count the first characters of a text that, with `end` after them, fit a width."""

    def is_wider(n: int) -> bool:
        return width_of(f"{text[:n].rstrip()}{end}") > width

    most = 1
    while most <= len(text) and not is_wider(most):
        most *= 2
    most = min(most, len(text) + 1)
    return max(bisect_left(range(most // 2, most), True, key=is_wider) + most // 2 - 1, 0)


def fill_box(image: np.ndarray, box: Box, color: Color, *, radius_px: float = 0.0) -> None:
    """Fill a box with round corners and antialiased edges.

    Args:
        image: (H, W, 3) or (H, W) uint8, changed in place.
        box: (x0, y0, x1, y1) in pixels; clipped to the image.
    """
    x0, y0, x1, y1 = box
    left, top = max(int(x0), 0), max(int(y0), 0)
    right, bottom = min(int(np.ceil(x1)), image.shape[1]), min(int(np.ceil(y1)), image.shape[0])
    if right <= left or bottom <= top:
        return
    radius_px = min(radius_px, (x1 - x0) / 2, (y1 - y0) / 2)
    dx = np.abs(np.arange(left, right) + 0.5 - (x0 + x1) / 2) - ((x1 - x0) / 2 - radius_px)
    dy = np.abs(np.arange(top, bottom) + 0.5 - (y0 + y1) / 2) - ((y1 - y0) / 2 - radius_px)
    outside = np.hypot(np.maximum(dx, 0)[None, :], np.maximum(dy, 0)[:, None])
    distance = outside + np.minimum(np.maximum(dx[None, :], dy[:, None]), 0) - radius_px
    blend(image[top:bottom, left:right], color, np.clip(0.5 - distance, 0, 1))


def blend(image: np.ndarray, color: Color, opacity: np.ndarray) -> None:
    """Blend an image with a color.

    Args:
        image: (H, W, 3) or (H, W) uint8, changed in place.
        opacity: (H, W) float, 0 to 1.
    """
    image = image if image.ndim == 3 else image[:, :, None]
    alpha = opacity.astype(np.float32)[:, :, None]
    image[:] = np.rint(image + (np.array(color, dtype=np.float32) - image) * alpha).astype(np.uint8)


def composite(image: np.ndarray, premultiplied: np.ndarray, opacity: np.ndarray) -> None:
    """Composite a premultiplied image over another image of equal size; faster than `blend`.

    Args:
        image: (H, W, 3) or (H, W) uint8, changed in place.
        premultiplied: of the same shape, uint8, multiplied by the opacity.
        opacity: (H, W) uint8, 255 is opaque.
    """
    import cv2

    transparency = cv2.bitwise_not(opacity)
    if image.ndim == 3:
        transparency = cv2.merge([transparency] * 3)
    image[:] = cv2.add(cv2.multiply(image, transparency, scale=1 / 255), premultiplied)


def _composed(text: str) -> str:
    """Return text that OpenCV draws: a lone surrogate crashes it, and the font has no combining accents (hence NFC)."""
    return normalize("NFC", printable(text))


@lru_cache(maxsize=1)
def _font() -> Any:
    import cv2

    return cv2.FontFace("sans")
