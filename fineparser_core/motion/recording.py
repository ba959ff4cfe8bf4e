"""Reads a video once: its pictures, what moves in them, who falls freely, and the clips of the dives. No torch."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from fineparser_core.constants import DIVES_APART_S, LONGEST_DIVE_S
from fineparser_core.errors import VideoError
from fineparser_core.language import Phrase
from fineparser_core.motion.boxes import Motion, MotionFinder
from fineparser_core.motion.divers import LEAST_LOG_ODDS, FindBody, JudgedFall, judge_falls, look_times, same_body
from fineparser_core.motion.following import follow_diver
from fineparser_core.motion.free_fall import LEAST_EVIDENCE, FreeFall, find_free_falls
from fineparser_core.motion.pictures import ReadPictures, Reducer
from fineparser_core.motion.repeated import PictureChanges
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import AthletePoint, Clip, DiverCandidate, DiveSegment, Note, NoteCode, VideoInfo
from fineparser_core.video.athlete_crop import crop_image, square_to_xyxy
from fineparser_core.video.planes import Planes
from fineparser_core.video.reader import VideoReader

#: Pictures a second that are looked at: what moves in between says nothing that the network learned.
PICTURES_A_SECOND = 30
#: Recordings of fewer a second are looked at picture by picture, as cameras of 30 a second are not exact.
_EVERY_PICTURE_UP_TO = 31
#: Seconds of real time before the free fall, which the hurdle takes, and after it, which the entry does.
BEFORE_S, AFTER_S = 1.6, 1.5
#: Slow motion factor beyond which a clip gets no longer.
MOST_SLOWED = 4.0
#: A file of this length is a clip of a dive already, with next to nothing to cut but other shots; a file longer than
#: `LONGEST_DIVE_S` is not analyzed whole unless a person requests it, and is read again where its dives are.
SHORT_S = 5.0
#: Evidence of falls that are judged beside clearer falls, and of those that count where none is clear: dives that show
#: badly, or in part.
_LEAST_BESIDE, _LEAST_ALONE = LEAST_EVIDENCE / 2, LEAST_EVIDENCE / 3
#: Minimum probability of falls that are seen badly where none is clear, in files longer than `LONGEST_DIVE_S`: a
#: quarter of an hour of waiting holds many.
_LEAST_PROBABLE = 0.5
#: Side of the pictures in which a body is looked for, in those of the squares that follow a diver, and in pixels.
_LOOKED_AT_SIDE, _LOOKED_AT_PX = 1.2, 256
#: Candidates that are listed: at most, and with at least this share of the probability of the first.
_MOST_LISTED, _LEAST_LISTED = 6, 0.05
#: Share of frames that a damaged file may lack; the frame before stands in for each.
_MOST_DAMAGED = 0.25


class FoundDive(NamedTuple):
    """A free fall, and the first and the last frame of its clip, both included."""

    fall: FreeFall
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Recording: the evidence read from a video, or from a range of its frames.

    Attributes:
        info: of the file.
        ends: first and last frame that was read.
        frames: (n,) int64, source frames of the n pictures that were looked at, ascending.
        motion: what moves in these pictures.
        falls: possible bodies in free fall, also at the same time, that with most evidence first; in pixels of
            `motion`.
        dives: those that are separate dives, with their clips, in the same order.
        pictures: the pictures themselves.
        share_new: share of pictures that are new among those of the file; repeated pictures are left out, and the times
            in `motion` are those at which the new pictures lie evenly.
        damaged: frames that could not be decoded whole.
    """

    info: VideoInfo
    ends: tuple[int, int]
    frames: np.ndarray = field(repr=False)
    motion: Motion = field(repr=False)
    falls: tuple[FreeFall, ...]
    dives: tuple[FoundDive, ...]
    pictures: ReadPictures = field(repr=False)
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

    @property
    def is_long(self) -> bool:
        """True if the file is too long to be analyzed whole unasked: it is read again where its dives are."""
        return self.info.duration_s > LONGEST_DIVE_S

    def covers(self, clip: Clip) -> bool:
        """Return True if the pictures of a clip are among those that were looked at."""
        # Distance between examined frames.
        between = max(int(np.searchsorted(self.info.pts_s, 1.5 / PICTURES_A_SECOND)), round(1.5 / self.share_new))
        first, last = int(self.frames[0]), int(self.frames[-1])
        return bool(
            self.info.path == clip.path and first <= clip.in_frame + between and clip.out_frame - between <= last
        )

    def images_of(self, clip: Clip) -> slice:
        """Return the pictures that show a clip."""
        first, last = np.searchsorted(self.frames, [clip.in_frame, clip.out_frame + 1])
        return slice(int(first), int(last))

    def clip_around(self, fall: FreeFall) -> tuple[int, int]:
        """Return the first and the last frame of the clip of a fall: of a short file the shot that holds it."""
        shot = between_cuts(self.frames[self.motion.cut], fall, self.info.pts_s, self.ends)
        return shot if self.info.duration_s <= SHORT_S else around_fall(fall, self.info.pts_s, shot)

    def clip_at(self, athlete: AthletePoint) -> tuple[int, int]:
        """Return the first and the last frame of the clip that holds a point without a fall."""
        for dive in self.dives:
            if dive.first <= athlete.frame <= dive.last:
                return dive.first, dive.last
        return around(self.info, athlete.frame, LONGEST_DIVE_S / 2) if self.is_long else (0, self.info.n_frames - 1)

    def fall_of(self, diver: DiverCandidate) -> FreeFall | None:
        """Return the fall of a candidate; None where what was read shows none."""
        image = self.image_at(diver.frame)
        x0, y0, x1, y1 = np.array(diver.box_xyxy) / self.motion.scale
        best, nearest = None, 1.0
        for fall in self.falls:
            boxes = fall.boxes[self.motion.image[fall.boxes] == image]
            if len(boxes):
                x, y = self.motion.center[boxes[0]] - [(x0 + x1) / 2, (y0 + y1) / 2]
                off = float(np.hypot(x, y)) / fall.size_px
                best, nearest = (fall, off) if off < nearest else (best, nearest)
        return best

    def with_fall(self, fall: FreeFall) -> "Recording":
        """Return the recording with a fall in place of those of the same body."""
        others = (one for one in self.falls if not same_body(self.motion, fall, one))
        return replace(self, falls=(fall, *others))

    def image_at(self, frame: int) -> int:
        """Return the picture that is nearest to a source frame."""
        return int(np.abs(self.frames - frame).argmin())

    def divers(
        self,
        images: slice | None = None,
        *,
        pointed: FreeFall | None = None,
        find_body: FindBody | None = None,
        cancel: CancelToken | None = None,
    ) -> list[JudgedFall]:
        """Return the candidates for the diver, the likeliest first; falls that are no diver's are left out.

        Args:
            images: pictures that hold the whole fall; all by default.
            pointed: the fall that a person pointed at, which is not left out.
            find_body: looks for bodies, see `judge_falls`.

        Raises:
            VideoError: the file cannot be read.
            Cancelled: `cancel` was set.
        """

        def pictures(fall: FreeFall) -> list[np.ndarray]:
            at = [int(np.abs(self.motion.times_s - time_s).argmin()) for time_s in look_times(fall)]
            squares, frames = follow_diver(self.motion, fall)[at], self.frames[at].tolist()
            self.pictures.read_missing(frames, cancel)
            smaller = (self.pictures.size_px or (1, 1))[0] / self.info.width_px
            boxes = [square_to_xyxy(one * smaller, _LOOKED_AT_SIDE) for one in squares]
            shown = zip(map(self.pictures.rgb, frames), boxes, strict=True)
            return [crop_image(picture, box, _LOOKED_AT_PX) for picture, box in shown]

        within = images or slice(0, len(self.frames))
        falls = [one for one in self.falls if within.start <= one.first and one.last < within.stop]
        judged = judge_falls(self.motion, falls, find_body, pictures)
        if cancel is not None:
            cancel.raise_if_cancelled()
        return [one for one in judged if one.fall is pointed or self._may_be_a_dive(one)]

    def _may_be_a_dive(self, judged: JudgedFall) -> bool:
        if self.dives:
            return judged.log_odds >= (LEAST_LOG_ODDS if judged.fall.evidence >= LEAST_EVIDENCE else 0)
        least = _LEAST_PROBABLE if self.is_long else 0.0
        return judged.reasons.get("body", 0.0) > 0 and judged.log_odds >= 0 and judged.probability >= least

    def listed(self, judged: Sequence[JudgedFall], chosen: FreeFall | None) -> tuple[DiverCandidate, ...]:
        """Return the records of the likeliest candidates, and of who is followed."""
        likely = [one for one in judged if one.probability >= _LEAST_LISTED * judged[0].probability][:_MOST_LISTED]
        likely += [one for one in judged if one.fall is chosen and all(one is not other for other in likely)]
        return tuple(self._candidate(one, one.fall is chosen) for one in likely)

    def _candidate(self, judged: JudgedFall, chosen: bool) -> DiverCandidate:
        fall = judged.fall
        box = int(fall.boxes[len(fall.boxes) // 2])
        center, extent = self.motion.center[box], self.motion.extent[box]
        corners = np.concatenate([center - extent / 2, center + extent / 2]) * self.motion.scale
        first, last = self.clip_around(fall)
        return DiverCandidate(
            frame=int(self.frames[self.motion.image[box]]),
            box_xyxy=tuple(corners.round(1).tolist()),
            probability=judged.probability,
            in_frame=first,
            out_frame=last,
            chosen=chosen,
            reasons=judged.reasons,
        )

    def notes(self, images: slice) -> tuple[Note, ...]:
        """Return notes of what is missing or damaged in the file, and among some of the pictures.

        Raises:
            VideoError: too many of them are damaged.
        """
        shown = self.frames[images]
        notes = damage_notes(self.info, sorted(set(self.damaged) & set(shown.tolist())), len(shown))
        if self.share_new == 1:
            return notes
        return (*notes, Note(NoteCode.PICTURES_REPEATED, (self.info.fps, self.share_new * self.info.fps)))


def read_around(info: VideoInfo, frame: int) -> tuple[int, int] | None:
    """Return the first and the last frame to read for the dive of a person at a point; None for the whole file."""
    return around(info, frame, LONGEST_DIVE_S) if info.duration_s > LONGEST_DIVE_S else None


def around(info: VideoInfo, frame: int, within_s: float) -> tuple[int, int]:
    """Return the first and the last frame that are less than a time away from a frame."""
    first, end = np.searchsorted(info.pts_s, info.pts_s[frame] + np.array([-within_s, within_s])).tolist()
    return first, end - 1


class DiveSearch:
    """Reads a file for its dives; once it was cancelled, the next run goes on where it was.

    Args:
        first, last: frames between which it is read, both included; None: the file's ends.
        find_body: looks for bodies where it is not clear who the diver is, for `find_clip`.
    """

    def __init__(
        self, path: Path, first: int | None = None, last: int | None = None, *, find_body: FindBody | None = None
    ) -> None:
        self._path, self._first, self._last = path, first, last
        self.find_body = find_body
        self._finder: MotionFinder | None = None
        self._pictures, self._changes = ReadPictures(path), PictureChanges()
        self._n_read = 0
        self._damaged: set[int] = set()

    def forget_pictures(self) -> None:
        """Free the memory of pictures while the search is paused; they are read again on demand."""
        self._pictures.keep_only(())

    def run(self, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None) -> Recording:
        """Run the search, see `find_dives`."""
        with VideoReader(self._path) as reader:
            info = reader.info
            ends = self._first or 0, info.n_frames - 1 if self._last is None else self._last
            frames = looked_at(info, *ends)
            between_s = np.diff(info.pts_s[frames])
            self._finder = self._finder or MotionFinder(float(np.median(between_s)) if len(between_s) else 0.0)
            wanted = frames[self._n_read :].tolist()
            # A longer file is read again where its dives are: none of its pictures is kept.
            kept = info.duration_s <= LONGEST_DIVE_S or (self._first, self._last) != (None, None)
            # A pattern of frames is not a pattern of times, and must hold for so long.
            may_repeat = kept and not info.variable_frame_rate
            reduce, make = Reducer(reader.geometry), self._pictures.scaled(info, reader.geometry) if kept else None

            def both(frame: av.VideoFrame) -> tuple[np.ndarray, Planes | None]:
                return reduce(frame), make and make(frame)

            with closing(reader.decoded_ahead(wanted, both)) as pictures:
                for index, (reduced, planes) in pictures:
                    if planes is not None:
                        self._pictures.keep(index, planes)
                    if may_repeat:
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
        repeats = self._changes.repeats() if may_repeat else None
        if repeats is not None:
            times_s = motion.times_s[0] + repeats.places * float(np.mean(np.diff(motion.times_s)))
            motion, frames = motion.of_images(repeats.new, times_s), frames[repeats.new]
        falls = find_free_falls(motion, least_evidence=_LEAST_BESIDE, at_once=True)
        n_clear = sum(fall.evidence >= LEAST_EVIDENCE for fall in falls)
        if not n_clear:
            # Bodies that show badly are more likely the diver than none; the joint finder decides.
            falls = find_free_falls(motion, least_evidence=_LEAST_ALONE, at_once=True, loose=True)
            if info.pts_s[frames[-1]] - info.pts_s[frames[0]] <= LONGEST_DIVE_S:  # it is analyzed in any case
                n_clear = sum(fall.evidence >= LEAST_EVIDENCE for fall in falls)
        found = Recording(
            info=info,
            ends=ends,
            frames=frames,
            motion=motion,
            falls=tuple(falls),
            dives=(),
            pictures=self._pictures,
            share_new=1.0 if repeats is None else repeats.share,
            damaged=tuple(sorted(self._damaged)),
        )
        return replace(found, dives=tuple(FoundDive(one, *found.clip_around(one)) for one in apart(falls[:n_clear])))


def find_dives(
    path: str | Path,
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
    return DiveSearch(Path(path), first, last).run(progress=progress, cancel=cancel)


def looked_at(info: VideoInfo, first: int, last: int) -> np.ndarray:
    """Return the frames (n,) int64 from `first` to `last` to look at, thirty a second or all of fewer."""
    if info.fps <= _EVERY_PICTURE_UP_TO:
        return np.arange(first, last + 1)
    wanted_s = np.arange(info.pts_s[first], info.pts_s[last] + 1e-6, 1 / PICTURES_A_SECOND)
    return np.unique(np.searchsorted(info.pts_s, wanted_s + 1e-6, side="right") - 1)


def between_cuts(cuts: np.ndarray, fall: FreeFall, times_s: np.ndarray, ends: tuple[int, int]) -> tuple[int, int]:
    """Return the first and last frame of the shot that holds a fall.

    Args:
        cuts: first frames after a cut, as far as pictures lie between them.
        ends: first and last frame that was read.
    """
    before, after = cuts[times_s[cuts] <= fall.start_s], cuts[times_s[cuts] >= fall.end_s]
    return int(before.max(initial=ends[0])), int(after.min(initial=ends[1] + 1)) - 1


def apart(falls: Sequence[FreeFall]) -> list[FreeFall]:
    """Drop falls that follow better falls too soon; the fall with most evidence comes first."""
    kept: list[FreeFall] = []
    for fall in sorted(falls, key=lambda fall: -fall.evidence):
        if all(are_apart(fall, other) for other in kept):
            kept.append(fall)
    return kept


def are_apart(one: FreeFall, other: FreeFall) -> bool:
    """Return True if two falls are those of different dives."""
    return one.start_s - other.end_s > DIVES_APART_S or other.start_s - one.end_s > DIVES_APART_S


def around_fall(
    fall: FreeFall, times_s: np.ndarray, ends: tuple[int, int], margins_s: tuple[float, float] = (BEFORE_S, AFTER_S)
) -> tuple[int, int]:
    """Return the first and last of the frames or pictures of a dive.

    Args:
        times_s: of the frames or pictures.
        ends: first and last of them that may be taken.
        margins_s: real time before and after the fall; by default from the hurdle to the entry.
    """
    slowed = min(fall.slowed, MOST_SLOWED)
    first = max(int(np.searchsorted(times_s, fall.start_s - margins_s[0] * slowed)), ends[0])
    last = min(int(np.searchsorted(times_s, fall.end_s + margins_s[1] * slowed, side="right")) - 1, ends[1])
    return min(first, last), last


def damage_notes(info: VideoInfo, damaged: Sequence[int], n_read: int) -> tuple[Note, ...]:
    """Return notes of what is missing or damaged in a file, of which `n_read` frames were read.

    Raises:
        VideoError: too many of them are damaged.
    """
    if len(damaged) > _MOST_DAMAGED * n_read:
        raise VideoError(
            "{0} is damaged: {1} cannot be decoded (the first is frame {2}): copy it again, "
            "or move the in or the out point.",
            info.path,
            Phrase("{0} of the {1} frames read", len(damaged), n_read),
            damaged[0],
        )
    notes = []
    if info.n_frames_missing:
        notes.append(Note(NoteCode.FILE_CUT_OFF, (info.n_frames_missing, info.n_frames_whole)))
    if info.n_parts_damaged:
        notes.append(Note(NoteCode.PARTS_DAMAGED, (info.n_parts_damaged,)))
    if damaged:
        notes.append(Note(NoteCode.FRAMES_DAMAGED, (len(damaged), n_read, damaged[0])))
    return tuple(notes)
