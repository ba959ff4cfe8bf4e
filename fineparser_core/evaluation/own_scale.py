"""Errors of awards on the scale of who marked the dives: before any mark, and after some marks of other dives."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fineparser_core.scoring.learning import JudgedScore, as_shipped, learn, table_of
from fineparser_core.support.tables import text_table

#: Numbers of marks, and draws of so many of the others.
_MARKS, _DRAWS = (1, 2, 4, 8), 20
_LEAST_DIVES = 3


def scale_errors(dives: Sequence[JudgedScore], *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Return mean errors by event and who marked; each dive is predicted by marks of others of its group.

    Returns:
        `dives`, and `errors` after so many marks: 0, numbers that the group has, and the number of all others.
    """
    groups: dict[str, list[JudgedScore]] = {}
    for dive in dives:
        groups.setdefault(", ".join(filter(None, (dive.dive.event, dive.dive.judges))), []).append(dive)
    found = {}
    for name, group in groups.items():
        if len(group) < _LEAST_DIVES:
            continue
        table, others, rng = table_of(group), len(group) - 1, np.random.default_rng(seed)
        errors = {0: float(np.abs(table.predicted(as_shipped()) - table.award).mean())}
        for marks in (*(one for one in _MARKS if one < others), others):
            off = []
            for left in range(len(group)):
                rest, alone = np.delete(np.arange(len(group)), left), table.take(np.array([left]))
                for _ in range(_DRAWS if marks < others else 1):
                    learned = learn(table.take(np.sort(rng.permutation(rest)[:marks])))
                    off.append(abs(float(alone.predicted(learned)[0] - alone.award[0])))
            errors[marks] = float(np.mean(off))
        found[name] = {"dives": len(group), "errors": {str(marks): error for marks, error in errors.items()}}
    return found


def scale_text(found: dict[str, dict[str, Any]]) -> str:
    """Format the errors as a table; "" without any."""
    rows = [
        (name, str(one["dives"]), marks, f"{error:.2f}")
        for name, one in found.items()
        for marks, error in one["errors"].items()
    ]
    header = ("marked by, on their own scale", "dives", "after marks of others", "error")
    return text_table(header, rows, left=(0,)) if rows else ""
