"""`fineparser exemplars`: renders exemplar dives and a sample dive, and encodes the exemplars."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fineparser_core.checkpoints.bundle import read_card
from fineparser_core.commands.options import Count, Seed, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.terminal import running
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.inference.analyzer import Analyzer, bundled_weights
from fineparser_core.inference.clips import make_clip
from fineparser_core.inference.exemplars.records import Exemplar, ExemplarMask
from fineparser_core.inference.exemplars.store import ExemplarStore
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.resources import resource
from fineparser_core.synth.render import DivePlan, DiveSpec, RenderedDive, plan_dive, render_dive
from fineparser_core.video.atomic import atomic_file, sync_folder, temporary_path
from fineparser_core.video.writer import VideoWriter

#: The eight commonest dive numbers of FineDiving.
COMMONEST = ("407C", "107B", "307C", "5253B", "205B", "207C", "109C", "405B")
_HEIGHT_PX = 288
_SEED = 407
_SAMPLE_NUMBER = "207C"
#: A dive whose flight and entry have faults that are seen; the first draws show the entry half hidden, or few faults.
_SAMPLE_DRAW = 2


@dataclass(frozen=True, kw_only=True)
class ExemplarsOptions:
    """Renders exemplar dives and a sample dive, and encodes the exemplars.

    Attributes:
        out: new folder for the library and its clips.
        sample: folder for the sample dive.
        weights: folder of a bundle of weights, instead of the bundled one.
        each: exemplars of each dive number.
        seed: of what is rendered.
    """

    out: Path
    sample: Path
    weights: Path | None = None
    each: Count = 10
    seed: Seed = _SEED


def main(argv: list[str]) -> int:
    """Runs the command; see `--help`."""
    args = parse(ExemplarsOptions, "exemplars", argv)
    read_card(args.weights or bundled_weights())
    check_output_folder(args.out)
    check_output_folder(args.sample)
    if args.out.exists():
        raise ExportError(f"{args.out} exists already: choose a new folder.")
    if args.sample.resolve().is_relative_to(args.out.resolve()):
        raise ConfigError(f"{args.sample} lies in {args.out}, which is made anew: choose another folder for --sample.")
    with running() as (progress, cancel):
        try:
            folder = temporary_path(args.out)
            folder.mkdir()
        except OSError as error:
            raise ExportError(f"{args.out} cannot be written ({error.strerror}): choose another folder.") from None
        try:
            build_library(folder, args.each, args.seed, progress, cancel)
            encode_library(folder, args.weights, progress, cancel)
            write_sample(args.sample, args.seed)
            os.replace(folder, args.out)
            sync_folder(args.out.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def build_library(folder: Path, each: int, seed: int, progress: ProgressCallback, cancel: CancelToken) -> None:
    """Renders `each` dives of every one of the commonest numbers into MP4s; `dives.json` keeps their facts."""
    facts = []
    for n, number in enumerate(COMMONEST):
        for i in range(each):
            cancel.raise_if_cancelled()
            name = f"rendered-{number}-{i + 1:02d}"
            dive = _render(number, (seed, n, i))
            _write_clip(dive, folder / f"{name}.mp4")
            facts.append(
                {
                    "id": name,
                    "dive_number": number,
                    "board_m": dive.board_m,
                    "score": dive.score,
                    "out_frame": len(dive.frames) - 1,
                    "first_flight_frame": dive.first_flight_frame,
                    "first_entry_frame": dive.first_entry_frame,
                    "qualities": [round(float(q), 3) for q in dive.qualities],
                }
            )
            progress(Progress("render", len(facts), each * len(COMMONEST)))
    with atomic_file(folder / "dives.json") as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def encode_library(folder: Path, weights: Path | None, progress: ProgressCallback, cancel: CancelToken) -> None:
    """Writes `library.sqlite` beside rendered clips: their facts, masks and encodings by the weights."""
    facts = json.loads((folder / "dives.json").read_text(encoding="utf-8"))
    with ExemplarStore.create(folder / "library.sqlite") as library:
        analyzer = Analyzer.open(weights=weights, library=library.path)
        for done, fact in enumerate(facts, start=1):
            clip = make_clip(folder / f"{fact['id']}.mp4", 0, fact["out_frame"])
            parse, encoding = analyzer.parse(clip, cancel=cancel)
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
            library.add(exemplar, ExemplarMask.of(parse), {analyzer.model.id: analyzer.compact(encoding)})
            progress(Progress("encode", done, len(facts)))
        analyzer.library.close()


def write_sample(folder: Path, seed: int) -> None:
    """Renders the sample dive, with a JSON that gives its dive number and board."""
    folder.mkdir(parents=True, exist_ok=True)
    dive = _render(_SAMPLE_NUMBER, (seed, len(COMMONEST), _SAMPLE_DRAW))
    _write_clip(dive, folder / "sample.mp4")
    facts = {"file": "sample.mp4", "dive_number": _SAMPLE_NUMBER, "board_m": dive.board_m, "score": dive.score}
    with atomic_file(folder / "sample.json") as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def exemplar_plans() -> Iterator[tuple[str, DivePlan, int]]:
    """Of every bundled exemplar its id, the plan that it was rendered from, and its last frame."""
    facts = json.loads(resource("exemplars", "dives.json").read_text(encoding="utf-8"))
    for fact in facts:
        number, i = fact["dive_number"], int(fact["id"][-2:]) - 1
        yield fact["id"], plan_dive(*_drawn(number, (_SEED, COMMONEST.index(number), i))), fact["out_frame"]


def _drawn(number: str, seed: tuple[int, int, int]) -> tuple[DiveSpec, int]:
    state = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return DiveSpec(dive_number=number, height_px=_HEIGHT_PX, aspect=16 / 9, clear=True), state


def _render(number: str, seed: tuple[int, int, int]) -> RenderedDive:
    return render_dive(*_drawn(number, seed))


def _write_clip(dive: RenderedDive, path: Path) -> None:
    height, width = dive.frames.shape[1:3]
    with VideoWriter(path, width_px=width, height_px=height, fps=dive.fps, compact=True) as writer:
        for i, frame in enumerate(dive.frames):
            writer.write(frame, i / dive.fps)
