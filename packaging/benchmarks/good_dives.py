"""`python packaging/benchmarks/good_dives.py [NUMBER…]`: what is measured of the bundled exemplars that dive best.

The better half of each dive number is parsed and measured as any clip is, so that its bands carry the same errors as
the measures that are held against them. Rows of these numbers, by default of all, are replaced in
`resources/exemplars/good_dives.json`.
"""

import json
import sys

from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.exemplars.records import Exemplar
from fineparser_core.inference.good_dives import TABLE
from fineparser_core.measures import measures
from fineparser_core.measures.explanation import bands_of
from fineparser_core.resources import resource
from fineparser_core.types import Clip, Measure
from fineparser_core.video.probe import probe


def better_half(exemplars: list[Exemplar]) -> list[Exemplar]:
    """The better half of each dive number, the best first."""
    numbers = sorted({exemplar.dive_number for exemplar in exemplars})
    chosen = []
    for number in numbers:
        same = sorted((one for one in exemplars if one.dive_number == number), key=lambda one: -one.score)
        chosen += same[: (len(same) + 1) // 2]
    return chosen


def measured(analyzer: Analyzer, exemplar: Exemplar) -> tuple[Measure, ...]:
    """What is measured of an exemplar."""
    fps = probe(exemplar.clip_path).fps
    clip = Clip(path=exemplar.clip_path, in_frame=exemplar.in_frame, out_frame=exemplar.out_frame, fps=fps)
    parse, _ = analyzer.parse(clip)
    found = measures(parse, dive_number=exemplar.dive_number, board_m=exemplar.board_m)
    print(exemplar.id, exemplar.score, {one.name: round(one.value, 3) for one in found}, flush=True)
    return found


def main(numbers: list[str]) -> int:
    """Write the table."""
    out = resource(*TABLE)
    analyzer = Analyzer.open()
    dives: dict[str, list[tuple[Measure, ...]]] = {}
    for exemplar in better_half(analyzer.library.exemplars()):
        if not numbers or exemplar.dive_number in numbers:
            group = f"{exemplar.dive_number} {exemplar.board_m:g}"
            dives.setdefault(group, []).append(measured(analyzer, exemplar))
    rows = json.loads(out.read_text(encoding="utf-8")) if numbers and out.is_file() else {}
    for group, found in dives.items():
        rows[group] = {
            name: [round(band.low, 2), round(band.high, 2), band.unit, band.n_dives]
            for name, band in bands_of(found).items()
        }
    lines = ",\n".join(f"{json.dumps(group)}: {json.dumps(rows[group])}" for group in sorted(rows))
    out.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
