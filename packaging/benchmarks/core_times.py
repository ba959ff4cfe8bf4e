"""`python packaging/benchmarks/core_times.py`: processor time of evaluation, training and learning.

Each is a multiple of the time of simpler work on the same data; the exit code is 1 where a bound is missed.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

sys.path.extend(str(Path(__file__).resolve().parents[2] / name) for name in ("tests", "tests/core/evaluation"))

import numpy as np
from made_results import dive
from simulated_club import club, judged

from fineparser_core.data.exemplars import groups_of
from fineparser_core.data.pairs import epoch_groups, epoch_pairs
from fineparser_core.data.records import DiveRecord
from fineparser_core.evaluation.mask_metrics import f_beta_adaptive, f_beta_mean, mae, s_measure
from fineparser_core.evaluation.summary import summarize
from fineparser_core.scoring.cross_validation import cross_validate, make_profile
from fineparser_core.scoring.learning import learn, table_of
from fineparser_core.support.bootstrap import bootstrap_interval

_RUNS = 5
#: Dives of FineDiving's training and test split.
_TRAIN, _TEST = 2251, 749


def main() -> int:
    """Measure, and print each ratio beside its bound."""
    rng = np.random.default_rng(0)
    p, truth = rng.random((112, 112), np.float32), np.hypot(*(np.mgrid[:112, :112] - 56)) < 20
    errors, results = rng.random(_TEST), [dive(number) for number in range(_TEST)]
    records = [
        DiveRecord(key=("A", i), dive_number=f"{100 + n}B", difficulty=3.2, score=70.0, n_frames=60, split="train")
        for i, n in enumerate(rng.integers(0, 52, _TRAIN))
    ]
    dives = judged(club(1, 100, 20))
    met = [
        _said(
            "all metrics of a mask, in times of sorting its pixels",
            lambda: (f_beta_adaptive(p, truth), f_beta_mean(p, truth), s_measure(p, truth), mae(p, truth)),
            lambda: np.sort(p, axis=None),
            40,
        ),
        _said(
            f"summary of {_TEST} dives, in times of one interval of a mean",
            lambda: summarize(results, median_transitions=(30, 65)),
            lambda: bootstrap_interval(lambda rows: errors[rows].mean(axis=1), _TEST),
            200,
        ),
        _said(
            f"pairs and groups of an epoch of {_TRAIN} dives, in times of sorting them by number",
            lambda: (epoch_pairs(records, "dive-number", 0, 0), epoch_groups(records, "dive-number", 8, 0, 0)),
            lambda: groups_of(records, "dive-number"),
            60,
        ),
        _said(
            "a checked profile of 100 dives by 20 athletes, in times of learning once",
            lambda: make_profile(dives, cross_validate(dives), name="", model=""),
            lambda: learn(table_of(dives)),
            15,
        ),
    ]
    return 0 if all(met) else 1


def _said(what: str, work: Callable[[], object], simpler: Callable[[], object], bound: float) -> bool:
    times = [(_taken_s(work), _taken_s(simpler)) for _ in range(_RUNS)]
    ratio = min(own for own, _ in times) / min(other for _, other in times)
    print(f"{what}: {ratio:.1f}; bound {bound}, {'met' if ratio < bound else 'MISSED'}", flush=True)
    return ratio < bound


def _taken_s(work: Callable[[], object]) -> float:
    """Processor time of one run, of as many as take long enough to be measured."""
    n, began_s = 0, process_time()
    while n == 0 or process_time() - began_s < 0.02:
        work()
        n += 1
    return (process_time() - began_s) / n


if __name__ == "__main__":
    sys.exit(main())
