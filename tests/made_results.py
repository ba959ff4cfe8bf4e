"""Results that never saw a network, for the tests of what is made of results."""

from dataclasses import replace
from typing import Any

from fineparser_core.evaluation.metrics import interval_iou, step_ious
from fineparser_core.evaluation.results import MASK_METRICS, DiveResult


def dive(number: int = 0, **changes: Any) -> DiveResult:
    """A dive whose every field has a value."""
    predicted, true = (28, 60 + number % 5), (27, 62)
    result = DiveResult(
        id=f"Event/{number}",
        dive_number=("107B", "407C", "5253B")[number % 3],
        difficulty=3.2,
        score=50.0 + number,
        predicted=52.0 + number * 0.9 + (number * 7) % 5,
        spread=2.0,
        n_exemplars=10,
        exemplar_mean=60.0 + (number * 11) % 7,
        number_mean=60.0 + number % 3,
        transitions=predicted,
        true_transitions=true,
        interval_iou=interval_iou(predicted, true),
        step_ious=step_ious(predicted, true),
        masks={
            prefix + name: value
            for prefix, value in (("", 0.9), ("empty ", 0.4), ("disc ", 0.5))
            for name in MASK_METRICS
        }
        | {"false_positive_area": 0.01},
    )
    return replace(result, **changes)
