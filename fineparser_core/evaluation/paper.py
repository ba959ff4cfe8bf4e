"""The numbers that the paper prints, as data to stand beside ours; never a result of this program."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import t

from fineparser_core.errors import ConfigError
from fineparser_core.evaluation import summary
from fineparser_core.resources import resource
from fineparser_core.support.tables import text_table

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
#: Probability that an interval holds the mean over all seeds.
_LEVEL = 0.95
#: Metrics of which the paper's definition is not known; the release computes others.
_MASKS = ("mae", "f_beta", "s_measure")
#: Presets of the paper's whole network, with which others are compared.
_WHOLE = ("fineparser", "table3-E", "table4-4", "table5-resnet34", "mtl-aqa")
#: Ours, by both definitions.
_OUR_MASKS = tuple(
    f"{name}{suffix}" for suffix in ("", "_stretched") for name in (*_MASKS[:2], "f_beta_mean", _MASKS[2])
)
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
        preset: what reproduces it here, a name in `training.presets.PRESETS`; None where nothing does.
        data: what the paper measured it on.
        values: the printed metrics by their names in `METRICS`.
        source: the paper that printed them, where it is a later paper.
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
    number: int,
    ours: Mapping[str, Sequence[Mapping[str, float]]],
    *,
    data: str,
    grades: Mapping[str, str] | None = None,
) -> str:
    """Return a table of the paper as text, its value of every metric beside ours; of several seeds ours is the mean.

    Masks have a table of their own, as the paper's metrics of them are not defined well enough to be compared with.
    Several seeds add a table of their scatter.

    Args:
        number: of the table, 1 to 5.
        ours: metrics (names in `summary.METRICS`) of each seed by preset; presets that the table lacks follow below it.
        data: what ours were measured on, for the heading.
        grades: by preset, how close ours is to the source of the method.

    Raises:
        ConfigError: the paper has no results table of this number.
    """
    rows, grades = paper_table(number), grades or {}
    names = [name for name in METRICS if name not in _MASKS and any(name in row.values for row in rows)]
    later = list(dict.fromkeys(row.source for row in rows if row.source))
    marks = {source: "*" * (place + 1) for place, source in enumerate(later)}
    means = {preset: _means(seeds) for preset, seeds in ours.items()}
    lines = [(f"{row.label} {marks.get(row.source, '')}".rstrip(), row.preset or "", row.values) for row in rows]
    lines += [(preset, preset, {}) for preset in ours if preset not in {row.preset for row in rows}]
    header = ["", *(f"{METRICS[name]} {whose}" for name in names for whose in ("paper", "ours"))]

    cells = [
        [label, *(_number(of.get(name)) for name in names for of in (theirs, means.get(preset, {})))]
        + [grades.get(preset, "")] * bool(grades)
        for label, preset, theirs in lines
    ]
    table = text_table([*header, *["ours is"] * bool(grades)], cells, left=(0, len(header)))
    told = f"paper: as printed there, measured on {rows[0].data}; ours: measured on {data}"
    blocks = [f"Table {number}: {TITLES[number]}\n{told}", table]
    blocks += [_mask_table(rows, means), _seed_table(ours)]
    blocks.append("\n".join(f"{mark} as printed by {source}, on the same data set" for source, mark in marks.items()))
    return "\n\n".join(filter(None, blocks))


def _mask_table(rows: Sequence[PaperRow], ours: Mapping[str, Mapping[str, float]]) -> str:
    """Return what the paper prints of masks, and ours below it by both definitions."""
    printed = [
        f"{row.label}: {', '.join(f'{METRICS[name]} {row.values[name]:.4f}' for name in _MASKS)}"
        for row in rows
        if _MASKS[0] in row.values
    ]
    measured = {preset: values for preset, values in ours.items() if "mae" in values}
    names = [name for name in _OUR_MASKS if any(name in values for values in measured.values())]
    told = "Masks. The paper prints (by definitions that are not known: the authors' release computes none of these)"
    blocks = [f"{told} {'; '.join(printed)}."] if printed else []
    if measured:
        cells = [[preset, *(_number(values.get(name)) for name in names)] for preset, values in measured.items()]
        header = ["ours", *(summary.METRICS[name][0] for name in names)]
        blocks.append(text_table(header, cells))
    return "\n".join(blocks)


def _seed_table(ours: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return mean, scatter and paired difference of the rows that were trained by several seeds, "" without any."""
    several = {preset: seeds for preset, seeds in ours.items() if len(seeds) > 1}
    reference = next((preset for preset in _WHOLE if preset in several), next(iter(several), ""))
    cells = []
    for preset, seeds in several.items():
        differences = _over_seeds(
            [
                {name: value - other[name] for name, value in one.items() if name in other}
                for one, other in zip(seeds, several[reference], strict=True)
            ]
        )
        for name, (mean, deviation, low, high) in _over_seeds(seeds).items():
            off = differences.get(name) if preset != reference else None
            paired = ["", ""] if off is None else [f"{off[0]:+.4f}", f"{off[2]:+.4f} to {off[3]:+.4f}"]
            interval = f"{low:.4f} to {high:.4f}"
            cells.append([preset, METRICS[name], f"{mean:.4f}", f"{deviation:.4f}", interval, *paired])
    if not cells:
        return ""
    n = len(next(iter(several.values())))
    header = [f"{n} seeds", "metric", "mean", "deviation", "95 % interval", f"minus {reference}", "95 %, paired"]
    return text_table(header, cells, left=(0, 1))


def _over_seeds(seeds: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float, float, float]]:
    """Return mean, deviation and the 95 % interval of the mean of each metric that all seeds have; not of masks.

    The deviation is that of a sample (n - 1), the interval Student's: it knows the scatter of trainings, not of dives.
    """
    found = {}
    for name in METRICS:
        values = np.array([one[name] for one in seeds if one.get(name) is not None])
        if name not in _MASKS and len(values) == len(seeds) and np.isfinite(values).all():
            mean, deviation = float(values.mean()), float(values.std(ddof=1))
            half = float(t.ppf((1 + _LEVEL) / 2, len(values) - 1)) * deviation / len(values) ** 0.5
            found[name] = mean, deviation, mean - half, mean + half
    return found


def _means(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the means of the metrics that all seeds have."""
    common = [name for name in seeds[0] if all(one.get(name) is not None for one in seeds)] if seeds else []
    return {name: sum(one[name] for one in seeds) / len(seeds) for name in common}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
