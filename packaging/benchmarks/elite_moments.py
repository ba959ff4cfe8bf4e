"""What the moments of elite dives say about their awards, and what the measured stream takes for it.

    python packaging/benchmarks/elite_moments.py FOLDER

FOLDER holds moments.txt (a line a dive: frames of jump, start of the drop, come-out and water, 25 a second) and
scores_difficulty.csv. Slopes are of awards about the mean of their degree of difficulty.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from fineparser_core.evaluation.fidelity import rank_correlation
from fineparser_core.scoring.measured_stream import measured_stream
from fineparser_core.support.text_table import text_table

_FRAMES_A_SECOND = 25.0


def main() -> None:
    """Runs the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    jump, drop, come_out, water = np.loadtxt(folder / "moments.txt", delimiter=",").T / _FRAMES_A_SECOND
    with (folder / "scores_difficulty.csv").open(encoding="utf-8") as file:
        scores, difficulty = np.array([(float(r["score"]), float(r["difficulty"])) for r in csv.DictReader(file)]).T
    award = scores / difficulty / 3
    flight, lead = water - jump, water - come_out
    terms = [term for term in measured_stream().terms if term.measure == "come_out_share"]
    by_term = sum(np.array([term.award(value) for value in lead / flight]) for term in terms)
    rows = []
    for name, values in (
        ("flight, s", flight),
        ("drop to water, s", water - drop),
        ("come-out to water, s", lead),
        ("come-out to water, share of the flight", lead / flight),
        ("award by the stream's term of it", by_term),
    ):
        x, y = _about_mean(values, difficulty), _about_mean(award, difficulty)
        rows.append(
            [name, f"{np.median(values):.2f}", f"{rank_correlation(values, award):.2f}", f"{x @ y / (x @ x):.2f}"]
        )
    print(f"{len(award)} dives\n\n{text_table(['moment', 'median', 'rho with the award', 'awards a unit'], rows)}")


def _about_mean(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    means = {group: values[groups == group].mean() for group in np.unique(groups)}
    return values - np.array([means[group] for group in groups])


if __name__ == "__main__":
    main()
