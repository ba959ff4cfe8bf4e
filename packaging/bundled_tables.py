"""Remakes the bundled table of degrees of difficulty from public annotations.

`python packaging/bundled_tables.py FINEDIVING_FOLDER MTL_AQA_FOLDER`
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fineparser_core.data.finediving import load_finediving
from fineparser_core.data.mtl_aqa import load_mtl_aqa
from fineparser_core.data.records import DiveRecord
from fineparser_core.diving import difficulty
from fineparser_core.diving.difficulty import RecordedDifficulty
from fineparser_core.resources import resource

# Synchronised rounds with limited difficulty count every dive as this, whatever its own DD.
_FIXED_SYNCHRO_DIFFICULTY = 2.0


def difficulty_table(records: Iterable[DiveRecord]) -> list[RecordedDifficulty]:
    """Modal DD of every dive number and board, by number and board; dives with a fixed DD are left out."""
    counts: defaultdict[tuple[str, float], Counter[float]] = defaultdict(Counter)
    for record in records:
        fixed = record.synchro and record.difficulty == _FIXED_SYNCHRO_DIFFICULTY
        if record.board_m is not None and not fixed:
            counts[record.dive_number, record.board_m][record.difficulty] += 1
    return [
        (number, board_m, counter.most_common(1)[0][0], counter.total())
        for (number, board_m), counter in sorted(counts.items())
    ]


def competition_records(finediving: Path, mtl_aqa: Path) -> list[DiveRecord]:
    """Every dive once: 1,369 are in both sets, and FineDiving has their DDs by the newer rules."""
    return list((load_mtl_aqa(mtl_aqa).records | load_finediving(finediving).records).values())


def difficulty_text(rows: Iterable[RecordedDifficulty]) -> str:
    """Return the table of `difficulty_table` as it is stored."""
    lines = ",\n".join(f"  {_compact(list(row))}" for row in rows)
    about = "Modal DD by dive number and board in metres with its count, of public competition annotations"
    return f'{{\n "about": "{about}",\n "difficulties": [\n{lines}\n ]\n}}\n'


def _compact(values: list[Any]) -> str:
    return json.dumps(values, separators=(",", ":"))


def main(argv: list[str]) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("finediving", type=Path, help="folder of the FineDiving annotations")
    parser.add_argument("mtl_aqa", type=Path, help="folder of the MTL-AQA annotations")
    args = parser.parse_args(argv)
    rows = difficulty_table(competition_records(args.finediving, args.mtl_aqa))
    resource(*difficulty.TABLE).write_text(difficulty_text(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
