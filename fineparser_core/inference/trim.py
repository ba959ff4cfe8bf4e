"""Finds the dives in a longer recording: a scan detects falls, a parse of each confirms it. Imports torch."""

from pathlib import Path

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.clips import make_clip
from fineparser_core.inference.fall_detection import clip_around, find_falls, suppress_overlaps
from fineparser_core.inference.scan import scan
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import DiveSegment
from fineparser_core.video.probe import probe


def find_dives(
    analyzer: Analyzer,
    path: Path,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> list[DiveSegment]:
    """Find the dives in a file, in order of time.

    Args:
        progress: receives the stage "scan", counted in samples of a tenth of a second, then "confirm", in candidates.

    Raises:
        VideoError: the file cannot be read.
        Cancelled: `cancel` was set.
    """
    info = probe(path)
    falls = find_falls(scan(path, analyzer.encoder, progress=progress, cancel=cancel))
    segments = []
    for done, fall in enumerate(falls, start=1):
        first, last = clip_around(fall, info.pts_s)
        parse = None
        if last - first + 1 >= MIN_FRAMES:
            parse, _ = analyzer.parse(make_clip(path, first, last), cancel=cancel)
        if parse is not None and parse.refusal is None:
            segments.append(
                DiveSegment(
                    in_frame=first,
                    out_frame=last,
                    first_flight_frame=parse.transitions.first_flight_frame,
                    first_entry_frame=parse.transitions.first_entry_frame,
                    confidence=float(parse.probabilities.max(axis=0).min()),
                )
            )
        progress(Progress("confirm", done, len(falls)))
    return suppress_overlaps(segments)
