"""The tables of an analysis by columns, for notebooks and data frames."""

from dataclasses import asdict
from itertools import pairwise

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.records import Analysis, DiveParse, Moment
from fineparser_core.support.tables import Columns, columns_of


def analysis_tables(analysis: Analysis) -> dict[str, Columns]:
    """Return the tables of an analysis by name, see `Analysis.tables`."""
    parse, scoring = analysis.parse, analysis.scoring
    parts = [{} for _ in STEP_NAMES] if scoring is None else [asdict(part) for part in scoring.contributions]
    votes = () if scoring is None else scoring.exemplars
    numbers = () if parse.recognition is None else parse.recognition.numbers
    phases = [
        {**asdict(step), "start_s": start_s, "end_s": end_s}
        | {name: value for name, value in part.items() if name != "step"}
        for step, (start_s, end_s), part in zip(parse.steps, pairwise(parse.step_ends_s), parts, strict=True)
    ]
    samples = {
        "frame": parse.sampled_frames.tolist(),
        "time_s": parse.sampled_times_s.tolist(),
        "flight_begins": parse.probabilities[:, 0].tolist(),
        "entry_begins": parse.probabilities[:, 1].tolist(),
        "athlete_share": (parse.mask_probability >= 0.5).mean(axis=(1, 2)).tolist(),
    }
    return {
        "phases": columns_of(phases),
        "moments": columns_of([{"moment": name, **asdict(moment)} for name, moment in _moments(parse).items()]),
        "measures": columns_of([asdict(measure) for measure in measures_of(analysis)]),
        "exemplars": columns_of(
            [{name: value for name, value in asdict(vote).items() if name != "contributions"} for vote in votes]
        ),
        "numbers": columns_of([asdict(seen) for seen in numbers]),
        "samples": samples,
    }


def _moments(parse: DiveParse) -> dict[str, Moment]:
    found = ((name, getattr(parse.moments, name)) for name in ("take_off", "top", "come_out", "contact"))
    return {name: moment for name, moment in found if moment is not None}
