"""The distribution of FineDiving's records as a bundled table, and records sampled from it.

`fineparser synthesize --annotations FINEDIVING_FOLDER --write-table` writes the table.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from fineparser_core.errors import ConfigError
from fineparser_core.resources import resource
from fineparser_core.support.atomic import atomic_file
from fineparser_core.synth.twins import TwinRecord

TABLE = ("tables", "twin_distribution.json")
_SPLITS = ("train", "test")
_GRID, _AWARD_GRID = np.linspace(0, 1, 41), np.linspace(0, 1, 11)
#: Least number of frames after the come-out, so that the clip contains the splash.
_MIN_ENTRY_FRAMES = 14


def write_table(records: Iterable[TwinRecord]) -> None:
    """Write counts and quantiles of the records that belong to a split.

    Raises:
        ConfigError: no record has three steps.
        ExportError: the table cannot be written.
    """
    records = [record for record in records if record.split]
    whole = [record for record in records if record.has_steps]
    if not whole:
        raise ConfigError("No record has three phases, so there is no distribution of them: check the annotations.")
    counts: defaultdict[tuple[str, float | None, float, bool], Counter[str]] = defaultdict(Counter)
    awards: defaultdict[str, list[float]] = defaultdict(list)
    for r in records:
        counts[r.dive_number, r.board_m, r.difficulty, r.synchro][r.split] += 1
        awards[r.dive_number].append(r.award)
    lengths = [r.n_frames for r in whole]
    take_offs = [r.first_flight_frame / r.n_frames for r in whole]
    flights = [r.first_entry_frame - r.first_flight_frame for r in whole]
    rows = [
        json.dumps([*key, *(counts[key][split] for split in _SPLITS)])
        for key in sorted(counts, key=lambda k: (k[0], k[1] or 0, k[2:]))
    ]
    award_rows = [f"{json.dumps(number)}: {_quantiles(awards[number], _AWARD_GRID, 2)}" for number in sorted(awards)]
    text = (
        '{\n "about": "Distribution of FineDiving\'s records: counts by number, board in metres, DD and whether '
        "synchronised, of the training and the test split; quantiles at equal steps of the award by number, "
        'of the frames of a clip, of the share of it that the take-off lasts, and of the frames of the flight",\n'
        f' "dives": [\n  {_lines(rows)}\n ],\n'
        f' "awards": {{\n  {_lines(award_rows)}\n }},\n'
        f' "n_frames": {_quantiles(lengths, _GRID, 0)},\n'
        f' "take_off_share": {_quantiles(take_offs, _GRID, 3)},\n'
        f' "flight_frames": {_quantiles(flights, _GRID, 0)}\n}}\n'
    )
    with atomic_file(resource(*TABLE)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sample_records(seed: int) -> list[TwinRecord]:
    """Sample records with the counts and the quantiles of the bundled table.

    Sampling is stratified, so the quantiles are met as closely as the number of records allows.
    """
    table = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    rng = np.random.default_rng([seed, 0x7AB1E])
    dives = [
        (str(number), board_m, float(difficulty), bool(synchro), split)
        for number, board_m, difficulty, synchro, *counts in table["dives"]
        for split, count in zip(_SPLITS, counts, strict=True)
        for _ in range(count)
    ]
    n = len(dives)
    lengths, take_offs, flights = (
        _stratified(table[k], n, rng) for k in ("n_frames", "take_off_share", "flight_frames")
    )
    totals = Counter(number for number, *_ in dives)
    awards = {number: iter(_stratified(table["awards"][number], count, rng)) for number, count in totals.items()}
    index: Counter[str] = Counter()
    records = []
    for (number, board_m, difficulty, synchro, split), length, take_off, flight in zip(
        dives, lengths, take_offs, flights, strict=True
    ):
        event = f"twin{'_Synchro' if synchro else ''}{'' if board_m is None else f'_{board_m:g}m'}"
        index[event] += 1
        n_frames = round(length)
        first, second = _transitions(n_frames, take_off, round(flight))
        records.append(
            TwinRecord(
                event=event,
                index=index[event],
                dive_number=number,
                difficulty=difficulty,
                score=round(3 * difficulty * next(awards[number]), 2),
                board_m=board_m,
                synchro=synchro,
                n_frames=n_frames,
                first_flight_frame=first,
                first_entry_frame=second,
                split=split,
            )
        )
    return records


def _transitions(n_frames: int, take_off: float, flight: int) -> tuple[int, int]:
    """First frames of flight and entry; flight and take-off are shortened if the entry would not fit into the clip."""
    last = n_frames - _MIN_ENTRY_FRAMES
    flight = min(flight, last - 1)
    first = min(max(round(take_off * n_frames), 1), last - flight)
    return first, first + flight


def _stratified(quantiles: Sequence[float], n: int, rng: np.random.Generator) -> Iterator[float]:
    """n values of a distribution given by equidistant quantiles, one from each n-th of it, in random order."""
    shares = (rng.permutation(n) + 0.5) / n
    values: list[float] = np.interp(shares, np.linspace(0, 1, len(quantiles)), quantiles).tolist()
    return iter(values)


def _quantiles(values: Sequence[float], grid: np.ndarray, digits: int) -> str:
    return json.dumps([round(float(v), digits) for v in np.quantile(values, grid)])


def _lines(rows: Sequence[str]) -> str:
    return ",\n  ".join(rows)
