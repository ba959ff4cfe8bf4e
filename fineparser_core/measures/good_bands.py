"""Bands of good values of a number and board: of the rules, of real dives, or else of good rendered dives."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from fineparser_core.diving.dive_number import known_number
from fineparser_core.language import Phrase
from fineparser_core.measures.explanation import Band
from fineparser_core.measures.record import Source
from fineparser_core.measures.records import RECORDS
from fineparser_core.resources import resource
from fineparser_core.types import Analysis

#: The unit of each measure, and by "207C 10" its low and high in their order, with the number of dives where it is not
#: `n_dives`, null for none: the middle 80 % of good rendered dives, made as `packaging/docs/measures.md` tells.
TABLE = ("exemplars", "good_dives.json")
#: Rendered dives of a number of which some hold their position straight and some bent say nothing of either, degrees.
_WIDEST_DEG = 60.0


def good_bands(dive_number: str | None, board_m: float | None) -> Mapping[str, Band]:
    """Return the bands of a number from a board, by the names of measures.

    Args:
        board_m: height of the board; None takes the rendered dives of the number's only board, and none where there are
            several.
    """
    boards, dive = _rendered().get(dive_number or "", {}), known_number(dive_number or "")
    if board_m is None:
        found = dict(next(iter(boards.values()))) if len(boards) == 1 else {}
    else:
        found = dict(boards.get(board_m, {}))
    for record in RECORDS.values():
        limits = record.good.of(dive, board_m) if record.good is not None else None
        if record.good is not None and limits is not None:
            found[record.name] = Band(low=limits[0], high=limits[1], unit=record.unit, source=record.good.source)
    return found


def bands_of(analysis: Analysis) -> Mapping[str, Band]:
    """Return the bands of an analyzed dive: of its number and board where it has an award, else those of all dives."""
    scored = analysis.scoring or analysis.own_award
    return good_bands(None, None) if scored is None else good_bands(scored.dive_number, scored.board_m)


@cache
def _rendered() -> dict[str, dict[float, dict[str, Band]]]:
    table: dict[str, Any] = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    found: dict[str, dict[float, dict[str, Band]]] = {}
    for group, bands in table["bands"].items():
        number, board = group.split()
        of_group = found.setdefault(number, {})[float(board)] = {}
        for (name, unit), band in zip(table["units"].items(), bands, strict=True):
            if band is None or not RECORDS[name].as_rendered or (unit == "deg" and band[1] - band[0] > _WIDEST_DEG):
                continue
            low, high, n_dives = (*band, table["n_dives"])[:3]
            about = Phrase(
                "The middle 80 % of {0} rendered dives of this number from this board, drawn by this program: no fault "
                "is told by them.",
                n_dives,
            )
            of_group[name] = Band(low=low, high=high, unit=unit, source=Source(kind="rendered", about=about))
    return found
