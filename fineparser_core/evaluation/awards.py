"""Awards of real dives against the judges': how close, how sure, and beside means that need no video. No torch."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fineparser_core.evaluation.metrics import rank_correlations, relative_l2, spearman
from fineparser_core.evaluation.protocol import MIN_EVENTS
from fineparser_core.support.bootstrap import bootstrap_interval
from fineparser_core.support.tables import text_table

#: What gives awards, as the tables name it: all of the program, its measures, its networks, the mean of the exemplars,
#: and a fit that saw no dive of the event.
APP, OWN, NETWORK, EXEMPLARS = "the app", "measures alone", "the network alone", "exemplars alone"
LEFT_OUT = "a fit without the event"
#: Least dives of which a row can tell anything.
_LEAST_DIVES = 3
#: Naive baselines: the mean of what a dive has in common with others, and the name of that for a person.
_MEANS: dict[str, Callable[["AwardResult"], object]] = {
    "mean of the number": lambda dive: dive.dive_number,
    "mean of the board": lambda dive: dive.board_m,
    "mean of the event": lambda dive: dive.event,
    "mean of the athlete": lambda dive: dive.athlete,
}


@dataclass(frozen=True, kw_only=True)
class AwardResult:
    """Awards of a dive that judges have marked.

    Attributes:
        award: of the judges, 0 to 10.
        marked_by: who they are.
        difficulty: DD, by which awards become points.
        predicted: awards by what gives them, `APP` first; one that is not available is absent.
        reason: why the app gives no award; "" where it does.
        taught: the dive is among those that taught the app what awards are worth.
    """

    award: float
    marked_by: str
    difficulty: float
    dive_number: str = ""
    board_m: float | None = None
    event: str = ""
    athlete: str = ""
    predicted: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    taught: bool = False


def award_report(dives: Sequence[AwardResult]) -> dict[str, Any]:
    """Return what awards are worth, as plain JSON types; intervals are of 95 %, see `bootstrap_interval`.

    Returns:
        Dives by who marked them, dives without an award by reason, the dives that taught, and rows of `_row`: by what
        gives the award, baselines on the dives with an award last; and those of the app by event and by who
        marked, where these differ.
    """
    names = dict.fromkeys(name for dive in dives for name in dive.predicted)
    by = {name: [(dive, dive.predicted[name]) for dive in dives if name in dive.predicted] for name in names}
    first = by.get(APP) or next(iter(by.values()), [])
    scored = [dive for dive, _ in first]
    groups = {}
    for what, attribute in {"event": "event", "marks": "marked_by"}.items():
        for name in dict.fromkeys(getattr(dive, attribute) for dive in scored):
            groups[f"{what}: {name or 'none named'}"] = [pair for pair in first if getattr(pair[0], attribute) == name]
    rows = {name: _row(each) for name, each in by.items()}
    return {
        "marked_by": dict(Counter(dive.marked_by for dive in dives)),
        "not_scored": dict(Counter(dive.reason for dive in dives if dive.reason)),
        "taught": sum(dive.taught for dive in dives),
        "rows": {name: row for name, row in (rows | _baselines(scored)).items() if row},
        "groups": {name: row for name, each in groups.items() if len(each) < len(first) and (row := _row(each))},
    }


def award_text(report: Mapping[str, Any]) -> str:
    """Format a report as tables."""
    marks = ", ".join(f"{n} by {who}" for who, n in report["marked_by"].items())
    lines = [f"marks of {sum(report['marked_by'].values())} dives: {marks}"]
    if report["taught"]:
        lines.append(
            f"{report['taught']} of these taught the app what awards are worth: '{LEFT_OUT}' alone did not see them"
        )
    lines += [f"no award: {n}, {reason}" for reason, n in report["not_scored"].items()]
    blocks = ["\n".join(lines)]
    for title in ("rows", "groups"):
        if rows := report[title]:
            header = ("award by" if title == "rows" else f"{next(iter(report['rows']))}, of", *_HEADER)
            blocks.append(text_table(header, [(name, *_cells(row)) for name, row in rows.items()]))
    return "\n\n".join(blocks)


def award_summary(report: Mapping[str, Any]) -> dict[str, str]:
    """Return a report in short, as measures and their values for a person."""
    summary = dict[str, str]()
    for name, row in report["rows"].items():
        awards = "awards" if name == APP else f"awards by {name}"
        summary |= {
            f"{awards}, Spearman rho of {row['n']}": _with_interval(row["rho"], "+.2f"),
            f"{awards}, mean absolute error": _with_interval(row["error"], ".2f"),
        }
    if report["marked_by"]:
        summary["awards, marked by"] = ", ".join(f"{who}: {n}" for who, n in report["marked_by"].items())
        n, total = sum(report["not_scored"].values()), sum(report["marked_by"].values())
        summary["dives with marks and without an award"] = f"{n} of {total}"
    return summary


def _row(predicted: Sequence[tuple[AwardResult, float]], ranked: np.ndarray | None = None) -> dict[str, Any]:
    """Return rho, error and their like of n dives and their predicted awards; {} for fewer than `_LEAST_DIVES`.

    Args:
        ranked: (n,) what rho is of, where that is not the predicted awards.
    """
    if len(predicted) < _LEAST_DIVES:
        return {}
    dives, given = [dive for dive, _ in predicted], np.array([award for _, award in predicted])
    true = np.array([dive.award for dive in dives])
    order = given if ranked is None else ranked
    points, off = 3 * np.array([dive.difficulty for dive in dives]), np.abs(given - true)
    events = [dive.event for dive in dives]
    groups = events if len(set(events)) >= MIN_EVENTS else None

    def measured(value: float, statistic: Callable[[np.ndarray], np.ndarray], n: int = len(dives)) -> dict[str, Any]:
        low, high = bootstrap_interval(statistic, n, groups=groups if n == len(dives) else None)
        numbers = {"value": value, "low": low, "high": high, "n": n}
        return {name: number if np.isfinite(number) else None for name, number in numbers.items()}

    def within(key: Callable[[AwardResult], object]) -> dict[str, Any] | None:
        """Return rho of what is left of awards without the mean of their group."""
        means = [_group_means(dives, each, key) for each in (order, true)]
        known = np.flatnonzero(means[0][1] > 1)
        if len(known) < _LEAST_DIVES:
            return None
        y, t = (each[known] - mean[known] for each, (mean, _) in zip((order, true), means, strict=True))
        return measured(spearman(y, t), lambda i: rank_correlations(y[i], t[i]), len(known))

    return {
        "n": len(dives),
        "rho": measured(spearman(order, true), lambda i: rank_correlations(order[i], true[i])),
        "error": measured(float(off.mean()), lambda i: off[i].mean(axis=-1)),
        "mean_off": float((given - true).mean()),
        "rho_within_numbers": None if ranked is not None else within(_MEANS["mean of the number"]),
        "rho_within_events": None if ranked is not None else within(_MEANS["mean of the event"]),
        "rho_of_scores": measured(
            spearman(order * points, true * points),
            lambda i: rank_correlations((order * points)[i], (true * points)[i]),
        ),
        "r_l2_x100": _finite(relative_l2(given * points, true * points)),
    }


def _baselines(dives: Sequence[AwardResult]) -> dict[str, dict[str, Any]]:
    """Return a row for each mean of what at least two dives share.

    The error is of the mean of the others that share it, of all others where there is none; rho is of the mean itself,
    as means of the others would rank the dives of a group backwards.
    """
    rows, awards = {}, np.array([dive.award for dive in dives])
    for name, key in _MEANS.items():
        means, sizes = _group_means(dives, awards, key)
        if len(dives) < _LEAST_DIVES or sizes.max() < 2:
            continue
        everybody = (awards.sum() - awards) / (len(awards) - 1)
        others = np.where(sizes > 1, (means * sizes - awards) / np.maximum(sizes - 1, 1), everybody)
        rows[name] = _row(list(zip(dives, others.tolist(), strict=True)), np.where(sizes > 1, means, awards.mean()))
    return rows


def _group_means(
    dives: Sequence[AwardResult], values: np.ndarray, key: Callable[[AwardResult], object]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (n,) of the values in each dive's group, and its size; a dive of no group has its own."""
    keys = [key(dive) or at for at, dive in enumerate(dives)]
    members = {one: [at for at, other in enumerate(keys) if other == one] for one in set(keys)}
    return np.array([values[members[one]].mean() for one in keys]), np.array([len(members[one]) for one in keys])


_HEADER = (
    "dives",
    "rho",
    "95 % interval",
    "error",
    "95 % interval",
    "mean off",
    "rho within numbers",
    "within events",
    "rho of scores",
    "R-l2 x100",
)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    def cell(name: str, form: str) -> str:
        return "-" if row[name] is None else _number(row[name]["value"], form)

    return (
        str(row["n"]),
        cell("rho", "+.2f"),
        _interval(row["rho"], "+.2f"),
        cell("error", ".2f"),
        _interval(row["error"], ".2f"),
        _number(row["mean_off"], "+.2f"),
        *(cell(name, "+.2f") for name in ("rho_within_numbers", "rho_within_events", "rho_of_scores")),
        _number(row["r_l2_x100"], ".2f"),
    )


def _with_interval(found: Mapping[str, Any], form: str) -> str:
    return f"{_number(found['value'], form)} ({_interval(found, form)})"


def _interval(found: Mapping[str, Any], form: str) -> str:
    if found["low"] is None:
        return "-"
    return f"{_number(found['low'], form)} to {_number(found['high'], form)}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
