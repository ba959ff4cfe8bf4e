"""What the moments of elite dives say about their awards, and what the measured stream takes for it.

    python packaging/benchmarks/elite_moments.py FOLDER [--annotations FINEDIVING]

FOLDER holds moments.txt (a line a dive: frames of jump, start of the drop, come-out and water, 25 a second) and
scores_difficulty.csv. Slopes are of awards about the mean of their degree of difficulty. Moments that know the level:
least squares of all of them and the DD, each dive by the others. With annotations of a data set also: what board and DD
alone tell of awards, and whether a mean award that knows them is nearer than that of the stream.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from fineparser_core.data.dataset import load_dataset
from fineparser_core.evaluation.fidelity import rank_correlation
from fineparser_core.scoring.measured_stream import measured_stream
from fineparser_core.support.text_table import text_table

_FRAMES_A_SECOND = 25.0
#: Least mean award of the dives whose times are ranges of good ones (`fineparser_core/measures/records.py`).
_WELL = 7.5
#: Of degrees of difficulty that are taken together, and dives of which a mean is told.
_BAND, _LEAST_DIVES = 0.5, 20


def main() -> None:
    """Runs the measurement; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--annotations", type=Path, help="of FineDiving or MTL-AQA")
    args = parser.parse_args()
    folder = args.folder
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
    well = award >= _WELL
    spans = (
        f"{name} {np.quantile(values[well], 0.1):.2f} to {np.quantile(values[well], 0.9):.2f} s"
        for name, values in (("flight", flight), ("come-out to water", lead))
    )
    print(f"the middle 80 % of {well.sum()} dives of {_WELL} and more: {', '.join(spans)}\n")
    print(f"{len(award)} dives\n\n{text_table(['moment', 'median', 'rho with the award', 'awards a unit'], rows)}")

    columns = np.column_stack([np.ones(len(award)), difficulty, flight, water - drop, lead])
    share = np.linalg.inv(columns.T @ columns) @ columns.T
    off = (award - columns @ share @ award) / (1 - np.einsum("ij,ji->i", columns, share))  # each by the others
    plain = np.abs(award - award.mean()) * len(award) / (len(award) - 1)
    print(
        f"\nby DD and moments, each by the others: off by {np.abs(off).mean():.2f}, by the mean of the others "
        f"{plain.mean():.2f}; awards scatter by {award.std():.2f}, what is predicted by {(award - off).std():.2f}"
    )
    if args.annotations is not None:
        print(f"\n{_levels(args.annotations)}")


def _levels(folder: Path) -> str:
    """Awards by board and DD, and how far means are off that know them, each event by the others."""
    records = [one for one in load_dataset(folder).records.values() if one.difficulty and not one.synchro]
    award = np.array([one.score / (3 * one.difficulty) for one in records])
    event = np.array([one.key[0] for one in records])
    band = np.array([f"{one.board_m:g} m, DD {_BAND * (one.difficulty // _BAND):.1f}" for one in records])
    predicted = np.empty(len(award))
    for name in np.unique(event):
        for kind in np.unique(band[event == name]):
            out, others = (event == name) & (band == kind), (event != name) & (band == kind)
            predicted[out] = award[others if others.any() else event != name].mean()
    kinds = [(kind, award[band == kind]) for kind in np.unique(band)]
    rows = [
        [kind, str(len(of)), f"{of.mean():.2f}", f"{of.std():.2f}"] for kind, of in kinds if len(of) >= _LEAST_DIVES
    ]
    off, known = np.abs(award - measured_stream().mean_award).mean(), np.abs(award - predicted).mean()
    said = f"off by {off:.2f} by the mean award of the stream, by {known:.2f} by that of board and DD in other events"
    return f"{len(award)} dives: {said}\n\n{text_table(['from, DD', 'dives', 'mean award', 'scatter'], rows)}"


def _about_mean(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    means = {group: values[groups == group].mean() for group in np.unique(groups)}
    return values - np.array([means[group] for group in groups])


if __name__ == "__main__":
    main()
