"""Stress set of diver finding: is the right diver found and the whole dive cut out of changed clips, or is it asked?

    python packaging/benchmarks/second_person.py CLIPS OUT [--only seated …] [--clips NAME …]

CLIPS is a folder as `fineparser evaluate --real` takes it. A variant draws second persons into a clip, cut out of the
same clip by the masks of an analysis, or shows it through another camera, or at another rate. OUT keeps the videos and
the analyses, which show the private persons of the clips. A row is right (the labeled dive is cut out whole and its
diver chosen), asked (`Clip.diver_is_unsure`, and the diver is among those listed) or wrong. Finding alone is measured.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from clip_variants import Picture, Plan, plan, write

from fineparser_core.data.judged_dives import JudgedDive, read_dives
from fineparser_core.errors import NoDiveError
from fineparser_core.motion.boxes import apply
from fineparser_core.motion.clips import FoundClip, find_clip
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.recording import DiveSearch
from fineparser_core.records import VideoInfo
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

#: Longer side of the videos, in pixels: a search for dives sees 384.
_LONG_SIDE_PX = 640
#: Duration of a drawn splash, and of standing before the take-off, in seconds of real time.
_SPLASH_S, _STANDS_S = 0.5, 0.2
#: Duration of a step, in seconds, and vertical movement of a walking head, in body lengths.
_STEP_S, _BOB = 0.5, 0.05
#: Distance from the diver, in body lengths, beyond which a body is another person.
_ELSEWHERE = 1.0
#: Number of seated people, their size relative to the diver, and their sway in body lengths.
_N_SEATED, _SEATED_SIZE, _SWAY = 7, 0.7, 0.03
#: Magnification of a camera that tilts, and time constant of the smoothing of its path, in seconds of real time.
_TILT_ZOOM, _SMOOTHED_S = 1.4, 0.1


class Sprite(NamedTuple):
    """A body cut out: (h, w, 3) uint8 RGB, (h, w, 1) alpha from 0 to 1, and the middle of its mask in `rgb`."""

    rgb: np.ndarray
    alpha: np.ndarray
    middle: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Diver:
    """The diver of a clip, cut out at every sample from standing to the water.

    Attributes:
        info: video file.
        to_first, scene: (n_frames, 3, 3) in pixels and (n_frames,) int, camera motion, see `Motion`.
        sprites: bodies at `times_s`.
        times_s: (m,) times of the samples.
        places: (m, 2) middle of the body in pixels, in the view of `seen_from`.
        seen_from: frame.
        body_px: length of the body in pixels.
        take_off_s, contact_s, slowed: timing of the dive.
    """

    info: VideoInfo
    to_first: np.ndarray
    scene: np.ndarray
    sprites: list[Sprite]
    times_s: np.ndarray
    places: np.ndarray
    seen_from: int
    body_px: float
    take_off_s: float
    contact_s: float
    slowed: float

    def place_at(self, time_s: float) -> np.ndarray:
        """Return the middle of the body at a time, in the view of `seen_from`."""
        return np.array([np.interp(time_s, self.times_s, axis) for axis in self.places.T])

    def in_view(self, place: np.ndarray, frame: int) -> np.ndarray | None:
        """Return a place of the view as it lies in a frame; None in another shot."""
        if self.scene[frame] != self.scene[self.seen_from]:
            return None
        return np.asarray(apply(np.linalg.inv(self.to_first[frame]) @ self.to_first[self.seen_from], place[None])[0])


class Act(NamedTuple):
    """Second person: size relative to the diver, and seconds from the dive's take-off to the person's.

    `aside` is the distance from the diver, in widths of the picture, to the side with more space.
    """

    size: float
    after_s: float
    aside: float
    walks: bool = False


#: From a real clip that was cut wrongly, with a girl on a board behind, to a spectator who walks in front.
ACTS = {
    "jumps-before": Act(0.55, -2.2, 0.22),
    "jumps-just-before": Act(0.7, -1.5, 0.22),
    "jumps-at-once": Act(0.55, 0.1, 0.3),
    "jumps-after": Act(0.55, 1.9, 0.22),
    "far-before": Act(0.25, -1.8, 0.22),
    "far-during": Act(0.25, 0.1, 0.3),
    "walks-behind": Act(0.6, 0.0, 0.15, walks=True),
    "walks-in-front": Act(1.8, 0.0, 0.0, walks=True),
}


def cut_out(labels: JudgedDive, analysis: Path) -> Diver:
    """Return the diver of a clip; the analysis is read from a file, which is made if it is missing."""
    if not analysis.is_file():
        _analyze(labels, analysis)
    with np.load(analysis) as saved:
        kept = {name: saved[name] for name in saved.files}
    take_off_s, contact_s, slowed, body_px = kept["timing"].tolist()
    times_s, frames, masks = kept["times_s"], kept["frames"], kept["masks"].astype(np.float32) / 255
    samples = np.flatnonzero((times_s >= take_off_s - _STANDS_S * slowed) & (times_s <= contact_s))
    samples = samples[(masks[samples] > 0.5).sum(axis=(1, 2)) > 20]
    with VideoReader(labels.video) as reader:
        shown = dict(reader.frames(np.unique(frames[samples]).tolist()))
    cut = [_sprite(shown[int(frames[k])], kept["crop_xyxy"][k], masks[k]) for k in samples]
    seen_from, to_first = int(frames[samples[0]]), kept["to_first"]
    views = np.linalg.inv(to_first[seen_from]) @ to_first[frames[samples]]
    return Diver(
        info=probe(labels.video),
        to_first=to_first,
        scene=kept["scene"],
        sprites=[sprite for sprite, _ in cut],
        times_s=times_s[samples],
        places=apply(views, np.array([middle for _, middle in cut])),
        seen_from=seen_from,
        body_px=body_px,
        take_off_s=take_off_s,
        contact_s=contact_s,
        slowed=slowed,
    )


def _analyze(labels: JudgedDive, out: Path) -> None:
    from fineparser_core import Analyzer

    recording = DiveSearch(labels.video).run()
    found = find_clip(labels.video, start_frame=labels.start_frame, end_frame=labels.end_frame)
    parse, _ = Analyzer.open().parse(found.clip, found.recording)
    assert parse.motion is not None
    contact = parse.moments.contact or parse.moments.come_out
    motion, scale = recording.motion, np.diag([recording.motion.scale, recording.motion.scale, 1])
    images = [recording.image_at(frame) for frame in range(recording.info.n_frames)]
    np.savez(
        out,
        times_s=parse.sampled_times_s,
        frames=parse.sampled_frames,
        masks=(255 * parse.mask_probability).astype(np.uint8),
        crop_xyxy=parse.crop_xyxy,
        to_first=(scale @ motion.to_first @ np.linalg.inv(scale))[images],
        scene=motion.scene[images],
        timing=[parse.moments.take_off.time_s, contact.time_s, parse.motion.slowed, parse.motion.body_px],
    )


def _sprite(frame: np.ndarray, crop: np.ndarray, mask: np.ndarray) -> tuple[Sprite, np.ndarray]:
    x0, y0, x1, y1 = crop.round().astype(int).tolist()
    alpha = cv2.resize(mask, (x1 - x0, y1 - y0))
    height, width = frame.shape[:2]
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    alpha = np.clip(2 * alpha[top - y0 : bottom - y0, left - x0 : right - x0] - 0.5, 0, 1)
    rows, columns = np.nonzero(alpha > 0.5)
    middle = np.array([columns.mean(), rows.mean()])
    return Sprite(frame[top:bottom, left:right].copy(), alpha[..., None], middle), middle + np.array([left, top])


def acting(diver: Diver, act: Act) -> Picture:
    """Return the picture of a variant with a second person in it."""
    info = diver.info
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
            return _splashed(frame, diver, act, at, time_s, index)
        place = diver.in_view(seen[1], index)
        return frame if place is None else _drawn(frame, diver.sprites[seen[0]], place, act.size)

    return _in_place(change)


def seated(diver: Diver) -> Picture:
    """Return the picture of a variant with a row of people who sit behind the lower third of the dive."""
    apart = _SEATED_SIZE * diver.body_px * 0.8
    row = diver.place_at(diver.take_off_s + 2 / 3 * (diver.contact_s - diver.take_off_s))
    bodies = [cv2.boundingRect((one.alpha[..., 0] > 0.5).astype(np.uint8))[2:] for one in diver.sprites]
    sprite = diver.sprites[min(range(len(bodies)), key=lambda k: (bodies[k][0] > bodies[k][1], max(bodies[k])))]
    mirrored = Sprite(sprite.rgb[:, ::-1], sprite.alpha[:, ::-1], sprite.middle * [-1, 1] + [sprite.rgb.shape[1], 0])

    def change(frame: np.ndarray, index: int) -> np.ndarray:
        time_s, drawn = float(diver.info.pts_s[index]), frame
        for n in range(_N_SEATED):
            sway = _SWAY * diver.body_px * np.sin(2 * np.pi * time_s / ((2 + n / 3) * _STEP_S * diver.slowed) + n)
            place = diver.in_view(row + np.array([(n - _N_SEATED // 2) * apart + sway, 0]), index)
            if place is not None:
                drawn = _drawn(drawn, mirrored if n % 2 else sprite, place, _SEATED_SIZE)
        place = diver.in_view(diver.place_at(time_s), index)
        if place is None or not diver.times_s[0] <= time_s <= diver.contact_s:
            return drawn
        body = diver.sprites[int(np.abs(diver.times_s - time_s).argmin())]
        white = body._replace(rgb=np.full_like(body.rgb, 255))
        share = _drawn(np.zeros_like(frame), white, place, 1.0)[..., :1] / np.float32(255)
        return (drawn + share * (frame.astype(np.float32) - drawn)).astype(np.uint8)

    return _in_place(change)


def seen_by(diver: Diver, zoom: float, *, pans: bool = True) -> Picture:
    """Return the picture of another camera that follows the dive; a smaller picture lies in a black frame.

    Args:
        zoom: magnification.
        pans: the camera follows sideways as well.
    """
    size = np.array([diver.info.width_px, diver.info.height_px])
    times_s = diver.info.pts_s
    last = size / 2
    path = np.empty((len(times_s), 2))
    for frame, time_s in enumerate(times_s.tolist()):
        place = diver.in_view(diver.place_at(time_s), frame)
        last = path[frame] = last if place is None else place
    sigma = _SMOOTHED_S * diver.slowed * diver.info.fps
    path = np.column_stack([cv2.GaussianBlur(axis[None].copy(), (0, 0), sigma)[0] for axis in path.T])
    if not pans:
        flight = (times_s >= diver.take_off_s) & (times_s <= diver.contact_s)
        path[:, 0] = np.median(path[flight, 0])
    half = np.minimum(size / zoom, size) / 2  # within the picture, whole if it is made smaller
    path = np.clip(path, half, size - half)

    def change(frame: np.ndarray, index: int) -> np.ndarray:
        view = np.column_stack([zoom * np.eye(2), size / 2 - zoom * path[index]])
        return cv2.warpAffine(frame, view, size.tolist())

    return Picture(change, lambda points, _, frames: (points - size / 2) / zoom + path[frames])


def _in_place(change: Callable[[np.ndarray, int], np.ndarray]) -> Picture:
    """Return a picture in which points stay where they are."""
    return Picture(change, lambda points, size, frames: points)


#: Pictures of the variants; "repeated" shows 25 pictures a second in a file of 30, every fifth twice.
VARIANTS: dict[str, Callable[[Diver], Picture]] = {
    "whole": lambda diver: _in_place(lambda frame, index: frame),
    **{name: partial(acting, act=act) for name, act in ACTS.items()},
    "seated": seated,
    "third": lambda diver: seen_by(diver, diver.info.height_px / 3 / diver.body_px),
    "tenth": lambda diver: seen_by(diver, diver.info.height_px / 10 / diver.body_px),
    "tilting": lambda diver: seen_by(diver, _TILT_ZOOM, pans=False),
    "repeated": lambda diver: _in_place(lambda frame, index: frame),
}


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


def judged(found: FoundClip, made: Plan, labels: JudgedDive, diver: Diver) -> Row:
    """Compare what was found in a variant with its labels and the diver of its clip."""
    clip = found.clip
    assert labels.first_flight_frame is not None
    contact = labels.first_water_contact_frame or labels.first_entry_frame
    whole = clip.in_frame <= labels.first_flight_frame and (contact or 0) <= clip.out_frame
    points = np.array([[one.point.x, one.point.y] for one in clip.divers]).reshape(-1, 2)
    frames = made.sources[[one.frame for one in clip.divers]]
    size = (diver.info.width_px, diver.info.height_px)
    right = [
        _is_diver(*one, diver) for one in zip(frames.tolist(), made.picture.back(points, size, frames), strict=True)
    ]
    chosen = any(of and one.chosen for of, one in zip(right, clip.divers, strict=True))
    outcome = "right" if whole and chosen else "asked" if clip.diver_is_unsure and any(right) else "wrong"
    listed = [(one.frame, round(one.probability, 2)) for one in clip.divers]
    return Row(outcome, (clip.in_frame, clip.out_frame), listed)


def _is_diver(frame: int, place: np.ndarray, diver: Diver) -> bool:
    time_s = float(diver.info.pts_s[frame])
    near_s = np.abs(diver.times_s - time_s).min() <= 0.5 * diver.slowed
    true = diver.in_view(diver.place_at(time_s), frame)
    return true is not None and bool(near_s and np.hypot(*(place - true)) < _ELSEWHERE * diver.body_px)


def measure(name: str, labels: JudgedDive, diver: Diver, folder: Path, find_body: FindBody | None) -> Row:
    """Find the clip of a variant, whose video is made if it is missing."""
    made = plan("crf18", labels, diver.info, folder / name)
    assert made is not None
    if name == "repeated":
        times_s = np.arange(int(diver.info.pts_s[-1] * 30) + 1) / 30
        sources = np.searchsorted(diver.info.pts_s, np.floor(times_s * 25 + 1e-6) / 25 + 1e-6, side="right") - 1
        made = replace(made, times_s=times_s, sources=sources, dive=(0, len(sources)), faster=30 / diver.info.fps)
    made = replace(made, picture=VARIANTS[name](diver))
    if not made.path.is_file():
        write(made, labels.video)
    try:
        found = find_clip(made.path, search=DiveSearch(made.path, find_body=find_body))
    except NoDiveError:
        return Row("wrong", (0, 0), [])
    return judged(found, made, made.labels(labels), diver)


def small_copy(labels: JudgedDive, folder: Path) -> JudgedDive:
    """Return the labels of a clip for a small copy of its video, which is made if it is missing."""
    info = probe(labels.video)
    made = plan("crf18", labels, info, folder / "small")
    assert made is not None
    smaller = min(_LONG_SIDE_PX / max(info.width_px, info.height_px), 1.0)
    width, height = (2 * round(side * smaller / 2) for side in (info.width_px, info.height_px))
    shrunk = _in_place(lambda frame, _: cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA))
    if not made.path.is_file():
        write(replace(made, picture=shrunk), labels.video)
    return made.labels(labels)


def main(argv: list[str] | None = None) -> int:
    """Run the command; see `--help`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips_folder", type=Path, metavar="CLIPS")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="stems of clips")
    args = parser.parse_args(argv)
    from fineparser_core import Analyzer

    analyzer, rows = Analyzer.open(), defaultdict[str, list[tuple[str, Row]]](list)
    for labels in read_dives(args.clips_folder):
        clip = labels.video.stem
        if labels.first_flight_frame is None or (args.clips and clip not in args.clips):
            continue
        small = small_copy(labels, args.out)
        diver = cut_out(small, args.out / f"{clip}.npz")
        for name in args.only:
            row = measure(name, small, diver, args.out, analyzer.find_body)
            rows[name].append((clip, row))
            print(f"{clip}, {name}: {row.outcome}, cut {row.cut}, divers {row.divers}", flush=True)
    print(f"\n{'variant':18} right asked wrong   of")
    for name, of_name in [*rows.items(), ("all", [row for each in rows.values() for row in each])]:
        outcomes = [row.outcome for _, row in of_name]
        counts = [outcomes.count(outcome) for outcome in ("right", "asked", "wrong")]
        print(f"{name:18} " + " ".join(f"{n:5}" for n in [*counts, len(outcomes)]))
    for name, of_name in rows.items():
        for clip, row in of_name:
            if row.outcome != "right":
                print(f"{row.outcome}: {clip}, {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
