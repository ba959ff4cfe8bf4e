"""Awards in words, in halves as judges give them: a prediction is worth no more digits."""

from fineparser_core.language import text

_LARGEST = 10.0


def half_text(award: float) -> str:
    """Return an award rounded to a half: "6½"."""
    whole, half = divmod(round(2 * min(max(award, 0.0), _LARGEST)), 2)
    return f"{whole or ''}½" if half else str(whole)


def likely_text(award_range: tuple[float, float]) -> str:
    """Return the range in which an award is likely to lie: "likely 5½ to 7½"."""
    low, high = map(half_text, award_range)
    return text("likely {0}", low) if low == high else text("likely {0} to {1}", low, high)
