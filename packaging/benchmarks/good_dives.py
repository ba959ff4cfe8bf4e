"""`python packaging/benchmarks/good_dives.py [OUT]`: what is measured of the bundled exemplars that dive best.

The better half of each dive number is parsed and measured as any clip is, so that its bands carry the same errors as
the measures that are held against them. OUT is `resources/exemplars/good_dives.json` by default.
"""

import json
import sys
from pathlib import Path

from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.exemplars.records import Exemplar
from fineparser_core.inference.good_dives import TABLE
from fineparser_core.measures import measures
from fineparser_core.resources import resource
from fineparser_core.types import Clip
from fineparser_core.video.probe import probe


def better_half(exemplars: list[Exemplar]) -> list[Exemplar]:
    """The better half of each dive number, the best first."""
    numbers = sorted({exemplar.dive_number for exemplar in exemplars})
    chosen = []
    for number in numbers:
        same = sorted((one for one in exemplars if one.dive_number == number), key=lambda one: -one.score)
        chosen += same[: (len(same) + 1) // 2]
    return chosen


def main(argv: list[str]) -> int:
    """Write the table."""
    out = Path(argv[0]) if argv else resource(*TABLE)
    analyzer = Analyzer.open()
    rows = []
    for exemplar in better_half(analyzer.library.exemplars()):
        fps = probe(exemplar.clip_path).fps
        clip = Clip(path=exemplar.clip_path, in_frame=exemplar.in_frame, out_frame=exemplar.out_frame, fps=fps)
        parse, _ = analyzer.parse(clip)
        found = measures(parse, dive_number=exemplar.dive_number, board_m=exemplar.board_m)
        values = {one.name: [round(one.value, 3), one.unit] for one in found}
        rows.append({"id": exemplar.id, "dive_number": exemplar.dive_number, "board_m": exemplar.board_m, **values})
        print(exemplar.id, exemplar.score, {name: value for name, (value, _) in values.items()}, flush=True)
    lines = ",\n  ".join(json.dumps(row) for row in rows)
    out.write_text(f'{{"weights": "{analyzer.model.id}", "dives": [\n  {lines}\n]}}\n', encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
