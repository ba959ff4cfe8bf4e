"""A second person drawn into labelled real clips: is the right diver found and the whole dive cut out, or is it asked?

    python packaging/benchmarks/second_person.py CLIPS OUT [--only walks-behind …] [--clips NAME …]

CLIPS is a folder as `fineparser evaluate --real` takes it. The person is the diver of the same clip, cut out by the
masks of an analysis, at another time, size and place, in the view of the camera. Videos are made below OUT and stay
there: of real clips they hold private persons. Each row is right (the labelled dive is cut out whole and its diver
chosen), asked (`Clip.diver_is_unsure`, and the diver is among those listed) or wrong.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from clip_variants import Picture, plan, write

from fineparser_core.data.judged_dives import JudgedDive, read_dives
from fineparser_core.errors import NoDiveError
from fineparser_core.motion.boxes import apply
from fineparser_core.motion.clips import FoundClip, find_clip
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.recording import DiveSearch, Recording, find_dives
from fineparser_core.records import DiveParse, VideoInfo
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

#: Longer side of the videos, in pixels: a search for dives sees 384.
_LONG_SIDE_PX = 640
#: Seconds of real time that a splash shows, and before the take-off at which the diver stands.
_SPLASH_S, _STANDS_S = 0.5, 0.2
#: A step, in seconds, and how far a head goes up and down with it, in body lengths.
_STEP_S, _BOB = 0.5, 0.05
#: Farther from the diver than this share of the body's length is another person.
_ELSEWHERE = 1.0


class Sprite(NamedTuple):
    """A body cut out: (h, w, 3) uint8 RGB, (h, w, 1) alpha from 0 to 1, and the middle of its mask in `rgb`."""

    rgb: np.ndarray
    alpha: np.ndarray
    middle: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Diver:
    """The diver of a clip, cut out at every sample from standing to the water.

    Attributes:
        recording: of the whole file; the view of its picture `seen_from` is that of `places`.
        times_s: (m,) of the sprites.
        places: (m, 2) middle of the body in source pixels of that view.
        body_px: length of the body in source pixels.
        take_off_s, contact_s, slowed: of the dive.
    """

    recording: Recording
    seen_from: int
    sprites: list[Sprite]
    times_s: np.ndarray
    places: np.ndarray
    body_px: float
    take_off_s: float
    contact_s: float
    slowed: float

    def in_view(self, place: np.ndarray, frame: int) -> np.ndarray | None:
        """Return a place of the view as it lies in a frame; None in another shot."""
        motion, image = self.recording.motion, self.recording.image_at(frame)
        if motion.scene[image] != motion.scene[self.seen_from]:
            return None
        view = np.linalg.inv(motion.to_first[image]) @ motion.to_first[self.seen_from]
        return np.asarray(apply(view, place[None] / motion.scale)[0] * motion.scale)


class Act(NamedTuple):
    """What the second person does: so many times as large as the diver, from so many seconds after the dive's take-off.

    `aside` is how far from the diver, in widths of the picture, to the side with more room.
    """

    size: float
    after_s: float
    aside: float
    walks: bool = False


#: From the kept-aside clip that was cut wrongly, a girl on a board behind, to a spectator who walks in front.
ACTS = {
    "jumps-before": Act(0.55, -2.2, 0.22),
    "jumps-just-before": Act(0.7, -1.5, 0.22),
    "jumps-at-once": Act(0.55, 0.1, 0.3),
    "jumps-after": Act(0.55, 1.9, 0.22),
    "walks-behind": Act(0.6, 0.0, 0.15, walks=True),
    "walks-in-front": Act(1.8, 0.0, 0.0, walks=True),
}


def cut_out(parse: DiveParse, recording: Recording) -> Diver:
    """Return the diver of an analysed clip."""
    assert parse.motion is not None
    slowed, times_s = parse.motion.slowed, parse.sampled_times_s
    contact = parse.moments.contact or parse.moments.come_out
    take_off_s, contact_s = parse.moments.take_off.time_s, contact.time_s
    wanted = (times_s >= take_off_s - _STANDS_S * slowed) & (times_s <= contact_s)
    samples = [k for k in np.flatnonzero(wanted).tolist() if (parse.mask_probability[k] > 0.5).sum() > 20]
    seen_from = recording.image_at(int(parse.sampled_frames[samples[0]]))
    motion, sprites, places = recording.motion, [], []
    with VideoReader(parse.clip.path) as reader:
        shown = dict(reader.frames(sorted({int(parse.sampled_frames[k]) for k in samples})))
    for k in samples:
        sprite, middle = _sprite(shown[int(parse.sampled_frames[k])], parse.crop_xyxy[k], parse.mask_probability[k])
        image = recording.image_at(int(parse.sampled_frames[k]))
        view = np.linalg.inv(motion.to_first[seen_from]) @ motion.to_first[image]
        sprites.append(sprite)
        places.append(apply(view, middle[None] / motion.scale)[0] * motion.scale)
    return Diver(
        recording=recording,
        seen_from=seen_from,
        sprites=sprites,
        times_s=times_s[samples],
        places=np.array(places),
        body_px=parse.motion.body_px,
        take_off_s=take_off_s,
        contact_s=contact_s,
        slowed=slowed,
    )


def _sprite(frame: np.ndarray, crop: np.ndarray, mask: np.ndarray) -> tuple[Sprite, np.ndarray]:
    x0, y0, x1, y1 = crop.round().astype(int).tolist()
    alpha = cv2.resize(mask.astype(np.float32), (x1 - x0, y1 - y0))
    height, width = frame.shape[:2]
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    alpha = np.clip(2 * alpha[top - y0 : bottom - y0, left - x0 : right - x0] - 0.5, 0, 1)
    rows, columns = np.nonzero(alpha > 0.5)
    middle = np.array([columns.mean(), rows.mean()])
    return Sprite(frame[top:bottom, left:right].copy(), alpha[..., None], middle), middle + np.array([left, top])


def acting(diver: Diver, act: Act) -> Picture:
    """Return the picture of a variant with a second person in it."""
    info = diver.recording.info
    start = diver.places[0]
    to_side = 1 if start[0] < info.width_px / 2 else -1
    times_s = info.pts_s

    def at(time_s: float) -> tuple[int, np.ndarray] | None:
        """Which sprite is seen where, in the view; none under water."""
        if act.walks:
            along = (time_s - times_s[0]) / max(float(times_s[-1] - times_s[0]), 1e-6)
            across = info.width_px * (along if to_side > 0 else 1 - along)
            bob = diver.body_px * act.size * _BOB * np.sin(2 * np.pi * time_s / (_STEP_S * diver.slowed))
            return 0, np.array([across, start[1] - act.aside * info.height_px + bob])
        since_s = time_s - diver.take_off_s - act.after_s * diver.slowed
        anchor = start + np.array([to_side * act.aside * info.width_px, 0.0])
        if since_s > diver.contact_s - diver.take_off_s:
            return None
        sprite = int(np.abs(diver.times_s - diver.take_off_s - max(since_s, -_STANDS_S)).argmin())
        return sprite, anchor + act.size * (diver.places[sprite] - start)

    def change(frame: np.ndarray, index: int) -> np.ndarray:
        time_s = float(times_s[index])
        seen = at(time_s)
        if seen is None:
            drawn = _splashed(frame, diver, act, at, time_s, index)
        else:
            place = diver.in_view(seen[1], index)
            drawn = frame if place is None else _drawn(frame, diver.sprites[seen[0]], place, act.size)
        return cv2.resize(drawn, _size(info), interpolation=cv2.INTER_AREA)

    return Picture(change, lambda points, size, frames: points * (info.width_px / _size(info)[0]))


def _size(info: VideoInfo) -> tuple[int, int]:
    """Width and height of the videos."""
    smaller = min(_LONG_SIDE_PX / max(info.width_px, info.height_px), 1.0)
    return 2 * round(info.width_px * smaller / 2), 2 * round(info.height_px * smaller / 2)


def _drawn(frame: np.ndarray, sprite: Sprite, place: np.ndarray, size: float) -> np.ndarray:
    """Return a frame with a body in it, its middle at a place."""
    height, width = sprite.alpha.shape[:2]
    body = (max(round(width * size), 1), max(round(height * size), 1))
    left, top = (place - size * sprite.middle).round().astype(int).tolist()
    rgb, alpha = (cv2.resize(part, body, interpolation=cv2.INTER_AREA) for part in sprite[:2])
    rows, columns = (slice(max(at, 0), max(at + n, 0)) for at, n in ((top, body[1]), (left, body[0])))
    drawn = frame.copy()
    under = drawn[rows, columns]
    inside = slice(max(-top, 0), max(-top, 0) + under.shape[0]), slice(max(-left, 0), max(-left, 0) + under.shape[1])
    under[:] = under + alpha[inside][..., None] * (rgb[inside].astype(np.float32) - under)
    return drawn


def _splashed(
    frame: np.ndarray,
    diver: Diver,
    act: Act,
    at: Callable[[float], tuple[int, np.ndarray] | None],
    time_s: float,
    index: int,
) -> np.ndarray:
    contact_s = diver.contact_s + act.after_s * diver.slowed
    seen, since = at(contact_s - 1e-3), (time_s - contact_s) / diver.slowed
    place = None if seen is None else diver.in_view(seen[1], index)
    if place is None or since > _SPLASH_S:
        return frame
    rng, radius, spray = np.random.default_rng(index), act.size * diver.body_px / 2, frame.copy()
    for x, y in rng.normal(0, 1, (60, 2)) * [radius / 2, radius / 3]:
        cv2.circle(
            spray, (round(place[0] + x), round(place[1] + radius / 2 + y)), max(round(radius / 12), 1), (235,) * 3, -1
        )
    share = 1 - since / _SPLASH_S
    return cv2.addWeighted(spray, share, frame, 1 - share, 0)


class Row(NamedTuple):
    """What was found: "right", "asked" or "wrong", the frames of the cut, and frame and probability of candidates."""

    outcome: str
    cut: tuple[int, int]
    divers: list[tuple[int, float]]


def judged(found: FoundClip, labels: JudgedDive, diver: Diver) -> Row:
    """Compare what was found in a variant with the labels of the file and its diver."""
    clip = found.clip
    assert labels.first_flight_frame is not None
    contact = labels.first_water_contact_frame or labels.first_entry_frame
    whole = clip.in_frame <= labels.first_flight_frame and (contact or 0) <= clip.out_frame
    info = diver.recording.info
    larger = info.width_px / _size(info)[0]
    right = [_is_diver(one.frame, larger * np.array([one.point.x, one.point.y]), diver) for one in clip.divers]
    chosen = any(of and one.chosen for of, one in zip(right, clip.divers, strict=True))
    outcome = "right" if whole and chosen else "asked" if clip.diver_is_unsure and any(right) else "wrong"
    listed = [(one.frame, round(one.probability, 2)) for one in clip.divers]
    return Row(outcome, (clip.in_frame, clip.out_frame), listed)


def _is_diver(frame: int, place: np.ndarray, diver: Diver) -> bool:
    time_s = float(diver.recording.info.pts_s[frame])
    nearest = int(np.abs(diver.times_s - time_s).argmin())
    true = diver.in_view(diver.places[nearest], frame)
    near_s = abs(diver.times_s[nearest] - time_s) <= 0.5 * diver.slowed
    return true is not None and near_s and bool(np.hypot(*(place - true)) < _ELSEWHERE * diver.body_px)


def measure(path: Path, labels: JudgedDive, diver: Diver, find_body: FindBody | None) -> Row:
    """Find the clip of a variant."""
    try:
        return judged(find_clip(path, search=DiveSearch(path, find_body=find_body)), labels, diver)
    except NoDiveError:
        return Row("wrong", (0, 0), [])


def write_variant(name: str, labels: JudgedDive, diver: Diver, folder: Path) -> Path:
    """Make the video of a variant, once."""
    made = plan("crf18", labels, probe(labels.video), folder / name)
    assert made is not None
    if not made.path.is_file():
        write(replace(made, picture=acting(diver, ACTS[name])), labels.video)
    return made.path


def main(argv: list[str] | None = None) -> int:
    """Run the command; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips_folder", type=Path, metavar="CLIPS")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--only", nargs="+", choices=ACTS, default=list(ACTS), metavar="VARIANT", help="variants")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="these clips alone")
    args = parser.parse_args(argv)
    from fineparser_core import Analyzer

    analyzer, outcomes = Analyzer.open(), []
    for labels in read_dives(args.clips_folder):
        if labels.first_flight_frame is None or (args.clips and labels.video.name not in args.clips):
            continue
        found = find_clip(labels.video)
        parse, _ = analyzer.parse(found.clip, found.recording)
        if parse.motion is None:
            continue
        diver = cut_out(parse, find_dives(labels.video))
        for name in args.only:
            row = measure(write_variant(name, labels, diver, args.out), labels, diver, analyzer.find_body)
            outcomes.append(row.outcome)
            print(f"{labels.video.name}, {name}: {row.outcome}, cut {row.cut}, divers {row.divers}", flush=True)
    print({outcome: outcomes.count(outcome) for outcome in ("right", "asked", "wrong")})
    return 0


if __name__ == "__main__":
    sys.exit(main())
