"""A set of the simulated club's dives, with what a scorer would have found of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from made_analysis import made_analysis
from simulated_club import ClubDive, judged

from fineparser_core.data.judged_dives import write_dives
from fineparser_core.export.judged import asked_of
from fineparser_core.export.results import ClipResult, result_to_line
from fineparser_core.records import Measure
from fineparser_core.scoring.rescore import aggregate_votes


def write_set(clip: Path, dives: Sequence[ClubDive], **changed: Any) -> Path:
    """A set of the club's dives, all in one video, and what a scorer would have found of them."""
    folder, known, lines = clip.parent, [], []
    for n, (dive, score) in enumerate(zip(dives, judged(list(dives)), strict=True)):
        given = {"awards": dive.judges, "award": None, "video": clip, "start_frame": n, "end_frame": n + 20}
        known.append(replace(score.dive, **(given | changed)))
        scoring = aggregate_votes(score.votes, str(score.number), score.difficulty, seed=0)
        measure = Measure(name="hip_angle", value=40.0, unit="deg", uncertainty=5.0, frame=3, step="flight")
        found = replace(made_analysis(clip), scoring=scoring, measures=(measure,))
        result = ClipResult(
            asked=asked_of(known[-1]), key=str(n), analysis=found, quantities=tuple(map(dict, score.queries))
        )
        lines.append(result_to_line(result))
    write_dives(folder / "club.json", known)
    (folder / "club.results.jsonl").write_bytes(b"".join(lines))
    return folder / "club.json"
