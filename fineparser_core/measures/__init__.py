"""Measures of a dive in seconds, meters and degrees, without learning; numpy only."""

from fineparser_core.measures.dive_measures import MeasuredDive, measure_dive, measures
from fineparser_core.measures.records import RECORDS

#: Names of the measures, in the order in which they are shown.
NAMES = tuple(RECORDS)

__all__ = ["NAMES", "RECORDS", "MeasuredDive", "measure_dive", "measures"]
