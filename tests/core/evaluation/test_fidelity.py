from dataclasses import replace

import numpy as np
import pytest
from made_results import dive

from fineparser_core.constants import STEP_NAMES
from fineparser_core.evaluation.fidelity import contribution_fidelity, true_contributions


def pairs(n=12, seed=0):
    """Dives that are each other's exemplars, with their true contributions."""
    rng = np.random.default_rng(seed)
    results = [dive(number) for number in range(n)]
    qualities = {r.id: tuple(rng.uniform(3, 10, 3).tolist()) for r in results}
    made = []
    for result in results:
        exemplars = [r.id for r in results if r.dive_number == result.dive_number and r.id != result.id]
        points = [true_contributions(result.difficulty, qualities[result.id], qualities[e]).tolist() for e in exemplars]
        made.append(replace(result, exemplars=tuple(exemplars), contributions=tuple(map(tuple, points))))
    return made, qualities


def test_true_contributions_sum_to_the_difference_of_scores():
    better, worse = (9.0, 8.0, 7.0), (8.0, 8.5, 5.0)
    points = true_contributions(3.2, better, worse)
    award = [0.3 * q[0] + 0.5 * q[1] + 0.2 * q[2] for q in (better, worse)]
    assert points.sum() == pytest.approx(3 * 3.2 * (award[0] - award[1]))
    assert points.tolist() == pytest.approx([3 * 3.2 * 0.3, -3 * 3.2 * 0.25, 3 * 3.2 * 0.4])


def test_the_truth_is_faithful_and_its_opposite_is_not():
    results, qualities = pairs()
    fidelity = contribution_fidelity(results, qualities)
    assert [step["step"] for step in fidelity["steps"]] == list(STEP_NAMES)
    assert [step["value"] for step in fidelity["steps"]] == pytest.approx([1, 1, 1])
    assert (fidelity["n_numbers"], fidelity["n_pairs"]) == (3, 3 * 4 * 3)

    def opposite(result):
        assert result.contributions is not None
        points = tuple((-first, second, 0.0) for first, second, _ in result.contributions)
        return replace(result, contributions=points)

    other = contribution_fidelity([opposite(result) for result in results], qualities)
    # What is the same for every pair ranks nothing.
    assert [step["value"] for step in other["steps"]] == pytest.approx([-1, 1, 0])
