"""What `fineparser score` can be asked for."""

from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands.options import Count, Point, Positional, Seed, WeightsOptions


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(WeightsOptions):
    """Analyses a dive. Frames are 0-based, inclusive, and those of the source file.

    Attributes:
        clip: video file.
        dive_number: e.g. 207C; needed for a score, not for the phases.
        board: 1, 3, 5, 7.5 or 10 m; without it the commonest DD.
        difficulty: the DD, where no table has it.
        start_frame: first frame of the dive; by default 0.
        end_frame: last frame of the dive; by default the last.
        no_trim: analyse the whole file, where by default the dive is found in it.
        athlete: a point on the diver, where another person was followed: frame, x and y in pixels of the frame.
        force: score it even if it does not look like a whole dive.
        exemplars: dives to compare with.
        allow_nearest: without exemplars of the number, compare with the nearest dive numbers.
        synchro: two divers: compare with exemplars of two divers alone.
        seed: which exemplars are drawn where there are more.
        library: this file of exemplars alone; by default the bundled ones and your own.
        quiet: no progress on stderr.
        json: write the analysis as JSON; - prints it instead of the report.
        csv: write the analysis as a row of a table.
        masks: write the athlete masks, as .npz.
        annotated: write the clip with mask, phases and score, as .mp4.
        compare_with: annotated: with an exemplar beside, aligned by phase; its id, or best.
        speed: annotated: slowed down, e.g. 0.25.
        whole_file: annotated: the whole file, not the dive alone.
        no_overlay: annotated: the picture alone.
        skeleton: annotated and contact sheet: with the athlete's skeleton, and the path of the body's centre.
        contact_sheet: write the phases beside the best exemplar's as a picture.
        report: write a page for athlete and coach, as .pdf or .html.
        diver: report: the athlete's name.
    """

    clip: Positional[Path]
    dive_number: str | None = None
    board: float | None = None
    difficulty: float | None = None
    start_frame: int | None = None
    end_frame: int | None = None
    no_trim: bool = False
    athlete: Point | None = None
    force: bool = False
    exemplars: Count = 10
    allow_nearest: bool = False
    synchro: bool = False
    seed: Seed = 0
    library: Path | None = None
    quiet: bool = False

    json: Path | None = None
    csv: Path | None = None
    masks: Path | None = None
    annotated: Path | None = None
    compare_with: str | None = None
    speed: float = 1.0
    whole_file: bool = False
    no_overlay: bool = False
    skeleton: bool = False
    contact_sheet: Path | None = None
    report: Path | None = None
    diver: str = ""
