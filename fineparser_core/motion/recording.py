"""Reads a video once: its pictures, what moves in them, who falls freely, and the clips of the dives. No torch."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fineparser_core.errors import NoDiveError, VideoError
from fineparser_core.language import Phrase
from fineparser_core.motion.boxes import Motion, MotionFinder
from fineparser_core.motion.free_fall import LEAST_EVIDENCE, FreeFall, find_free_falls
from fineparser_core.motion.pictures import Pictures
from fineparser_core.motion.repeated import PictureChanges, repeated_note
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import AthletePoint, Clip, DiveSegment, VideoInfo
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

#: Pictures a second that are looked at: what moves in between says nothing that the network learned.
PICTURES_A_SECOND = 30
#: Recordings of fewer a second are looked at picture by picture, as cameras of 30 a second are not exact.
_EVERY_PICTURE_UP_TO = 31
#: Seconds of real time before the free fall, which the hurdle takes, and after it, which the entry does.
BEFORE_S, AFTER_S = 1.6, 1.5
#: Least time between two dives of a file: what falls sooner is the hurdle, or the splash.
_APART_S = 4.0
#: In slower replays a clip gets no longer.
MOST_SLOWED = 4.0
#: A file of this length is a clip of a dive already, with next to nothing to cut but other shots; one that is longer
#: than the second is not analysed whole unless a person says so, and is read again where its dives are.
SHORT_S, LONG_S = 5.0, 15.0
#: Share of frames that a damaged file may lack; the frame before stands in for each.
_MOST_DAMAGED = 0.25


class FoundDive(NamedTuple):
    """A free fall, and the first and the last frame of its clip, both included."""

    fall: FreeFall
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What was read of a video, or of a range of its frames.

    Attributes:
        info: of the file.
        frames: (n,) int64, source frames of the n pictures that were looked at, ascending.
        motion: what moves in these pictures.
        falls: every free fall, the one with most evidence first; in pixels of `motion`.
        dives: those of them that are dives of their own, with their clips, in the same order.
        pictures: the pictures themselves.
        share_new: share of pictures that are new among those of the file; the repeated ones are left out, and the times
            in `motion` are those at which the new ones lie evenly.
        damaged: frames that could not be decoded whole.
    """

    info: VideoInfo
    frames: np.ndarray = field(repr=False)
    motion: Motion = field(repr=False)
    falls: tuple[FreeFall, ...]
    dives: tuple[FoundDive, ...]
    pictures: Pictures = field(repr=False)
    share_new: float = 1.0
    damaged: tuple[int, ...] = ()

    @property
    def segments(self) -> list[DiveSegment]:
        """Its dives in order of time, as proposals for trimming."""
        found = []
        for fall, first, last in self.dives:
            leaves, touches = np.searchsorted(self.info.pts_s, [fall.start_s, fall.end_s])
            found.append(
                DiveSegment(
                    in_frame=first,
                    out_frame=last,
                    first_flight_frame=int(leaves),
                    first_entry_frame=int(touches),
                    confidence=fall.evidence / (fall.evidence + LEAST_EVIDENCE),
                )
            )
        return sorted(found, key=lambda segment: segment.in_frame)

    def covers(self, clip: Clip) -> bool:
        """Whether the pictures of a clip are among those that were looked at."""
        # Frames of which one is looked at.
        between = max(int(np.searchsorted(self.info.pts_s, 1.5 / PICTURES_A_SECOND)), round(1.5 / self.share_new))
        first, last = int(self.frames[0]), int(self.frames[-1])
        return bool(
            self.info.path == clip.path and first <= clip.in_frame + between and clip.out_frame - between <= last
        )

    def images_of(self, clip: Clip) -> slice:
        """The pictures that show a clip."""
        first, last = np.searchsorted(self.frames, [clip.in_frame, clip.out_frame + 1])
        return slice(int(first), int(last))

    def notes(self, images: slice) -> tuple[str, ...]:
        """Sentences about what is missing or damaged in the file, and among some of the pictures.

        Raises:
            VideoError: too many of them are damaged.
        """
        shown = self.frames[images]
        notes = damage_notes(self.info, sorted(set(self.damaged) & set(shown.tolist())), len(shown))
        return notes if self.share_new == 1 else (*notes, repeated_note(self.share_new, self.info.fps))


class DiveSearch:
    """Reads a file for its dives; once it was cancelled, the next run goes on where it was.

    Args:
        first, last: frames between which it is read, both included; None: the file's ends.
    """

    def __init__(self, path: Path, first: int | None = None, last: int | None = None) -> None:
        self._path, self._first, self._last = path, first, last
        self._finder: MotionFinder | None = None
        self._pictures, self._changes = Pictures(path), PictureChanges()
        self._n_read = 0
        self._damaged: set[int] = set()

    def forget_pictures(self) -> None:
        """Hold no memory while it waits to go on; pictures are read again where they are asked for."""
        self._pictures.keep_only(())

    def run(self, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None) -> Recording:
        """See `find_dives`."""
        with VideoReader(self._path) as reader:
            info = reader.info
            ends = self._first or 0, info.n_frames - 1 if self._last is None else self._last
            frames = looked_at(info, *ends)
            between_s = np.diff(info.pts_s[frames])
            self._finder = self._finder or MotionFinder(float(np.median(between_s)) if len(between_s) else 0.0)
            wanted = frames[self._n_read :].tolist()
            # The whole of a longer file is read again where its dives are: none of its pictures is asked for.
            kept = info.duration_s <= LONG_S or (self._first, self._last) != (None, None)
            with closing(reader.decoded_ahead(wanted, self._pictures.scaled(info, reader.geometry))) as pictures:
                for index, planes in pictures:
                    if kept:
                        self._pictures.keep(index, planes)
                    reduced = self._pictures.reduced(planes)
                    self._changes.add(reduced)
                    self._finder.add(reduced, float(info.pts_s[index]))
                    self._n_read += 1
                    progress(Progress("read", self._n_read, len(frames)))
                    if cancel is not None and cancel.cancelled:
                        self.forget_pictures()
                        cancel.raise_if_cancelled()
            self._damaged |= reader.damaged
        motion = self._finder.motion()
        motion = replace(motion, scale=info.width_px / motion.size_px[0])
        # A pattern of frames is not one of times, and is followed for so long.
        repeats = self._changes.repeats() if kept and not info.variable_frame_rate else None
        if repeats is not None:
            times_s = motion.times_s[0] + repeats.places * float(np.mean(np.diff(motion.times_s)))
            motion, frames = motion.of_images(repeats.new, times_s), frames[repeats.new]
        falls = find_free_falls(motion, least_evidence=LEAST_EVIDENCE)
        if not falls and info.pts_s[frames[-1]] - info.pts_s[frames[0]] <= LONG_S:
            # It is analysed in any case: then who falls less clearly is more likely the diver than nobody.
            falls = find_free_falls(motion, least_evidence=LEAST_EVIDENCE, loose=True)
        cuts, short = frames[motion.cut], info.duration_s <= SHORT_S
        dives = []
        for fall in apart(falls):
            shot = between_cuts(cuts, fall, info.pts_s, ends)
            first, last = shot if short else around_fall(fall, info.pts_s, shot)
            dives.append(FoundDive(fall, first, last))
        return Recording(
            info=info,
            frames=frames,
            motion=motion,
            falls=tuple(falls),
            dives=tuple(dives),
            pictures=self._pictures,
            share_new=1.0 if repeats is None else repeats.share,
            damaged=tuple(sorted(self._damaged)),
        )


def find_dives(
    path: Path,
    first: int | None = None,
    last: int | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Recording:
    """Read a video once and find the dives in it by physics alone.

    Of a truncated file what is there is looked through.

    Args:
        first, last: frames between which it is read, both included; None: the file's ends.
        progress: receives the stage "read", counted in pictures.

    Raises:
        VideoError: the file cannot be read.
        Cancelled: `cancel` was set.
    """
    return DiveSearch(path, first, last).run(progress=progress, cancel=cancel)


class FoundClip(NamedTuple):
    """The clip of a dive, what was read of it, and the first and last frames of other dives of the file.

    Attributes:
        recording: None where the clip is still to be read.
    """

    clip: Clip
    recording: Recording | None = None
    others: tuple[tuple[int, int], ...] = ()


def find_clip(
    path: Path,
    athlete: AthletePoint | None = None,
    *,
    start_frame: int | None = None,
    end_frame: int | None = None,
    trim: bool = True,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    search: DiveSearch | None = None,
) -> FoundClip:
    """The clip to analyse of a file: the one rule of the window, the commands and Python.

    A range that somebody chose is taken as it is, and the whole file where `trim` is off. Otherwise the dive with most
    evidence is cut out, or the one whose clip holds the athlete's point; of a file of at most 5 s the whole shot that
    holds it. A file of at most 15 s in which nobody falls freely is taken whole.

    Args:
        athlete: a point on the diver.
        start_frame, end_frame: first and last frame of the range, both included.
        search: of the whole file, which goes on where it was.

    Raises:
        NoDiveError: nobody falls freely in a longer recording.
        VideoError: the file cannot be read, or is truncated and taken whole.
        ConfigError: the point is not in the file, or not in the range.
        Cancelled: `cancel` was set.
    """
    if not trim or (start_frame, end_frame) != (None, None):
        return FoundClip(make_clip(path, start_frame, end_frame, athlete))
    if athlete is not None:  # is the point in the file?
        make_clip(path, 0, probe(path).n_frames - 1, athlete)
    recording = (search or DiveSearch(path)).run(progress=progress, cancel=cancel)
    info, ranges = recording.info, [(dive.first, dive.last) for dive in recording.dives]
    kept = recording if info.duration_s <= LONG_S else None
    if athlete is not None:
        ranges.sort(key=lambda one: not one[0] <= athlete.frame <= one[1])
        if not ranges or not ranges[0][0] <= athlete.frame <= ranges[0][1]:
            return FoundClip(make_clip(path, athlete=athlete), kept)
    if not ranges and kept is None:
        raise no_dive(path)
    if not ranges:
        return FoundClip(make_clip(path), kept)
    first, last = ranges[0]
    trimmed = (first, last) != (0, info.n_frames - 1)
    return FoundClip(make_clip(path, first, last, athlete, trimmed=trimmed), kept, tuple(sorted(ranges[1:])))


def no_dive(path: Path) -> NoDiveError:
    """The error for a file without a dive."""
    return NoDiveError(
        "{0}: no dive was found in it: give the first and the last frame of one yourself with --start-frame and "
        "--end-frame, or choose another recording.",
        path,
    )


def looked_at(info: VideoInfo, first: int, last: int) -> np.ndarray:
    """(n,) int64: the frames from `first` to `last` that are looked at, thirty a second or all of fewer."""
    if info.fps <= _EVERY_PICTURE_UP_TO:
        return np.arange(first, last + 1)
    wanted_s = np.arange(info.pts_s[first], info.pts_s[last] + 1e-6, 1 / PICTURES_A_SECOND)
    return np.unique(np.searchsorted(info.pts_s, wanted_s + 1e-6, side="right") - 1)


def between_cuts(cuts: np.ndarray, fall: FreeFall, times_s: np.ndarray, ends: tuple[int, int]) -> tuple[int, int]:
    """First and last frame of the shot that holds a fall.

    Args:
        cuts: frames that are the first ones after a cut, as far as pictures lie between them.
        ends: first and last frame of what was read.
    """
    before, after = cuts[times_s[cuts] <= fall.start_s], cuts[times_s[cuts] >= fall.end_s]
    return int(before.max(initial=ends[0])), int(after.min(initial=ends[1] + 1)) - 1


def apart(falls: Sequence[FreeFall]) -> list[FreeFall]:
    """Of falls that follow one another too soon the one with more evidence; the one with most evidence first."""
    kept: list[FreeFall] = []
    for fall in sorted(falls, key=lambda fall: -fall.evidence):
        if all(fall.start_s - k.end_s > _APART_S or k.start_s - fall.end_s > _APART_S for k in kept):
            kept.append(fall)
    return kept


def around_fall(
    fall: FreeFall, times_s: np.ndarray, ends: tuple[int, int], margins_s: tuple[float, float] = (BEFORE_S, AFTER_S)
) -> tuple[int, int]:
    """First and last of the frames or pictures of a dive.

    Args:
        times_s: of the frames or pictures.
        ends: first and last of them that may be taken.
        margins_s: real time before and after the fall; by default from the hurdle to the entry.
    """
    slowed = min(fall.slowed, MOST_SLOWED)
    first = max(int(np.searchsorted(times_s, fall.start_s - margins_s[0] * slowed)), ends[0])
    last = min(int(np.searchsorted(times_s, fall.end_s + margins_s[1] * slowed, side="right")) - 1, ends[1])
    return min(first, last), last


def damage_notes(info: VideoInfo, damaged: Sequence[int], n_read: int) -> tuple[str, ...]:
    """Sentences about what is missing or damaged in a file, of which `n_read` frames were read.

    Raises:
        VideoError: too many of them are damaged.
    """
    notes = []
    if info.n_frames_missing:
        lost = (info.n_frames_missing, info.n_frames_whole)
        notes.append(Phrase("The file is cut off: {0} of its {1} frames are missing.", *lost))
    if info.n_parts_damaged:
        n_parts = info.n_parts_damaged
        parts = Phrase("1 part") if n_parts == 1 else Phrase("{0} parts", n_parts)
        notes.append(Phrase("The file is damaged: {0} of its video cannot be read.", parts))
    if damaged:
        share = Phrase("{0} of the {1} frames read", len(damaged), n_read)
        if len(damaged) > _MOST_DAMAGED * n_read:
            raise VideoError(
                "{0} is damaged: {1} cannot be decoded (the first is frame {2}): copy it again, "
                "or move the in or the out point.",
                info.path,
                share,
                damaged[0],
            )
        if len(damaged) == 1:
            notes.append(Phrase("The file is damaged: {0} is not whole, the first is frame {1}.", share, damaged[0]))
        else:
            notes.append(Phrase("The file is damaged: {0} are not whole, the first is frame {1}.", share, damaged[0]))
    return tuple(notes)
