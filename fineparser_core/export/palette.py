"""The colors of the three steps, distinguishable with any color vision; the names are always shown with them."""

from collections.abc import Sequence

STEP_COLORS = {"take-off": "#E69F00", "flight": "#56B4E9", "entry": "#009E73"}
MASK_COLOR = "#FF4FA3"
#: #rrggbb of the other of two compared dives: unlike water and mask, with any color vision.
COMPARED_COLOR = "#FFE600"


def rgb(color: str) -> tuple[int, int, int]:
    """Convert "#RRGGBB" to (red, green, blue), 0-255."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def contrast(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the contrast ratio of two colors, from 1 (equal) to 21 (black and white). Source: WCAG 2."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Sequence[int]) -> float:
    parts = (value / 255 for value in color)
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
