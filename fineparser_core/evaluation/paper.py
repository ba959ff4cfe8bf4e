"""The numbers that the paper prints, as data to stand beside ours; never a result of this program."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fineparser_core.errors import ConfigError
from fineparser_core.resources import resource

#: Metrics by the names that evaluation gives them, to how a table calls them.
METRICS = {
    "rho": "rho",
    "r_l2_x100": "R-l2 x100",
    "aiou_50": "AIoU@0.5",
    "aiou_75": "AIoU@0.75",
    "mae": "MAE",
    "f_beta": "F_beta",
    "s_measure": "S-measure",
}
TITLES = {
    1: "state of the art on FineDiving-HM",
    2: "state of the art on MTL-AQA",
    3: "modules",
    4: "step durations of the static stream",
    5: "backbones of the static stream",
}


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """A row of a table of the paper; a method's numbers from the parts of a table are in the same row.

    Attributes:
        table: its number, 1 to 5.
        label: as printed; the rows of Table 3 with their modules.
        preset: what reproduces it here, a name in `training.presets.PRESETS` or `MEASURED`; None where nothing does.
        data: what the paper measured it on.
        values: the printed metrics by their names in `METRICS`.
        source: the paper that printed them, where it is a later paper; for an unprinted row, its description.
    """

    table: int
    label: str
    preset: str | None
    data: str
    values: Mapping[str, float]
    source: str = ""


@cache
def _rows() -> tuple[PaperRow, ...]:
    content = json.loads(resource("tables", "paper_results.json").read_text(encoding="utf-8"))
    return tuple(
        PaperRow(
            table=row["table"],
            label=row["label"],
            preset=row.get("preset"),
            data=content["data"][str(row["table"])],
            values={name: row[name] for name in METRICS if name in row},
            source=row.get("source", ""),
        )
        for row in content["rows"]
    )


def paper_table(number: int) -> list[PaperRow]:
    """Return the rows of a table of the paper, in its order.

    Source: Tables 1 to 5.

    Raises:
        ConfigError: the paper has no results table of this number.
    """
    rows = [row for row in _rows() if row.table == number]
    if not rows:
        raise ConfigError(f"The paper has no table of results {number}: use 1 to {max(TITLES)}.")
    return rows


def side_by_side(
    number: int, ours: Mapping[str, Mapping[str, float]], *, data: str, grades: Mapping[str, str] | None = None
) -> str:
    """Return a table of the paper as aligned text, its value of every metric beside ours.

    Args:
        number: of the table, 1 to 5.
        ours: metrics (names in `METRICS`) by preset; presets that the table lacks follow below it.
        data: what ours were measured on, for the heading.
        grades: by preset, how close ours is to the source of the method.

    Raises:
        ConfigError: the paper has no results table of this number.
    """
    rows = paper_table(number)
    columns = [name for name in METRICS if any(name in row.values for row in rows)]
    later = list(dict.fromkeys(row.source for row in rows if row.source))
    marks = {source: "*" * (place + 1) for place, source in enumerate(later)}
    lines = [(f"{row.label} {marks.get(row.source, '')}".rstrip(), row.preset or "", row.values) for row in rows]
    lines += [(name, name, {}) for name in ours if name not in {row.preset for row in rows}]
    width = max(len(label) for label, _, _ in lines)
    grades = grades or {}
    # Two numbers of seven places and the space between them.
    heading = "  ".join(f"{METRICS[name]:^15}" for name in columns)
    text = [
        f"Table {number}: {TITLES[number]}",
        f"paper: as printed there, measured on {rows[0].data}; ours: measured on {data}",
        "",
        f"{'':{width}}  {heading}".rstrip(),
        f"{'':{width}}  " + "  ".join(f"{'paper':>7} {'ours':>7}" for _ in columns) + ("  ours is" if grades else ""),
    ]
    for label, preset, theirs in lines:
        measured = ours.get(preset, {})
        cells = (f"{_number(theirs.get(name))} {_number(measured.get(name))}" for name in columns)
        text.append(f"{label:{width}}  " + "  ".join(cells) + f"  {grades.get(preset, '')}".rstrip())
    printed = {row.source for row in rows if row.values}
    for source, mark in marks.items():
        text.append(f"{mark} as printed by {source}, on the same data set" if source in printed else f"{mark} {source}")
    return "\n".join(text)


def _number(value: float | None) -> str:
    return f"{'-':>7}" if value is None else f"{value:7.4f}"
