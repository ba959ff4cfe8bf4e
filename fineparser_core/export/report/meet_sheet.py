"""The sheet of a meet as data, which `meet.html.j2` draws: by athlete, the dives with awards and totals."""

from collections.abc import Mapping
from typing import Any

from fineparser_core.diving.judging import counting, dive_outcome_text
from fineparser_core.diving.meet import ListedDive, Meet, running, standings
from fineparser_core.language import number, short_number, text
from fineparser_core.printable import printable

#: What a template draws, by name.
Values = dict[str, Any]


def make_sheet(meet: Meet, predicted: Mapping[str, float] | None = None) -> Values:
    """Return the sheet of a meet: `title`, names of `columns`, `events`, and sentences `about` it.

    Of each event its name and athletes in order: `place` ("1."; "" without a score), `name`, `total` and `dives`; of
    each dive its `cells` (round, dive, board, DD), its `awards`, each with whether it counts, its `results` (points,
    total, and the model's score if requested) and the outcome as `remark`, or "".

    Args:
        predicted: the model's scores by the names of the dives; None: none are shown.
    """
    lines: dict[tuple[str, str], list[Values]] = {}
    for row, total in zip(meet.rows, running(meet.rows), strict=True):
        lines.setdefault(row.same_athlete, []).append(_line(row, total, predicted))
    firsts = {row.same_athlete: row for row in reversed(meet.rows)}
    ranked = {ListedDive(event=one.event, athlete=one.athlete).same_athlete: one for one in standings(meet.rows)}
    events: dict[str, list[Values]] = {}
    for key in (*ranked, *(key for key in lines if key not in ranked)):
        found = ranked.get(key)
        athlete = {
            "place": f"{found.place}." if found else "",
            "name": printable(firsts[key].athlete) or "–",
            "total": number(found.points, 2) if found else "",
            "dives": tuple(lines[key]),
        }
        events.setdefault(printable(firsts[key].event), []).append(athlete)
    results: tuple[str, ...] = (text("points"), text("total"))
    about = [text("Awards that are struck out do not count; the sum of the others, to three judges, times the DD.")]
    if any(row.outcome == "balk" for row in meet.rows):
        about.append(text("A balk costs two points of every award."))
    if predicted is not None:
        results = (*results, text("model"))
        about.append(text("The model's scores are predictions beside the judges' and count for nothing here."))
    return {
        "title": printable(meet.title) or text("Meet"),
        "columns": ((text("round"), text("dive"), text("board"), text("DD")), results),
        "events": tuple((name, tuple(athletes)) for name, athletes in events.items()),
        "about": tuple(about),
    }


def _line(row: ListedDive, total: float | None, predicted: Mapping[str, float] | None) -> Values:
    difficulty, score = row.known_difficulty, (predicted or {}).get(row.dive or "")
    results = [number(value, 2) if value is not None else "" for value in (row.points, total)]
    if predicted is not None:
        results.append(number(score, 1) if score is not None else "")
    return {
        "cells": (
            str(row.round or ""),
            printable(row.dive_number or ""),
            f"{short_number(row.board_m)} m" if row.board_m is not None else "",
            number(difficulty, 1) if difficulty is not None else "",
        ),
        "awards": tuple(
            (short_number(award), counts) for award, counts in zip(row.awards, counting(row.awards), strict=True)
        ),
        "results": tuple(results),
        "remark": dive_outcome_text(row.outcome),
    }
