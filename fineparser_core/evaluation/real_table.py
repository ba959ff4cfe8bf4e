"""Labeled real clips as a table: a line a clip, and what the whole set comes to."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fineparser_core.evaluation.metrics import relative_l2, spearman
from fineparser_core.evaluation.real_clips import RealClipResult
from fineparser_core.support.tables import text_table


def real_table(results: Sequence[RealClipResult]) -> str:
    """Format a table with a row for each clip, and a summary of the set."""
    header = (
        "clip",
        "trim",
        "refused",
        "flight",
        "entry",
        "contact",
        "mask IoU",
        "award",
        "labelled",
        "said",
        "marked",
        "s",
    )
    rows = [
        (
            one.clip,
            _trim_text(one.trim),
            "yes" if one.refusal else "",
            _number(one.flight_error, "+.0f"),
            _number(one.entry_error, "+.0f"),
            _number(one.contact_error, "+.0f"),
            _number(one.median_iou, ".3f"),
            _number(one.award, ".1f"),
            _number(one.labelled_award, ".1f"),
            one.said,
            one.marked,
            _number(one.seconds, ".1f"),
        )
        for one in results
    ]
    whole = text_table(("measure", "value"), list(real_summary(results).items()), left=(0, 1))
    return f"{text_table(header, rows, left=(0, 1))}\n\n{whole}"


def real_summary(results: Sequence[RealClipResult]) -> dict[str, str]:
    """Return what a set of clips comes to, as measures and their values for a person."""

    def share(name: str, values: Sequence[bool]) -> tuple[str, str]:
        return name, f"{sum(values)} of {len(values)}"

    dives = [one for one in results if one.flight_error is not None]
    flight = [one.flight_error for one in dives if one.flight_error is not None]
    entry = [one.entry_error for one in dives if one.entry_error is not None]
    trims = [one.trim for one in dives if one.trim is not None]
    ious = [iou for one in results for iou in one.mask_ious.values()]
    rows = [
        share("trim: contained, no surplus", [bool(one["contained"]) and not one["surplus"] for one in trims]),
        share("whole dives refused", [one.refusal is not None for one in dives]),
        share("first flight frame within 3", [round(abs(error)) <= 3 for error in flight]),
        ("first flight frame, median error", _number(float(np.median(flight)) if flight else None, "+.1f")),
        share("first entry frame within 3 of its range", [round(abs(error)) <= 3 for error in entry]),
        share("first entry frame off by more than 10", [abs(error) > 10 for error in entry]),
        share(
            "first water contact within 2",
            [one.contact_error is not None and round(abs(one.contact_error)) <= 2 for one in dives],
        ),
        ("mask IoU, median of the labelled frames", _number(float(np.median(ious)) if ious else None, ".3f")),
    ]
    for name, key in (
        ("awards", "award"),
        ("awards by measures alone", "own_award"),
        ("awards by the network alone", "network_award"),
    ):
        given = [(getattr(one, key), one.labelled_award, one.difficulty) for one in results]
        judged = [each for each in given if None not in each]
        if len(judged) > 2:
            predicted, true, difficulty = np.array(judged, float).T
            points = relative_l2(predicted * difficulty, true * difficulty)
            rows += [
                (f"{name}, Spearman rho of {len(judged)}", _number(spearman(predicted, true), "+.2f")),
                (f"{name}, mean absolute error", _number(float(np.abs(predicted - true).mean()), ".2f")),
                (f"{name}, R-l2 x100 of their scores", _number(points, ".3f")),
            ]
    pairs = [(one.said, one.marked) for one in results if one.marked]
    if pairs:
        agree, silent = sum(said == marked for said, marked in pairs), sum(not said for said, _ in pairs)
        told = f"{agree}, {len(pairs) - agree - silent}, {silent} of {len(pairs)}"
        rows.append(("words for the entry: agree, contradict, nothing said", told))
    return dict(rows)


def _trim_text(trim: Mapping[str, Any] | None) -> str:
    if trim is None:
        return ""
    if trim["contained"] is None:
        return f"{len(trim['segments'])} found"
    if not trim["contained"]:
        return "cut" if trim["segments"] else "not found"
    return "surplus" if trim["surplus"] else "contained"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
