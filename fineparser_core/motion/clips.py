"""The clip of a dive in its file, and the diver in the 96 pictures that are sampled of it. No torch."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fineparser_core.constants import N_SAMPLES
from fineparser_core.errors import ConfigError, NoDiveError
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.following import LEAST_FRAMES, Diver, diver_of, fall_at_point, follow_diver, follow_point
from fineparser_core.motion.free_fall import FreeFall
from fineparser_core.motion.recording import DiveSearch, Recording, are_apart, around_fall, find_dives, read_around
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress
from fineparser_core.records import AthletePoint, Clip, DiverCandidate
from fineparser_core.video.clips import SAMPLED_S, make_clip, sample_run
from fineparser_core.video.probe import probe


class FoundClip(NamedTuple):
    """The clip of a dive, what was read of it, and the first and last frames of other dives of the file.

    Attributes:
        recording: None where the clip is still to be read.
    """

    clip: Clip
    recording: Recording | None = None
    others: tuple[tuple[int, int], ...] = ()


def find_clip(
    path: str | Path,
    athlete: AthletePoint | int | None = None,
    *,
    start_frame: int | None = None,
    end_frame: int | None = None,
    trim: bool = True,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    search: DiveSearch | None = None,
) -> FoundClip:
    """Find the clip to analyze of a file, by the rule of the window, the commands and Python.

    A chosen range is taken as it is, and the whole file where `trim` is off. Else the likeliest diver's dive is cut
    out, or that of the person at the athlete's point, around which a file of more than 15 s is read for 15 s to either
    side; of a file of at most 5 s the whole shot that holds it. A file of at most 15 s without a free fall is taken
    whole.

    Args:
        athlete: a point on the diver, or the diver's place among `Clip.divers`, from 1.
        start_frame, end_frame: first and last frame of the range, both included.
        search: of the whole file, which goes on where it was.

    Raises:
        NoDiveError: no free fall was found in a longer recording.
        VideoError: the file cannot be read, or is truncated and taken whole.
        ConfigError: the point is not in the file, or not in the range, or there are fewer divers.
        Cancelled: `cancel` was set.
    """
    path = Path(path)
    by_hand = not trim or (start_frame, end_frame) != (None, None)
    place, point = (athlete, None) if isinstance(athlete, int) else (None, athlete)
    if by_hand and place is None:
        return FoundClip(make_clip(path, start_frame, end_frame, point))
    near = None
    if point is not None:
        info = probe(path)
        make_clip(path, 0, info.n_frames - 1, point)  # is the point in the file?
        near = read_around(info, point.frame)
    whole_file = search or DiveSearch(path)
    part = near or ((start_frame, end_frame) if by_hand else None)
    read = (whole_file if part is None else DiveSearch(path, *part)).run(progress=progress, cancel=cancel)
    pointed = None if point is None else fall_at_point(read.motion, read.image_at(point.frame), point)
    recording = read if pointed is None else read.with_fall(pointed)
    judged = recording.divers(pointed=pointed, find_body=whole_file.find_body, cancel=cancel)
    chosen = judged[0].fall if judged and point is None else pointed
    if place is not None:
        listed = recording.listed(judged, None)
        if not listed:
            raise no_dive(path)
        if not 1 <= place <= len(listed):
            raise ConfigError("{0}: there is no diver {1}: choose one from 1 to {2}.", path, place, len(listed))
        chosen, point = judged[place - 1].fall, listed[place - 1].point
    divers = recording.listed(judged, chosen)
    if by_hand:
        return FoundClip(replace(make_clip(path, start_frame, end_frame, point), divers=divers), recording)
    kept = recording if near is not None or not recording.is_long else None
    if chosen is not None:
        first, last = recording.clip_around(chosen)
    elif point is not None:
        first, last = recording.clip_at(point)
    elif kept is None:
        raise no_dive(path)
    else:
        return FoundClip(make_clip(path), kept)
    if point is not None:
        first, last = min(first, point.frame), max(last, point.frame)
    trimmed = (first, last) != (0, recording.info.n_frames - 1)
    clip = replace(make_clip(path, first, last, point, trimmed=trimmed), divers=divers)
    others = ((dive.first, dive.last) for dive in recording.dives if chosen is None or are_apart(dive.fall, chosen))
    return FoundClip(clip, kept, tuple(sorted(one for one in others if one != (first, last))))


def no_dive(path: Path) -> NoDiveError:
    """Return the error for a file without a dive."""
    return NoDiveError(
        "{0}: no dive was found in it: give the first and the last frame of one yourself with --start-frame and "
        "--end-frame, or choose another recording.",
        path,
    )


class Candidate(Sequence[np.ndarray]):
    """The pictures of 96 samples, (H, W, 3) uint8 RGB, each made on demand; and the diver followed in them.

    Attributes:
        diver: the diver who falls freely; None for a pointed-at person who does not, and where no person is followed.
        squares: (96, 3) center x, center y and side that follow the candidate, in pixels of the pictures; None where no
            person is followed.
        sampled: (96,) int64 source frames.
        times_s: (96,) float64, their times.
        scales: (4,) float32, source pixels a pixel of the pictures, for x0, y0, x1, y1.
        notes: of what is missing or damaged in the file.
        divers: candidates for the diver.
    """

    def __init__(
        self,
        recording: Recording,
        clip: Clip,
        divers: tuple[DiverCandidate, ...] = (),
        fall: FreeFall | None = None,
        squares: np.ndarray | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        """Take the samples of a clip out of the recording of its file.

        Args:
            divers: candidates for the diver.
            fall: of the followed person.
            squares: (n, 3) in source pixels, a square for each picture of the recording.

        Raises:
            VideoError: too much of the clip is damaged.
            Cancelled: `cancel` was set.
        """
        images = recording.images_of(clip)
        self.divers = divers
        self.notes = recording.notes(images)
        pictures = spread_samples(recording, images, fall)
        self.sampled = recording.frames[pictures]
        self.times_s = recording.motion.times_s[pictures]
        self.diver: Diver | None = None if fall is None else diver_of(recording.motion, fall, pictures)
        self._pictures = recording.pictures
        self._pictures.keep_only(self.sampled.tolist(), cancel)
        width, height = self._pictures.size_px or (1, 1)
        across, down = recording.info.width_px / width, recording.info.height_px / height
        self.scales = np.array([across, down, across, down], np.float32)
        self.squares = None if squares is None else squares[pictures] / across

    def __len__(self) -> int:
        return len(self.sampled)

    def __getitem__(self, sample):  # type: ignore[no-untyped-def]
        return self._pictures.rgb(int(self.sampled[sample]))


def find_candidate(
    clip: Clip,
    recording: Recording | None = None,
    find_body: FindBody | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Candidate:
    """Find the person to follow in a clip; none, so that the network searches, where no body falls.

    The samples lie around the free fall, however long the clip is, so that a dive gives the same samples in every clip
    that holds it.

    Args:
        recording: recording of the file; without it the clip is read.
        find_body: looks for bodies where it is not clear who the diver is.
        progress: receives the stage "read".

    Raises:
        VideoError: the file cannot be read.
        ConfigError: nothing moves at the clip's point, or the clip is too short to follow anybody from there.
        Cancelled: `cancel` was set.
    """
    if recording is None or not recording.covers(clip):
        recording = find_dives(clip.path, clip.in_frame, clip.out_frame, progress=progress, cancel=cancel)
    images, motion = recording.images_of(clip), recording.motion
    if clip.athlete is not None and (n := images.stop - images.start) < LEAST_FRAMES:
        raise ConfigError(
            "{0}: the clip is too short to follow the diver from a point ({1} samples, need at "
            "least {2}): move the in or the out point, or take the point away.",
            clip.path,
            n,
            LEAST_FRAMES,
        )
    chosen = next((one for one in clip.divers if one.chosen), None)
    fall = None if chosen is None else recording.fall_of(chosen)
    divers = () if fall is None else clip.divers
    if fall is None and clip.athlete is not None:
        fall = fall_at_point(motion, recording.image_at(clip.athlete.frame), clip.athlete)
        recording = recording if fall is None else recording.with_fall(fall)
    if not divers:
        judged = recording.divers(images, pointed=fall, find_body=find_body, cancel=cancel)
        if judged and clip.athlete is None:
            fall = judged[0].fall
        divers = recording.listed(judged, fall)
    if fall is not None:
        squares = follow_diver(motion, fall)
    elif clip.athlete is not None:
        squares = follow_point(motion, recording.image_at(clip.athlete.frame), clip.athlete)
    else:
        squares = None
    return Candidate(recording, clip, divers, fall, squares, cancel)


def spread_samples(recording: Recording, images: slice, fall: FreeFall | None) -> np.ndarray:
    """Return the indices (96,) int64 of pictures of a recording, spread evenly over a range, around the fall if given.

    Where there are fewer pictures than samples each is taken once, and the rest repeats the last picture: short clips
    are not stretched.
    """
    first, last = images.start, images.stop - 1
    times_s = recording.motion.times_s
    if fall is not None:
        first, last = around_fall(fall, times_s, (first, last), SAMPLED_S)
    if last - first < N_SAMPLES or not recording.info.variable_frame_rate:
        return sample_run(first, last)
    wanted_s = np.linspace(times_s[first], times_s[last], N_SAMPLES)
    return np.clip(np.searchsorted(times_s, wanted_s + 1e-6, side="right") - 1, first, last).astype(np.int64)
