"""Bands of what good dives of a number and board show, of every number among the bundled exemplars."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from fineparser_core.measures.explanation import Band, allowed_band
from fineparser_core.resources import resource

#: Written by `packaging/benchmarks/good_dives.py`: the unit of each measure, and by "207C 10" its low and high in their
#: order, with the number of dives where it is not `n_dives`, null for none; what rendered dives show, not yet held to
#: what judging allows.
TABLE = ("exemplars", "good_dives.json")


def good_bands(dive_number: str | None, board_m: float | None) -> Mapping[str, Band]:
    """Bands of good dives of a number from a board, by the names of measures, within what judging and safety allow;
    empty where there are too few.

    Args:
        board_m: height of the board; None takes the number's one board, and none where there are several.
    """
    boards = _bands().get(dive_number or "", {})
    if board_m is None:
        return next(iter(boards.values())) if len(boards) == 1 else {}
    return boards.get(board_m, {})


@cache
def _bands() -> dict[str, dict[float, dict[str, Band]]]:
    table: dict[str, Any] = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    found: dict[str, dict[float, dict[str, Band]]] = {}
    for group, bands in table["bands"].items():
        number, board = group.split()
        of_group = found.setdefault(number, {})[float(board)] = {}
        for (name, unit), band in zip(table["units"].items(), bands, strict=True):
            if band is not None:
                low, high, n_dives = (*band, table["n_dives"])[:3]
                shown = Band(low=low, high=high, unit=unit, n_dives=n_dives)
                if (allowed := allowed_band(name, shown, float(board))) is not None:
                    of_group[name] = allowed
    return found
