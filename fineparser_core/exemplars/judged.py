"""Judged dives as exemplars: awards, numbers and what was read of each, without a picture. No torch.

`resources/exemplars/judged.json` holds them, as `fineparser train --config judged` writes it, for one set of weights.
Source: UNLV-Dive (Parmar and Morris, Learning to Score Olympic Events, CVPRW 2017), London 2012, men, 10 m.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fineparser_core.exemplars.records import Exemplar
from fineparser_core.resources import resource
from fineparser_core.support.atomic import write_whole

FILE_NAME = "judged.json"
FORMAT = "fineparser.judged-exemplars/1"


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(resource("exemplars", FILE_NAME).read_text(encoding="utf-8"))
    return table


@cache
def judged_exemplars(model: str) -> tuple[Exemplar, ...]:
    """Return the judged dives that were read by a set of weights; none for other weights.

    Args:
        model: id of the weights.
    """
    table = _table()
    if table["model"] != model:
        return ()
    return tuple(
        Exemplar(
            id=one["id"],
            dive_number=one["dive_number"],
            board_m=one["board_m"],
            score=one["score"],
            clip_path=Path(),
            in_frame=0,
            out_frame=one["frames"][2],
            first_flight_frame=one["frames"][0],
            first_entry_frame=one["frames"][1],
            synthetic=False,
        )
        for one in table["dives"]
    )


def judged_exemplar(exemplar_id: str) -> Exemplar | None:
    """Return the judged dive of an id; None where there is none."""
    found = (one for one in judged_exemplars(_table()["model"]) if one.id == exemplar_id)
    return next(found, None)


def judged_id(event: str, video: Path) -> str:
    """Return the id that a judged dive has as an exemplar."""
    return f"{event} {video.stem}".strip()


@cache
def left_out_awards(model: str) -> Mapping[str, float | None]:
    """Return awards by fits that did not see the event of the dive, by id; None where the table does not tell it.

    Args:
        model: id of the weights; others than those of the table know none of its dives.
    """
    return {one["id"]: one.get("left_out") for one in _table()["dives"]} if _table()["model"] == model else {}


@cache
def judged_quantities() -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """Return what was read of each judged dive, by its id: value and standard deviation by quantity."""
    names, found = _table()["quantities"], {}
    for one in _table()["dives"]:
        known = zip(names, one["values"], strict=True)
        found[one["id"]] = {name: (values[0], values[1]) for name, values in known if values is not None}
    return found


def write_judged(path: Path, model: str, dives: Sequence[Mapping[str, Any]]) -> None:
    """Write the table.

    Args:
        dives: each with `id`, `dive_number`, `board_m`, `score`, `frames` (first of flight and entry, and last),
            `left_out`, see `left_out_awards`, and `quantities`, value and standard deviation by name.

    Raises:
        ExportError: it cannot be written.
    """
    names = sorted({name for dive in dives for name in dive["quantities"]})
    rows = []
    for dive in dives:
        known = dive["quantities"]
        values = [[round(part, 4) for part in known[name]] if name in known else None for name in names]
        kept = {name: value for name, value in dive.items() if name != "quantities"}
        rows.append(json.dumps(kept | {"values": values}, separators=(",", ":")))
    heading = f'{{"format":"{FORMAT}","model":"{model}","quantities":{json.dumps(names)},"dives":[\n'
    write_whole(path, heading + ",\n".join(rows) + "\n]}\n")
