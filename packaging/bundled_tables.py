"""Remakes two bundled tables from public annotations: degrees of difficulty, and the dives of FineDiving.

`python packaging/bundled_tables.py FINEDIVING_FOLDER MTL_AQA_FOLDER`
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.commands.synthesize import annotated_records
from fineparser_core.data.finediving import load_finediving
from fineparser_core.data.mtl_aqa import load_mtl_aqa
from fineparser_core.data.records import DiveRecord
from fineparser_core.diving import difficulty
from fineparser_core.diving.difficulty import RecordedDifficulty
from fineparser_core.resources import resource
from fineparser_core.synth import twin_table
from fineparser_core.synth.twin_table import SPLITS
from fineparser_core.synth.twins import TwinRecord

# Synchronised rounds with limited difficulty count every dive as this, whatever its own DD.
_FIXED_SYNCHRO_DIFFICULTY = 2.0
_GRID, _AWARD_GRID = np.linspace(0, 1, 41), np.linspace(0, 1, 11)


def difficulty_table(records: Iterable[DiveRecord]) -> list[RecordedDifficulty]:
    """Modal DD of every dive number and board, by number and board; dives with a fixed DD are left out."""
    counts: defaultdict[tuple[str, float], Counter[float]] = defaultdict(Counter)
    for record in records:
        fixed = record.synchro and record.difficulty == _FIXED_SYNCHRO_DIFFICULTY
        if record.board_m is not None and not fixed:
            counts[record.dive_number, record.board_m][record.difficulty] += 1
    return [
        RecordedDifficulty(
            dive_number=number, board_m=board_m, difficulty=counter.most_common(1)[0][0], count=counter.total()
        )
        for (number, board_m), counter in sorted(counts.items())
    ]


def competition_records(finediving: Path, mtl_aqa: Path) -> list[DiveRecord]:
    """Every dive once: 1,369 are in both sets, and FineDiving has their DDs by the newer rules."""
    return list((load_mtl_aqa(mtl_aqa).records | load_finediving(finediving).records).values())


def difficulty_text(rows: Iterable[RecordedDifficulty]) -> str:
    """Return the table of `difficulty_table` as it is stored."""
    lines = ",\n".join(f"  {_compact(list(astuple(row)))}" for row in rows)
    about = "Modal DD by dive number and board in metres with its count, of public competition annotations"
    return f'{{\n "about": "{about}",\n "difficulties": [\n{lines}\n ]\n}}\n'


def twin_text(records: Iterable[TwinRecord]) -> str:
    """Count and quantiles of the records that belong to a split, as they are stored."""
    records = [record for record in records if record.split]
    whole = [record for record in records if record.has_steps]
    counts: defaultdict[tuple[str, float | None, float, bool], Counter[str]] = defaultdict(Counter)
    awards: defaultdict[str, list[float]] = defaultdict(list)
    for r in records:
        counts[r.dive_number, r.board_m, r.difficulty, r.synchro][r.split] += 1
        awards[r.dive_number].append(r.award)
    lengths = [r.n_frames for r in whole]
    take_offs = [r.first_flight_frame / r.n_frames for r in whole]
    flights = [r.first_entry_frame - r.first_flight_frame for r in whole]
    rows = [
        _compact([*key, *(counts[key][split] for split in SPLITS)])
        for key in sorted(counts, key=lambda k: (k[0], k[1] or 0, k[2:]))
    ]
    award_rows = [f"{json.dumps(number)}: {_quantiles(awards[number], _AWARD_GRID, 2)}" for number in sorted(awards)]
    return (
        '{\n "about": "Distribution of FineDiving\'s records: counts by number, board in metres, DD and whether '
        "synchronised, of the training and the test split; quantiles at equal steps of the award by number, "
        'of the frames of a clip, of the share of it that the take-off lasts, and of the frames of the flight",\n'
        f' "dives": [\n  {_lines(rows)}\n ],\n'
        f' "awards": {{\n  {_lines(award_rows)}\n }},\n'
        f' "n_frames": {_quantiles(lengths, _GRID, 0)},\n'
        f' "take_off_share": {_quantiles(take_offs, _GRID, 3)},\n'
        f' "flight_frames": {_quantiles(flights, _GRID, 0)}\n}}\n'
    )


def _quantiles(values: Sequence[float], grid: np.ndarray, digits: int) -> str:
    return _compact([round(float(v), digits) for v in np.quantile(values, grid)])


def _compact(values: list[Any]) -> str:
    return json.dumps(values, separators=(",", ":"))


def _lines(rows: Sequence[str]) -> str:
    return ",\n  ".join(rows)


def main(argv: list[str]) -> int:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("finediving", type=Path, help="folder of the FineDiving annotations")
    parser.add_argument("mtl_aqa", type=Path, help="folder of the MTL-AQA annotations")
    args = parser.parse_args(argv)
    rows = difficulty_table(competition_records(args.finediving, args.mtl_aqa))
    resource(*difficulty.TABLE).write_text(difficulty_text(rows), encoding="utf-8")
    resource(*twin_table.TABLE).write_text(twin_text(annotated_records(args.finediving)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
