"""`fineparser exemplars`: renders exemplar dives and a sample dive, and encodes the exemplars."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fineparser_core.checkpoints.bundle import read_card
from fineparser_core.commands.options import Count, Seed, parse
from fineparser_core.commands.output_paths import check_output_folder
from fineparser_core.commands.terminal import running
from fineparser_core.config import Renderer
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.inference.analyzer import Analyzer, bundled_weights
from fineparser_core.inference.clips import make_clip
from fineparser_core.inference.exemplars.records import Exemplar, ExemplarMask
from fineparser_core.inference.exemplars.store import ExemplarStore
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.resources import resource
from fineparser_core.synth.dataset import CLUB_NUMBERS
from fineparser_core.synth.render import DivePlan, DiveSpec, RenderedDive, plan_dive, render_dive
from fineparser_core.synth.true_measures import true_measures
from fineparser_core.video.atomic import atomic_file, sync_folder, temporary_path
from fineparser_core.video.writer import VideoWriter

#: The eight commonest dive numbers of FineDiving.
COMMONEST = ("407C", "107B", "307C", "5253B", "205B", "207C", "109C", "405B")
_HEIGHT_PX: dict[Renderer, int] = {"capsule": 288, "mesh": 216}
#: Exemplars of each club dive: half of them from 1 m, half from 3 m.
_CLUB_EACH = 6
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
        each: exemplars of each of the eight commonest dive numbers.
        seed: of what is rendered.
        renderer: capsules, or the mesh of the extra "synth", which renders forty club dives as well, six of each.
    """

    out: Path
    sample: Path
    weights: Path | None = None
    each: Count = 10
    seed: Seed = _SEED
    renderer: Renderer = "capsule"


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
            build_library(folder, args.each, args.seed, args.renderer, progress, cancel)
            encode_library(folder, args.weights, progress, cancel)
            write_sample(args.sample, args.seed, args.renderer)
            os.replace(folder, args.out)
            sync_folder(args.out.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def build_library(
    folder: Path, each: int, seed: int, renderer: Renderer, progress: ProgressCallback, cancel: CancelToken
) -> None:
    """Renders `each` dives of every one of the commonest numbers into MP4s; `dives.json` keeps their facts,
    `measures.json` what can be measured of them."""
    facts, true = [], {}
    drawn = list(_draws(each, seed, renderer))
    for name, spec, state in drawn:
        cancel.raise_if_cancelled()
        dive = render_dive(spec, state)
        _write_clip(dive, folder / f"{name}.mp4")
        true[name] = true_measures(plan_dive(spec, state))
        facts.append(
            {
                "id": name,
                "dive_number": spec.dive_number,
                "board_m": dive.board_m,
                "score": dive.score,
                "out_frame": len(dive.frames) - 1,
                "first_flight_frame": dive.first_flight_frame,
                "first_entry_frame": dive.first_entry_frame,
                "qualities": [round(float(q), 3) for q in dive.qualities],
                "renderer": renderer,
            }
        )
        progress(Progress("render", len(facts), len(drawn)))
    lines = ",\n".join(json.dumps(fact) for fact in facts)
    with atomic_file(folder / "dives.json") as temporary:
        temporary.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    write_measures(folder / "measures.json", true)


def write_measures(path: Path, rows: dict[str, dict[str, float]]) -> None:
    """Writes what the measures of exemplars truly are, by their ids: see `measured_stream.EXEMPLARS`."""
    rounded = ({measure: round(value, 3) for measure, value in row.items()} for row in rows.values())
    lines = ",\n".join(f'  "{name}": {json.dumps(row)}' for name, row in zip(rows, rounded, strict=True))
    with atomic_file(path) as temporary:
        temporary.write_text(f'{{\n "exemplars": {{\n{lines}\n }}\n}}\n', encoding="utf-8")


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


def write_sample(folder: Path, seed: int, renderer: Renderer) -> None:
    """Renders the sample dive, with a JSON that gives its dive number and board."""
    folder.mkdir(parents=True, exist_ok=True)
    dive = render_dive(_spec(_SAMPLE_NUMBER, renderer), _state(seed, len(COMMONEST), _SAMPLE_DRAW))
    _write_clip(dive, folder / "sample.mp4")
    facts = {"file": "sample.mp4", "dive_number": _SAMPLE_NUMBER, "board_m": dive.board_m, "score": dive.score}
    with atomic_file(folder / "sample.json") as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def exemplar_plans() -> Iterator[tuple[str, DivePlan, int]]:
    """Of every bundled exemplar its id, the plan that it was rendered from, and its last frame."""
    facts = json.loads(resource("exemplars", "dives.json").read_text(encoding="utf-8"))
    renderer: Renderer = facts[0].get("renderer", "capsule")
    each = sum(fact["dive_number"] == COMMONEST[0] for fact in facts)
    drawn = {name: (spec, state) for name, spec, state in _draws(each, _SEED, renderer)}
    for fact in facts:
        yield fact["id"], plan_dive(*drawn[fact["id"]]), fact["out_frame"]


def _draws(each: int, seed: int, renderer: Renderer) -> Iterator[tuple[str, DiveSpec, int]]:
    """Id, spec and seed of every exemplar."""
    for n, number in enumerate(COMMONEST):
        for i in range(each):
            yield f"rendered-{number}-{i + 1:02d}", _spec(number, renderer), _state(seed, n, i)
    if renderer == "mesh":
        for n, number in enumerate(CLUB_NUMBERS, start=len(COMMONEST) + 1):
            for i in range(_CLUB_EACH):
                board_m = (1.0, 3.0)[i % 2]
                spec = replace(_spec(number, renderer), board_m=board_m)
                yield f"rendered-{number}-{board_m:g}m-{i // 2 + 1:02d}", spec, _state(seed, n, i)


def _spec(number: str, renderer: Renderer) -> DiveSpec:
    return DiveSpec(dive_number=number, height_px=_HEIGHT_PX[renderer], aspect=16 / 9, clear=True, renderer=renderer)


def _state(*seed: int) -> int:
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


def _write_clip(dive: RenderedDive, path: Path) -> None:
    height, width = dive.frames.shape[1:3]
    with VideoWriter(path, width_px=width, height_px=height, fps=dive.fps, compact=True) as writer:
        for i, frame in enumerate(dive.frames):
            writer.write(frame, i / dive.fps)
