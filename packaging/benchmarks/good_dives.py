"""`python packaging/benchmarks/good_dives.py`: what good dives show, of clubs and of the bundled exemplars' numbers.

Of each number and board some good dives are planned as exemplars are. What their motion shows is given the errors that
a parse makes (`packaging/docs/measures.md`), so that the bands carry the same errors as the measures that are held
against them; they depend on no weights. Writes `resources/exemplars/good_dives.json`, which counts where neither rules
nor real dives say anything (`good` of `fineparser_core/measures/records.py`).
"""

import json
import sys
import zlib
from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np

from fineparser_core.exemplars.rendered import rendered_facts
from fineparser_core.measures.explanation import TABLE
from fineparser_core.measures.records import RECORDS
from fineparser_core.records import Measure
from fineparser_core.resources import resource
from fineparser_core.synth.dataset import CLUB_NUMBERS
from fineparser_core.synth.render import DiveSpec, plan_dive
from fineparser_core.synth.true_measures import true_measures

_DIVES = 20
#: Qualities of a good dive's phases and their scatter: awards of 7.5 to 9.
_QUALITY, _SPREAD = 8.3, 0.7
#: Good dives that a band needs, and the share of them that lies within it.
_LEAST_DIVES, _WITHIN = 3, 0.8
#: Bias and standard deviation of what a parse reads of a rendered dive, the error of the moments included
#: (`packaging/docs/measures.md`), by the measures of which renders have a truth.
_RENDER_ERROR = {
    "flight_time": (-0.02, 0.05),
    "jump_height": (-0.03, 0.06),
    "board_distance": (0.01, 0.11),
    "closest_approach": (0.05, 0.11),
    "lean": (-2.9, 4.9),
    "recoil_time": (0.0, 0.04),
    "arm_asymmetry": (-3.0, 8.0),
    "rotation_speed": (0.0, 0.02),
    "rotation_hold": (0.0, 0.02),
    "hip_angle": (-1.9, 3.2),
    "knee_angle": (0.5, 2.7),
    "legs_apart": (1.1, 2.1),
    "toe_angle": (0.3, 6.1),
    "come_out_lead": (-0.01, 0.05),
    "come_out_height": (-0.6, 0.5),
    "opening_time": (-0.01, 0.03),
    "entry_angle": (-13.0, 13.0),  # divers touch the water short and go on turning, rendered ones about upright
    "legs_line": (-2.7, 9.0),
    "hip_line": (-4.1, 10.5),
    "elbow_angle": (-5.0, 10.2),
    "entry_distance": (-0.04, 0.3),
}


def good_dive(number: str, board_m: float, seed: tuple[int, ...]) -> tuple[Measure, ...]:
    """Return what would be measured of a good dive."""
    rng = np.random.default_rng(seed)
    take_off, flight, entry = np.clip(rng.normal(_QUALITY, _SPREAD, 3), 0, 10).tolist()
    spec = DiveSpec(dive_number=number, board_m=board_m, qualities=(take_off, flight, entry))
    found = true_measures(plan_dive(spec, int(rng.integers(2**31))))
    if "legs_line" in found:
        found["legs_line"] = 0.0  # a rendered body turns on under water, which a good diver stops
    measured = []
    for name, record in RECORDS.items():
        if name in found and name in _RENDER_ERROR:
            bias, deviation = _RENDER_ERROR[name]
            value = found[name] + float(rng.normal(bias, deviation))
            if record.unit == "deg" and record.plausible.low >= 0:  # between limbs: a picture shows no sign
                value = 180 - abs(180 - abs(value))
            measured.append(Measure(name=name, value=value, unit=record.unit, uncertainty=deviation, frame=0, step=""))
    return tuple(measured)


def _bands_of(dives: Iterable[Sequence[Measure]]) -> dict[str, list[float]]:
    """Low, high and, where it is not that of all, the number of dives of each measure that enough of them have."""
    values: dict[str, list[float]] = {}
    for measure in (measure for found in dives for measure in found):
        values.setdefault(measure.name, []).append(measure.value)
    bands = {}
    for name, known in values.items():
        if len(known) >= _LEAST_DIVES:
            ends = np.quantile(known, ((1 - _WITHIN) / 2, (1 + _WITHIN) / 2)).round(2).tolist()
            bands[name] = ends if len(known) == _DIVES else [*ends, len(known)]
    return bands


def main() -> int:
    """Write the table."""
    facts = rendered_facts()
    groups = {(fact["dive_number"], fact["board_m"]) for fact in facts} | set(product(CLUB_NUMBERS, (1.0, 3.0)))
    lines = []
    for number, board_m in sorted(groups):
        seed = zlib.crc32(f"{number} {board_m:g}".encode())
        bands = _bands_of(good_dive(number, board_m, (seed, i)) for i in range(_DIVES))
        row = [bands.get(name) for name in RECORDS]
        lines.append(f"{json.dumps(f'{number} {board_m:g}')}:{json.dumps(row, separators=(',', ':'))}")
        print(lines[-1], flush=True)
    units, body = json.dumps({name: record.unit for name, record in RECORDS.items()}), ",\n".join(lines)
    resource(*TABLE).write_text(
        f'{{\n"units":{units},\n"n_dives":{_DIVES},\n"bands":{{\n{body}\n}}\n}}\n', encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
