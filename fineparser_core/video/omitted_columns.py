"""A defect of FFmpeg's scaler that those who choose the width of a picture can avoid. Loads no codecs."""

# swscale 9.5 converts yuv420p to bgra in groups of 16 columns with AVX2 and omits a remainder of up to this many.
_GROUP, _OMITTED = 16, 4


def omitted_columns(width_px: int) -> int:
    """Return the number of columns at the right that a conversion to bgra omits; such pictures are converted twice."""
    remainder = width_px % _GROUP
    return remainder if remainder <= _OMITTED else 0
