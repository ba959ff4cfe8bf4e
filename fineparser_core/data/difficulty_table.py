"""The table of recorded degrees of difficulty, from the two public sets of competition annotations.

Remade with `python -m fineparser_core.data.difficulty_table FINEDIVING_FOLDER MTL_AQA_FOLDER`.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from fineparser_core.data.finediving import load_finediving
from fineparser_core.data.mtl_aqa import load_mtl_aqa
from fineparser_core.data.records import DiveRecord
from fineparser_core.diving.difficulty import TABLE, RecordedDifficulty
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
        RecordedDifficulty(
            dive_number=number, board_m=board_m, difficulty=counter.most_common(1)[0][0], count=counter.total()
        )
        for (number, board_m), counter in sorted(counts.items())
    ]


def competition_records(finediving: Path, mtl_aqa: Path) -> list[DiveRecord]:
    """Every dive once: 1,369 are in both sets, and FineDiving has their DDs by the newer rules."""
    return list((load_mtl_aqa(mtl_aqa).records | load_finediving(finediving).records).values())


def main(argv: list[str]) -> int:
    """Writes the bundled table.

    Raises:
        AnnotationError: annotations are missing or damaged.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("finediving", type=Path, help="folder of the FineDiving annotations")
    parser.add_argument("mtl_aqa", type=Path, help="folder of the MTL-AQA annotations")
    args = parser.parse_args(argv)
    rows = difficulty_table(competition_records(args.finediving, args.mtl_aqa))
    lines = ",\n".join(f"  {json.dumps(asdict(row))}" for row in rows)
    about = "Modal degree of difficulty by dive number and board over public competition annotations"
    text = f'{{\n "about": "{about}",\n "difficulties": [\n{lines}\n ]\n}}\n'
    resource(*TABLE).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
