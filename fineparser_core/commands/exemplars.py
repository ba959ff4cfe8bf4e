"""`fineparser exemplars`: encodes exemplar dives, which it renders, or the bundled ones."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fineparser_core.checkpoints.bundle import read_card
from fineparser_core.commands.options import Count, Seed, Weights, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.terminal import running
from fineparser_core.errors import ConfigError, ExportError, VideoError
from fineparser_core.exemplars.records import FACTS_FILE, Exemplar, ExemplarEncoding, rendered_facts, write_facts
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore
from fineparser_core.export.results import AskedClip
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.records import Clip, MaskTrack
from fineparser_core.resources import bundled_weights, resource
from fineparser_core.scoring.rescore import correct_transitions
from fineparser_core.support.atomic import atomic_file, sync_folder, write_whole
from fineparser_core.support.documents import read_document
from fineparser_core.synth.dataset import CLUB_NUMBERS
from fineparser_core.synth.render import DiveSpec, RenderedDive, plan_dive, render_dive
from fineparser_core.synth.true_measures import true_measures
from fineparser_core.video.clips import make_clip
from fineparser_core.video.writer import VideoWriter

#: The eight commonest dive numbers of FineDiving.
COMMONEST = ("407C", "107B", "307C", "5253B", "205B", "207C", "109C", "405B")
_SIZE_PX, _SAMPLE_PX = (320, 240), (512, 288)
#: Qualities of the exemplars of a club dive, from 1 m and from 3 m each, and how far those of its phases scatter.
_CLUB_QUALITIES, _CLUB_SPREAD = (8.8, 7.2, 5.4), 0.7
_SEED = 407
#: Blur of the background, and its distance from the body, in pixels.
_DEFOCUS_PX, _EDGE_PX = 3.0, 3.0
_NEAR_ATHLETE_PX, _NEAR_SPLASH_PX = 8, 36
#: Folder, within the unfinished one, of facts and encodings of the dives that are finished.
RECORDS = ".records"
_MASK_FIELDS = ("sampled_frames", "mask_probability", "crop_xyxy")
_ENCODING_FIELDS = ("gated", "static_tokens")
_SAMPLE_NUMBER = "207C"
#: Maximum number of dives that are rendered for one that is scored.
SAMPLE_DRAWS = 10


@dataclass(frozen=True, kw_only=True)
class ExemplarsOptions:
    """Renders exemplar dives and encodes them; on request, a sample dive as well.

    What is finished is kept beside the new folder, in NAME.part: called again, the command goes on from there.

    Attributes:
        out: new folder for the library and its clips.
        sample: folder for a sample dive; without it, none is rendered.
        weights: folder of a bundle of weights, or bundled; by default the bundled weights.
        bundled: encode the clips of the bundled exemplars, and render none.
        each: exemplars of each dive number; of club dives half of them, rounded up, from 1 m and as many from 3 m.
        seed: of what is rendered.
    """

    out: Path
    sample: Path | None = None
    weights: Weights | None = None
    bundled: bool = False
    each: Count = 10
    seed: Seed = _SEED


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(ExemplarsOptions, "exemplars", argv)
    card = read_card(args.weights or bundled_weights())
    check_output_folder(args.out)
    if args.out.exists():
        raise ExportError(f"{args.out} exists already: choose a new folder.")
    if args.sample is not None:
        check_output_folder(args.sample)
        if args.sample.resolve().is_relative_to(args.out.resolve()):
            raise ConfigError(f"{args.sample} lies in {args.out}, which is made anew: choose another for --sample.")
    settings = {"weights": card.id, "each": args.each, "seed": args.seed, "bundled": args.bundled}
    with running() as (progress, cancel):
        folder = args.out.with_name(f"{args.out.name}.part")
        _begin(folder, settings)
        if args.bundled:
            take_clips(resource("exemplars"), folder)
        else:
            build_library(folder, list(draws(args.each, args.seed)), progress, cancel)
        encode_library(folder, args.weights, progress, cancel)
        if args.sample is not None:
            write_sample(args.sample, args.seed, folder / FILE_NAME, args.weights, cancel=cancel)
        shutil.rmtree(folder / RECORDS, ignore_errors=True)
        os.replace(folder, args.out)
        sync_folder(args.out.parent)
    return 0


def _begin(folder: Path, settings: dict[str, Any]) -> None:
    """Make the folder of finished dives, or check that it holds dives of these settings.

    Raises: ConfigError where it does not, ExportError where it cannot be written.
    """
    kept = folder / RECORDS / "settings.json"
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        before = settings
        if kept.is_file():
            before = read_document(kept, dict, lambda _: ConfigError(f"{kept} is damaged: delete {folder}."))
        if before != settings:
            raise ConfigError(
                f"{folder} holds dives of {before}, not of {settings}: delete it, or choose another --out."
            )
        write_whole(kept, json.dumps(settings))
    except OSError as error:
        raise ExportError(f"{folder} cannot be written ({error.strerror}): choose another folder.") from None


def take_clips(source: Path, folder: Path) -> None:
    """Copy rendered clips and their facts into the unfinished folder."""
    for name in (FACTS_FILE, *(f"{fact['id']}.mp4" for fact in rendered_facts(source))):
        with atomic_file(folder / name) as temporary:
            shutil.copyfile(source / name, temporary)


def build_library(
    folder: Path, draws: Sequence[tuple[str, DiveSpec, int]], progress: ProgressCallback, cancel: CancelToken
) -> None:
    """Render missing dives into MP4s; `dives.json` keeps their facts.

    Args:
        draws: id, spec and seed of each.
    """
    facts = []
    for done, (name, spec, state) in enumerate(draws, start=1):
        cancel.raise_if_cancelled()
        record = folder / RECORDS / f"{name}.json"
        if not record.is_file():
            _render(folder, name, spec, state)
        facts.append(json.loads(record.read_text(encoding="utf-8")))
        progress(Progress("render", done, len(draws)))
    write_facts(folder, facts)


def _render(folder: Path, name: str, spec: DiveSpec, state: int) -> None:
    dive = render_dive(spec, state)
    _write_clip(dive, folder / f"{name}.mp4")
    fact = {
        "id": name,
        "dive_number": spec.dive_number,
        "board_m": dive.board_m,
        "score": dive.score,
        "out_frame": len(dive.frames) - 1,
        "first_flight_frame": dive.first_flight_frame,
        "first_entry_frame": dive.first_entry_frame,
        "qualities": [round(float(q), 3) for q in dive.qualities],
        "measures": _true_measures(spec, state),
    }
    write_whole(folder / RECORDS / f"{name}.json", json.dumps(fact))


def _true_measures(spec: DiveSpec, state: int) -> dict[str, float]:
    return {measure: round(value, 3) for measure, value in true_measures(plan_dive(spec, state)).items()}


def encode_library(folder: Path, weights: Path | None, progress: ProgressCallback, cancel: CancelToken) -> None:
    """Write `library.sqlite` beside rendered clips: their facts, masks and encodings by the weights."""
    facts = rendered_facts(folder)
    path = folder / FILE_NAME
    path.unlink(missing_ok=True)
    with ExemplarStore.create(path) as library:
        analyzer = Analyzer.open(weights=weights, library=library)
        for done, fact in enumerate(facts, start=1):
            clip = make_clip(folder / f"{fact['id']}.mp4", 0, fact["out_frame"])
            flight_entry = (fact["first_flight_frame"], fact["first_entry_frame"])
            mask, encoding = _encoded(analyzer, clip, flight_entry, folder / RECORDS / f"{fact['id']}.npz", cancel)
            exemplar = Exemplar(
                id=fact["id"],
                dive_number=fact["dive_number"],
                board_m=fact["board_m"],
                score=fact["score"],
                clip_path=clip.path,
                in_frame=clip.in_frame,
                out_frame=clip.out_frame,
                first_flight_frame=fact["first_flight_frame"],
                first_entry_frame=fact["first_entry_frame"],
                synthetic=True,
            )
            library.add(exemplar, mask, {analyzer.model.id: encoding})
            progress(Progress("encode", done, len(facts)))


def _encoded(
    analyzer: Analyzer, clip: Clip, transitions: tuple[int, int], kept: Path, cancel: CancelToken
) -> tuple[MaskTrack, ExemplarEncoding]:
    """Return masks and encoding of a clip: those that an earlier call kept, or made now and kept.

    Args:
        transitions: first frames of flight and entry as they were rendered, which a parse may miss.
    """
    if not kept.is_file():
        parse, encoding = analyzer.parse(clip, cancel=cancel)
        flight, entry = transitions
        placed = replace(parse.transitions, first_flight_frame=flight, first_entry_frame=entry)
        parse, encoding = correct_transitions(parse, encoding, placed)
        compact = analyzer.encoder.compact(encoding)
        with atomic_file(kept) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                transition_samples=encoding.transition_samples,
                **{name: getattr(parse, name) for name in _MASK_FIELDS},
                **{name: getattr(compact, name) for name in _ENCODING_FIELDS},
            )
    with np.load(kept, allow_pickle=False) as found:
        mask = MaskTrack(**{name: found[name] for name in _MASK_FIELDS})
        first, second = found["transition_samples"].tolist()
        fields = {name: found[name] for name in _ENCODING_FIELDS}
        return mask, ExemplarEncoding(**fields, transition_samples=(first, second))


def write_sample(
    folder: Path,
    seed: int,
    library: Path,
    weights: Path | None,
    *,
    most: int = SAMPLE_DRAWS,
    cancel: CancelToken | None = None,
) -> None:
    """Render the sample dive, the first of `most` draws with a score, and a JSON of its number and true measures.

    Where no draw has one, the last is kept; the last is not analyzed.

    Raises: what the analyzer raises where weights or library cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sample.mp4"
    analyzer = Analyzer.open(weights=weights, library=library)
    with analyzer.library:
        for draw in range(most):
            spec, state = _spec(_SAMPLE_NUMBER, _SAMPLE_PX), _state(seed, len(COMMONEST), draw)
            dive = render_dive(spec, state)
            _write_clip(dive, path, small=False)
            asked = AskedClip(path=path, dive_number=_SAMPLE_NUMBER, board_m=dive.board_m)
            if draw == most - 1 or _is_scored(analyzer, asked, cancel):
                break
    facts = {
        "file": path.name,
        "dive_number": _SAMPLE_NUMBER,
        "board_m": dive.board_m,
        "score": dive.score,
        "first_flight_frame": dive.first_flight_frame,
        "first_entry_frame": dive.first_entry_frame,
        "first_water_contact_frame": dive.contact_frame,
        "measures": _true_measures(spec, state),
    }
    write_whole(folder / "sample.json", json.dumps(facts, indent=1) + "\n")


def _is_scored(analyzer: Analyzer, asked: AskedClip, cancel: CancelToken | None) -> bool:
    try:
        return analyzer.analyze_file(asked, cancel=cancel)[1].scoring is not None
    except VideoError:  # nothing falls in it, or too little of a dive
        return False


def draws(each: int, seed: int, *, numbers: Sequence[str] = ()) -> Iterator[tuple[str, DiveSpec, int]]:
    """Yield the id, spec and seed of every exemplar.

    Args:
        each: exemplars of each number; of club dives half of them, rounded up, from 1 m and as many from 3 m.
        numbers: those alone; all by default.
    """
    for n, number in enumerate(COMMONEST):
        for i in range(each if number in (numbers or COMMONEST) else 0):
            yield f"rendered-{number}-{i + 1:02d}", _spec(number), _state(seed, n, i)
    for n, number in enumerate(CLUB_NUMBERS, start=len(COMMONEST) + 1):
        for i, (k, board_m) in enumerate(
            product(range(-(-each // 2) if number in (numbers or CLUB_NUMBERS) else 0), (1.0, 3.0))
        ):
            level = _CLUB_QUALITIES[k % len(_CLUB_QUALITIES)]
            spread = np.random.default_rng(_state(seed, n, i, 1)).normal(0, _CLUB_SPREAD, 3)
            take_off, flight, entry = np.clip(level + spread, 0.3, 10.0).tolist()
            spec = replace(_spec(number), board_m=board_m, qualities=(take_off, flight, entry))
            yield f"rendered-{number}-{board_m:g}m-{k + 1:02d}", spec, _state(seed, n, i)


def _spec(number: str, size_px: tuple[int, int] = _SIZE_PX) -> DiveSpec:
    width, height = size_px
    return DiveSpec(dive_number=number, height_px=height, aspect=width / height, clear=True)


def _state(*seed: int) -> int:
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


def _write_clip(dive: RenderedDive, path: Path, *, small: bool = True) -> None:
    height, width = dive.frames.shape[1:3]
    with VideoWriter(path, width_px=width, height_px=height, fps=dive.fps, compact=small) as writer:
        for i, frame in enumerate(dive.frames):
            writer.write(_focused(frame, _near(dive, i)) if small else frame, i / dive.fps)


def _near(dive: RenderedDive, i: int) -> np.ndarray:
    """Return a mask (H, W) uint8, 1 near the athlete and, from the contact on, near the splash."""
    athlete = cv2.dilate(dive.masks[i], _round(_NEAR_ATHLETE_PX))
    if i < dive.contact_frame:
        return np.asarray(athlete)
    splash = cv2.dilate(dive.masks[dive.contact_frame - 1], _round(_NEAR_SPLASH_PX))
    return np.maximum(athlete, splash, dtype=np.uint8)


def _round(radius_px: int) -> np.ndarray:
    size = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def _focused(frame: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return a frame (H, W, 3) out of focus where it is not near: the athlete then has more of a clip's few bits."""
    share = cv2.GaussianBlur(near.astype(np.float32), (0, 0), _EDGE_PX)[..., None]
    return np.asarray(np.rint(share * frame + (1 - share) * cv2.GaussianBlur(frame, (0, 0), _DEFOCUS_PX)), np.uint8)
