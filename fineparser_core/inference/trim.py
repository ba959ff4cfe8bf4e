"""Finds the dives in a longer recording: physics finds free falls, a parse of each confirms it. Imports torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.motion.boxes import Motion
from fineparser_core.motion.cutting import MOST_SLOWED, apart, between_cuts, clip_around
from fineparser_core.motion.free_fall import FreeFall, find_free_falls
from fineparser_core.motion.scan import Scan
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import DiveParse, DiveSegment
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe

#: Evidence of a fall that is worth a parse: a hurdle beside a dive is enough, as the parse finds the dive.
_WORTH_A_LOOK = 0.35
#: No dive is shorter: from take-off to come-out, seconds of real time.
_LEAST_FLIGHT_S = 0.3
#: From the come-out to the water, where the contact does not show.
_ENTRY_S = 0.4


def find_dives(
    analyzer: Analyzer,
    path: Path,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> list[DiveSegment]:
    """Find the dives in a file, in order of time.

    Args:
        progress: receives the stage "scan", counted in images, then "confirm", in candidates.

    Raises:
        VideoError: the file cannot be read.
        Cancelled: `cancel` was set.
    """
    return DiveSearch(analyzer, path).run(progress=progress, cancel=cancel)


class DiveSearch:
    """A search for the dives of a file; once it was cancelled, the next run goes on where it was."""

    def __init__(self, analyzer: Analyzer, path: Path) -> None:
        self._analyzer, self._path = analyzer, path
        self._scan = Scan(path)
        self._moving: tuple[Motion, np.ndarray] | None = None
        self._looked_at: list[DiveSegment | None] = []  # of each free fall the dive that it is of

    def run(
        self, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
    ) -> list[DiveSegment]:
        """See `find_dives`."""
        info = probe(self._path)
        if self._moving is None:
            self._moving = self._scan.run(progress=progress, cancel=cancel)
        motion, frames = self._moving
        cuts = frames[motion.cut]
        falls = apart(find_free_falls(motion, least_evidence=_WORTH_A_LOOK))
        for fall in falls[len(self._looked_at) :]:
            self._looked_at.append(self._look_at(fall, between_cuts(cuts, fall, info.pts_s), info.pts_s, cancel))
            progress(Progress("confirm", len(self._looked_at), len(falls)))
        return suppress_overlaps([one for one in self._looked_at if one is not None])

    def _look_at(
        self, fall: FreeFall, between: tuple[int, int], times_s: np.ndarray, cancel: CancelToken | None
    ) -> DiveSegment | None:
        """The dive that a fall is of; None where the network sees none."""
        slowed = min(fall.slowed, MOST_SLOWED)
        first, last = clip_around(fall.start_s, fall.end_s, slowed, times_s, between)
        if last - first + 1 < MIN_FRAMES:
            return None
        parse, _ = self._analyzer.parse(make_clip(self._path, first, last), cancel=cancel)
        if parse.refusal is not None or _in_the_air_s(parse) < _LEAST_FLIGHT_S * slowed:
            return None
        return _segment(parse, slowed, times_s, between)


def _in_the_air_s(parse: DiveParse) -> float:
    return parse.transitions.first_entry_s - parse.transitions.first_flight_s


def _segment(parse: DiveParse, slowed: float, times_s: np.ndarray, between: tuple[int, int]) -> DiveSegment:
    """The clip of a dive by its own moments, which may lie otherwise than the fall that led to it."""
    moments, contact = parse.transitions, parse.first_water_contact_frame
    contact_s = moments.first_entry_s + _ENTRY_S * slowed if contact is None else float(times_s[contact])
    first, last = clip_around(moments.first_flight_s, contact_s, slowed, times_s, between)
    return DiveSegment(
        in_frame=first,
        out_frame=last,
        first_flight_frame=moments.first_flight_frame,
        first_entry_frame=moments.first_entry_frame,
        confidence=float(parse.probabilities.max(axis=0).min()),
    )


def suppress_overlaps(segments: Sequence[DiveSegment]) -> list[DiveSegment]:
    """Non-maximum suppression: of segments with overlapping flights the one with the highest confidence, by time."""
    kept: list[DiveSegment] = []
    for one in sorted(segments, key=lambda s: -s.confidence):
        if all(
            one.first_entry_frame <= other.first_flight_frame or other.first_entry_frame <= one.first_flight_frame
            for other in kept
        ):
            kept.append(one)
    return sorted(kept, key=lambda s: s.in_frame)
