"""Variants of a labelled clip: the same dive in a file that is cut, encoded, sampled or drawn otherwise.

`plan` says which frames of the clip a variant shows and when, and `write` makes its file. A plan converts the labels of
the clip into those of the variant, and times and places that are found in the variant back. Nothing here loads torch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain, cycle, pairwise, repeat
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.live.shaping import ENCODER
from fineparser_core.records import VideoInfo
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

#: A variant that is the file itself.
WHOLE = "whole"
#: Seconds of the file: what is cut off more or less than by hand, and what a cut leaves before the take-off and after
#: the contact with the water.
_EARLIER_S, _LATER_S = 0.5, 0.3
_LEAST_LEAD_S, _LEAST_TAIL_S = 0.2, 0.5
#: Seconds of real time before the take-off and after the contact that a tight cut keeps, and that a recording takes for
#: the dive: its hurdle, and its splash. What lies farther out is waiting.
_TIGHT_S, _HURDLE_S, _SPLASH_S = 1.0, 1.8, 1.5
#: Fewer frames of waiting are too few to be played forward and backward: one stands still.
_LEAST_WAITING = 8
_RECORDING_S, _RECORDING_PX = 120.0, 640
_SMALLER = 1.5
_TILT_DEG, _TILT_SCALE = 5.0, 1.05
#: How far a hand moves from frame to frame, in thousandths of the width; and how much of it is there in the next frame.
_SHAKE, _KEPT = 4.5, 0.8
_MOST_FRAMES = 10_000
_HAND = np.array(
    list(
        accumulate(np.random.default_rng(0).normal(0, _SHAKE / 1000, (_MOST_FRAMES, 2)), lambda at, by: _KEPT * at + by)
    )
)
#: Qualities of x264, the less the better; and the one of every variant that is about something else.
_CRFS = {f"crf{crf}": crf for crf in (18, 23, 28)}
_GOOD_CRF = 18
#: Variant as a camera by the pool sends it to the recorder: the recorder's own encoding, at this quality.
_RECORDED, _CAMERA_CRF = "recorded", 23
#: How little lets the picture through what is laid over it, and how long a second of its clock is.
_OPAQUE, _CLOCK_FRAMES = 0.85, 30


class Picture(NamedTuple):
    """How the frames of a variant look.

    Attributes:
        change: makes an RGB frame of the file and its number the variant's.
        back: takes points (n, 2) of the variant, in pixels, to the untouched picture; with its (width, height) and the
            numbers (n,) of the file's frames.
    """

    change: Callable[[np.ndarray, int], np.ndarray]
    back: Callable[[np.ndarray, tuple[int, int], np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A variant of a file.

    Attributes:
        path: of its file.
        info: of the untouched file.
        sources: (n,) int, the frame of the file that each of the variant's shows.
        times_s: (n,) float, when, from 0.
        dive: first frame of the variant, and the one after the last, between which the file plays as it is.
        faster: frames a second of the variant, as a multiple of the file's.
        crf: quality of its encoding, of x264.
        encoder: its other options of x264.
    """

    path: Path
    info: VideoInfo = field(repr=False)
    sources: np.ndarray = field(repr=False)
    times_s: np.ndarray = field(repr=False)
    picture: Picture
    dive: tuple[int, int]
    faster: float = 1.0
    crf: int = _GOOD_CRF
    encoder: dict[str, str] = field(default_factory=dict)

    @property
    def later_s(self) -> float:
        """Times of the untouched file less those of the variant, in the dive."""
        start = self.dive[0]
        return float(self.info.pts_s[self.sources[start]] - self.times_s[start])

    def labels(self, labels: JudgedDive) -> JudgedDive:
        """Labels of the file as those of the variant: frames that it lacks become the next ones that it has.

        Masks are left out.
        """
        start, end = self.dive
        shown = self.sources[start:end]

        def first(frame: int | None) -> int | None:
            return None if frame is None else start + min(int(np.searchsorted(shown, frame)), len(shown) - 1)

        def last(frame: int | None) -> int | None:
            return None if frame is None else start + max(int(np.searchsorted(shown, frame, side="right")) - 1, 0)

        entry = labels.first_entry_range
        if entry is not None:
            begin, until = first(entry[0]), last(entry[1])
            entry = (begin, max(begin, until))
        return replace(
            labels,
            video=self.path,
            start_frame=first(labels.start_frame),
            end_frame=last(labels.end_frame),
            first_flight_frame=first(labels.first_flight_frame),
            first_entry_frame=first(labels.first_entry_frame),
            first_water_contact_frame=first(labels.first_water_contact_frame),
            first_entry_range=entry,
            real_fps=None if labels.real_fps is None else labels.real_fps * self.faster,
            masks=None,
        )

    def followed(self, sampled_frames: np.ndarray, sampled_times_s: np.ndarray, crop_xyxy: np.ndarray) -> np.ndarray:
        """Where the crops of a parse lie in the untouched file.

        Returns:
            (n, 4): seconds of the file, x and y of the centre and the side, in pixels of its picture.
        """
        shown = self.sources[np.clip(sampled_frames, 0, len(self.sources) - 1)]
        size = (self.info.width_px, self.info.height_px)
        x0, y0, x1, y1 = np.asarray(crop_xyxy, np.float64).T
        middle = (y0 + y1) / 2
        left, right = (self.picture.back(np.column_stack([x, middle]), size, shown) for x in (x0, x1))
        side = np.linalg.norm(right - left, axis=1)
        return np.column_stack([sampled_times_s + self.later_s, (left + right) / 2, side])


def plan(name: str, labels: JudgedDive, info: VideoInfo, folder: Path) -> Plan | None:
    """Return what a variant shows.

    Args:
        name: one of `VARIANTS`.
        labels, info: of the untouched file.
        folder: its file goes there.

    Returns:
        None where the variant would be another one: there is nothing to cut off.
    """
    path = labels.video if name == WHOLE else folder / f"{labels.video.stem}.mp4"
    whole = np.arange(info.n_frames)
    if name in _CUTS:
        first, last = _CUTS[name](labels, info)
        if name != "cut" and (first, last) == _by_hand(labels, info):
            return None
        return _in_order(path, info, whole[first : last + 1])
    if name in PICTURES:
        return replace(_in_order(path, info, whole), picture=PICTURES[name])
    if name == "rate":
        return _at_another_rate(path, info)
    if name == "recording":
        return _in_a_recording(path, info, labels)
    if name == _RECORDED:
        return replace(_in_order(path, info, whole), crf=_CAMERA_CRF, encoder=ENCODER)
    return replace(_in_order(path, info, whole), crf=_CRFS.get(name, _GOOD_CRF))


def write(made: Plan, source: Path) -> None:
    """Make the file of a variant; of `WHOLE` it is there.

    Raises:
        FineParserError: the source cannot be read, or the file not be written.
    """
    if made.path == source:
        return
    made.path.parent.mkdir(parents=True, exist_ok=True)
    with VideoReader(source) as reader:
        frames = _frames(made, reader)
        first = next(frames)
        size = {"width_px": first.shape[1], "height_px": first.shape[0]}
        options = made.encoder | {"crf": str(made.crf)}
        with _Writer(made.path, fps=made.info.fps * made.faster, options=options, **size) as writer:
            for frame, time_s in zip(chain((first,), frames), made.times_s.tolist(), strict=True):
                writer.write(frame, time_s)


class _Writer(VideoWriter):
    """H.264 of a given quality."""

    def __init__(self, path: Path, *, width_px: int, height_px: int, fps: float, options: dict[str, str]) -> None:
        super().__init__(path, width_px=width_px, height_px=height_px, fps=fps)
        self._options = self._options | options


def _frames(made: Plan, reader: VideoReader) -> Iterator[np.ndarray]:
    """Return the frames of a variant. Those that are shown again later are kept, which only small pictures can be."""
    shown = made.sources.tolist()
    wanted = sorted(set(shown))
    changed = ((index, made.picture.change(frame, index)) for index, frame in reader.frames(wanted))
    if any(after < before for before, after in pairwise(shown)):
        kept = dict(changed)
        yield from (kept[index] for index in shown)
    else:
        for index, frame in changed:
            yield from repeat(frame, shown.count(index))


def _in_order(path: Path, info: VideoInfo, sources: np.ndarray) -> Plan:
    times_s = info.pts_s[sources] - info.pts_s[sources[0]]
    return Plan(path=path, info=info, sources=sources, times_s=times_s, picture=_AS_IT_IS, dive=(0, len(sources)))


def _by_hand(labels: JudgedDive, info: VideoInfo) -> tuple[int, int]:
    """First and last frame of the dive, as a person cuts it."""
    last = info.n_frames - 1
    return labels.start_frame or 0, last if labels.end_frame is None else min(labels.end_frame, last)


def _shifted(labels: JudgedDive, info: VideoInfo, start_s: float, end_s: float) -> tuple[int, int]:
    """Return a cut by hand, moved at either end by seconds of the file, as far as file and dive allow."""
    first, last = _by_hand(labels, info)
    flight, contact = labels.first_flight_frame, labels.first_water_contact_frame
    latest = last if flight is None else flight - round(_LEAST_LEAD_S * info.fps)
    earliest = first if contact is None else contact + round(_LEAST_TAIL_S * info.fps)
    start, end = first + round(start_s * info.fps), last + round(end_s * info.fps)
    if start_s > 0:
        start = max(min(start, latest), first)
    if end_s < 0:
        end = min(max(end, earliest), last)
    return max(start, 0), min(end, info.n_frames - 1)


def _tight(labels: JudgedDive, info: VideoInfo) -> tuple[int, int]:
    """Return the dive and a second around it."""
    first, last = _by_hand(labels, info)
    around = round(_TIGHT_S * (labels.real_fps or info.fps))
    start = first if labels.first_flight_frame is None else labels.first_flight_frame - around
    end = last if labels.first_water_contact_frame is None else labels.first_water_contact_frame + around
    return max(start, first), min(end, last)


def _at_another_rate(path: Path, info: VideoInfo) -> Plan:
    """25 frames a second, or 30 of a file that has about 25 already; frames are dropped or repeated."""
    rate = 30 if abs(info.fps - 25) < 1 else 25
    times_s = np.arange(int(info.pts_s[-1] * rate + 1e-6) + 1) / rate
    sources = np.searchsorted(info.pts_s, times_s + 1e-6, side="right") - 1
    made = _in_order(path, info, sources)
    return replace(made, times_s=times_s, faster=rate / info.fps)


def _in_a_recording(path: Path, info: VideoInfo, labels: JudgedDive) -> Plan:
    """Return the dive amid two minutes of waiting: what comes before and after it in the file, forward and backward."""
    first, last = _by_hand(labels, info)[0], info.n_frames - 1
    flight = first if labels.first_flight_frame is None else labels.first_flight_frame
    contact = last if labels.first_water_contact_frame is None else labels.first_water_contact_frame
    rate = labels.real_fps or info.fps
    before = _to_and_fro(first, range(first, flight - round(_HURDLE_S * rate) + 1))
    after = _to_and_fro(last, range(last, contact + round(_SPLASH_S * rate) - 1, -1))
    n_before = max(round(_RECORDING_S / 2 * info.fps) - (flight - first), 0)
    n_after = max(round(_RECORDING_S * info.fps) - n_before - (last + 1 - first), 0)
    lead = np.array([next(before) for _ in range(n_before)], int)[::-1]
    dive, tail = np.arange(first, last + 1), np.array([next(after) for _ in range(n_after)], int)
    dive_s = info.pts_s[dive] - info.pts_s[first] + n_before / info.fps
    times_s = [np.arange(n_before) / info.fps, dive_s, dive_s[-1] + np.arange(1, n_after + 1) / info.fps]
    return Plan(
        path=path,
        info=info,
        sources=np.concatenate([lead, dive, tail]),
        times_s=np.concatenate(times_s),
        picture=_made_smaller(max(max(info.width_px, info.height_px) / _RECORDING_PX, 1.0)),
        dive=(n_before, n_before + len(dive)),
    )


def _to_and_fro(start: int, waiting: range) -> Iterator[int]:
    """Frames of waiting forward and backward without end; where there are too few, one frame that stands still."""
    there = list(waiting)
    return cycle(there + there[::-1]) if len(there) >= _LEAST_WAITING else repeat(start)


def _unmoved(points: np.ndarray, size: tuple[int, int], frames: np.ndarray) -> np.ndarray:
    return points


def _mirrored(frame: np.ndarray, _: int) -> np.ndarray:
    return np.ascontiguousarray(frame[:, ::-1])


def _mirrored_back(points: np.ndarray, size: tuple[int, int], frames: np.ndarray) -> np.ndarray:
    return np.column_stack([size[0] - points[:, 0], points[:, 1]])


def _made_smaller(times: float) -> Picture:
    def change(frame: np.ndarray, _: int) -> np.ndarray:
        return cv2.resize(frame, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)

    return Picture(change, lambda points, size, frames: points * times)


def _shaken(frame: np.ndarray, index: int) -> np.ndarray:
    height, width = frame.shape[:2]
    by = _HAND[index] * width
    moved = np.array([[1, 0, by[0]], [0, 1, by[1]]])
    return cv2.warpAffine(frame, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _shaken_back(points: np.ndarray, size: tuple[int, int], frames: np.ndarray) -> np.ndarray:
    return points - _HAND[frames] * size[0]


def _tilt(width: int, height: int) -> np.ndarray:
    return cv2.getRotationMatrix2D((width / 2, height / 2), _TILT_DEG, _TILT_SCALE)


def _tilted(frame: np.ndarray, _: int) -> np.ndarray:
    height, width = frame.shape[:2]
    return cv2.warpAffine(frame, _tilt(width, height), (width, height), borderMode=cv2.BORDER_REPLICATE)


def _tilted_back(points: np.ndarray, size: tuple[int, int], frames: np.ndarray) -> np.ndarray:
    back = cv2.invertAffineTransform(_tilt(*size))
    return points @ back[:, :2].T + back[:, 2]


def _framed(frame: np.ndarray, _: int) -> np.ndarray:
    height, width = frame.shape[:2]
    return cv2.copyMakeBorder(frame, height // 4, height // 4, width // 4, width // 4, cv2.BORDER_CONSTANT)


def _framed_back(points: np.ndarray, size: tuple[int, int], frames: np.ndarray) -> np.ndarray:
    return points - [size[0] // 4, size[1] // 4]


def _darker(frame: np.ndarray, _: int) -> np.ndarray:
    return np.asarray(255 * 0.8 * (frame / 255) ** 1.8, np.uint8)


def _overlaid(frame: np.ndarray, index: int) -> np.ndarray:
    """With a channel's logo, a clock and a score bar, which stand still in the picture and let some of it through."""
    height, width = frame.shape[:2]
    unit = min(width, height) / 100
    drawn = frame.copy()

    def at(x: float, y: float) -> tuple[int, int]:
        return round(x), round(y)

    logo = (width - 12 * unit, 11 * unit)
    cv2.circle(drawn, at(*logo), round(6 * unit), (230, 40, 40), -1, cv2.LINE_AA)
    cv2.circle(drawn, at(*logo), round(3.5 * unit), (250, 250, 250), round(max(unit, 1)), cv2.LINE_AA)
    cv2.rectangle(drawn, at(5 * unit, 5 * unit), at(29 * unit, 14 * unit), (20, 20, 60), -1)
    cv2.rectangle(drawn, at(8 * unit, height - 18 * unit), at(width - 8 * unit, height - 8 * unit), (15, 50, 130), -1)
    cv2.rectangle(drawn, at(8 * unit, height - 18 * unit), at(18 * unit, height - 8 * unit), (240, 200, 30), -1)

    def text(words: str, x: float, y: float) -> None:
        font, thickness = cv2.FONT_HERSHEY_SIMPLEX, max(round(0.8 * unit), 1)
        cv2.putText(drawn, words, at(x, y), font, 0.22 * unit, (255, 255, 255), thickness, cv2.LINE_AA)

    seconds = index // _CLOCK_FRAMES
    text(f"{seconds // 60:02d}:{seconds % 60:02d}", 7 * unit, 12 * unit)
    text("DIVER 3  412.50", 21 * unit, height - 10.5 * unit)
    return cv2.addWeighted(drawn, _OPAQUE, frame, 1 - _OPAQUE, 0)


_AS_IT_IS = Picture(lambda frame, index: frame, _unmoved)
#: Variants in which every frame of the file is there and looks otherwise.
PICTURES: dict[str, Picture] = {
    "mirrored": Picture(_mirrored, _mirrored_back),
    "smaller": _made_smaller(_SMALLER),
    "shaken": Picture(_shaken, _shaken_back),
    "tilted": Picture(_tilted, _tilted_back),
    "framed": Picture(_framed, _framed_back),
    "darker": Picture(_darker, _unmoved),
    "overlays": Picture(_overlaid, _unmoved),
}
_CUTS: dict[str, Callable[[JudgedDive, VideoInfo], tuple[int, int]]] = {
    "cut": _by_hand,
    "earlier": lambda labels, info: _shifted(labels, info, -_EARLIER_S, -_EARLIER_S),
    "later": lambda labels, info: _shifted(labels, info, _LATER_S, _LATER_S),
    "tight": _tight,
}
#: Every variant: as it is, cut, encoded anew, seen and shown otherwise.
VARIANTS = (WHOLE, *_CUTS, *_CRFS, _RECORDED, *PICTURES, "rate", "recording")
