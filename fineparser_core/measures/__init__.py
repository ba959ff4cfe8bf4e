"""What is measured of a dive in seconds, metres and degrees, without learning; numpy only."""

from fineparser_core.measures.dive_measures import NAMES, measures

__all__ = ["NAMES", "measures"]
