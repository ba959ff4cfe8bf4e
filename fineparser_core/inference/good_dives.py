"""Bands of what good dives of a number show: the better half of the bundled exemplars, measured as any clip is."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from fineparser_core.measures.explanation import Band, bands_of
from fineparser_core.resources import resource
from fineparser_core.types import Measure

#: Written by `packaging/benchmarks/good_dives.py`.
TABLE = ("exemplars", "good_dives.json")


def good_bands(dive_number: str | None, board_m: float | None) -> Mapping[str, Band]:
    """Bands of good dives of a number from a board, by the names of measures; empty where there are too few.

    Args:
        board_m: height of the board; None takes the dives from every board.
    """
    if dive_number is None:
        return {}
    return _bands().get((dive_number, board_m), {})


@cache
def _bands() -> dict[tuple[str, float | None], dict[str, Band]]:
    file = resource(*TABLE)
    if not file.is_file():
        return {}
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    dives: dict[tuple[str, float | None], list[list[Measure]]] = {}
    for row in table["dives"]:
        found = [_measure(name, *entry) for name, entry in row.items() if isinstance(entry, list)]
        for board_m in (row["board_m"], None):
            dives.setdefault((row["dive_number"], board_m), []).append(found)
    return {group: bands_of(found) for group, found in dives.items()}


def _measure(name: str, value: float, unit: str) -> Measure:
    return Measure(name=name, value=value, unit=unit, uncertainty=0.0, frame=0, step="")
