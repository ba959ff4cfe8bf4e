"""The award by measures alone, in words."""

from fineparser_core.language import number, text
from fineparser_core.records import OwnAward


def own_award_text(own: OwnAward) -> str:
    """Return the award by measures alone with its interval: "award 6.8 from measures alone.

    80 % interval 3.3 to 10.0".
    """
    low, high = own.award_range
    level = f"{100 * own.interval.level:.0f}"
    said = text("award {0} from measures alone", number(own.award, 1))
    return f"{said}; {text('{0} % interval {1} to {2}', level, number(low, 1), number(high, 1))}"


def own_award_about(own: OwnAward) -> str:
    """Say what the award by measures alone is, and what it is not."""
    checked = own.checked
    return text(
        "From measures alone: height, angles and times against the rules of judging. On {0} judged dives the order was "
        "right in the main (rank correlation {1}), the size off by {2} awards.",
        checked.dives,
        number(checked.rank_correlation, 2),
        number(checked.mean_error, 1),
    )
