"""`fineparser train --config judged`: what judged dives teach the app, in closed form; see `scoring.fitting`.

Every dive is parsed once and kept in the output folder, where the same command goes on after an interruption. What it
writes beside them is what the app reads from its resources: `readouts.npz`, `measured_stream.json`, `judged.json`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.stats import spearmanr

from fineparser_core.commands.options import WeightsOptions, parse
from fineparser_core.commands.output_paths import make_output_folder
from fineparser_core.commands.printing import remark, say
from fineparser_core.commands.terminal import running
from fineparser_core.constants import STEP_NAMES
from fineparser_core.data.judged_dives import JudgedDive, clip_of, read_dives
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError, NoDiveError, VideoError
from fineparser_core.exemplars.judged import FILE_NAME, judged_id, write_judged
from fineparser_core.measures import measure_dive
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import ClipEncoding, DiveParse
from fineparser_core.resources import resource
from fineparser_core.scoring.fitting import (
    AwardFit,
    FittedDive,
    fit_armstand,
    fit_awards,
    left_out,
    readouts_of,
    unit_term,
)
from fineparser_core.scoring.measured_stream import READ_PHASES, READ_SPLASH, TABLE, Term, quantities
from fineparser_core.scoring.readout import awards_of, windows_after_contact
from fineparser_core.support.atomic import atomic_file, write_whole
from fineparser_core.support.codec import to_json
from fineparser_core.support.tables import text_table

#: Boards whose dives are fitted together; from a springboard other things count.
_PLATFORMS_M = (5.0, 7.5, 10.0)
#: Measures that count from a platform: name, phase, and which values are better.
_MEASURES = (
    ("splash_width", "entry", "less"),
    ("legs_line", "entry", "zero"),
    ("legs_at_touch", "entry", "zero"),
    ("entry_rotation", "entry", "less"),
    ("come_out_lead", "entry", "more"),
    ("opening_time", "entry", "less"),
    ("hip_line", "entry", "less"),
    ("elbow_angle", "entry", "more"),
    ("toe_angle", "flight", "more"),
    ("arm_asymmetry", "take-off", "less"),
)
#: Least dives, and least that show a measure.
_LEAST_DIVES, _LEAST_SEEN = 50, 30
#: Awards beyond any that a readout tells: its term is a straight line below.
_BEYOND = 9.0


@dataclass(frozen=True, kw_only=True)
class JudgedOptions(WeightsOptions):
    """Fits what judged dives tell: awards by features, splash and measures, and how an armstand looks.

    Attributes:
        data: file or folder of judged dives from platforms, with awards and events.
        out: folder for what was read of each dive, and for the tables.
        config: judged.
    """

    data: Path
    out: Path
    config: Literal["judged"] = "judged"


def main(argv: list[str]) -> int:
    """Run the command; see `--help`."""
    args = parse(JudgedOptions, "train", argv)
    dives = [dive for dive in read_dives(args.data) if dive.award is not None and dive.dive_number is not None]
    dives = [dive for dive in dives if dive.board_m in _PLATFORMS_M and dive.points is not None]
    if len(dives) < _LEAST_DIVES:
        raise ConfigError(
            "{0} judged dives from platforms are too few to learn from: {1} are the least.", len(dives), _LEAST_DIVES
        )
    make_output_folder(args.out / _READ)
    with running() as (progress, cancel):
        model = _read_all(args, dives, progress, cancel)
    read = [load_dive(dive, args.out / _READ) for dive in dives]
    known = [(dive, one) for dive, one in zip(dives, read, strict=True) if one is not None]
    seen = [fitted for _, (fitted, _) in known]
    terms = _unit_terms(seen)
    by_event = left_out(seen, terms, [dive.event for dive in seen])
    say(evaluation_text(seen, terms, by_event))
    fit = fit_awards(seen, terms)
    write_tables(args.out, model, fit, seen, [(dive, frames) for dive, (_, frames) in known], by_event)
    remark(f"tables written to {args.out}")
    return 0


#: Folder of what was read of each dive.
_READ = "read"


def _read_all(args: JudgedOptions, dives: Sequence[JudgedDive], progress: ProgressCallback, cancel: CancelToken) -> str:
    """Parse the dives that were not read yet; return the id of the weights."""
    from fineparser_core.inference.analyzer import Analyzer  # late, as it loads torch
    from fineparser_core.inference.pipeline import parse_clip, sample, splash_seen

    analyzer = Analyzer.open(weights=args.weights, device=args.device)
    for done, dive in enumerate(dives, start=1):
        path = _path(dive, args.out / _READ)
        if not path.is_file():
            try:
                found = clip_of(dive, find_body=analyzer.find_body, cancel=cancel)
                samples = sample(analyzer, found.clip, found.recording, progress=ignore_progress, cancel=cancel)
                analyzer.unfinished.keep(found.clip, samples)
                parsed, encoding = parse_clip(analyzer, found.clip, found.recording, cancel=cancel)
            except (NoDiveError, VideoError, ConfigError) as error:
                say(f"{dive.name} is left out: {error}")
                continue
            keep_dive(path, dive, parsed, encoding, splash_seen(samples, parsed))
        progress(Progress("dives", done, len(dives)))
    return analyzer.model.id


def _path(dive: JudgedDive, folder: Path) -> Path:
    return folder / f"{dive.n:04d}-{dive.video.stem}.npz"


def keep_dive(
    path: Path, dive: JudgedDive, parsed: DiveParse, encoding: ClipEncoding, splash: np.ndarray | None
) -> None:
    """Keep what the fit needs of a parsed dive."""
    found = measure_dive(parsed, dive_number=dive.dive_number, board_m=dive.board_m)
    placed, slowed = parsed.transitions, 1.0 if parsed.motion is None else parsed.motion.slowed
    arrays = {
        "windows_s": windows_after_contact(parsed.moments, parsed.sampled_times_s, slowed),
        "gated": encoding.gated.astype(np.float32),
        "quantities": np.array(json.dumps(quantities(found.readings))),
        "frames": np.array([placed.first_flight_frame, placed.first_entry_frame, parsed.clip.out_frame]),
    } | ({} if splash is None else {"splash": splash})
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_dive(dive: JudgedDive, folder: Path) -> tuple[FittedDive, list[int]] | None:
    """Return a kept dive as the fit sees it, and its frames; None where it could not be parsed."""
    path = _path(dive, folder)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as kept:
        fitted = FittedDive(
            award=dive.award or 0.0,
            event=dive.event,
            armstand=parse_dive_number(dive.dive_number or "").armstand,
            windows_s=kept["windows_s"],
            gated=kept["gated"],
            splash=kept["splash"] if "splash" in kept.files else None,
            quantities={name: (value, off) for name, (value, off) in json.loads(str(kept["quantities"])).items()},
        )
        return fitted, kept["frames"].tolist()


def _unit_terms(dives: Sequence[FittedDive]) -> list[Term]:
    terms = []
    for name, step, shape in _MEASURES:
        values = np.array([dive.quantities[name][0] for dive in dives if name in dive.quantities])
        if len(values) >= _LEAST_SEEN:
            terms.append(unit_term(name, step, _PLATFORMS_M, values, shape))
    return terms


def evaluation_text(dives: Sequence[FittedDive], terms: Sequence[Term], by_event: np.ndarray) -> str:
    """Return a table of the errors of awards by fits that leave an event, or a fifth of the dives, out.

    Args:
        by_event: (n,) awards of the dives by fits without their event.
    """
    awards, events = np.array([dive.award for dive in dives]), [dive.event for dive in dives]
    fifths = (np.random.default_rng(0).permutation(len(dives)) % 5).tolist()
    rows = [("a fifth of the dives", "all", *_errors(left_out(dives, terms, fifths), awards))]
    for event in dict.fromkeys(events):
        of_event = np.array([one == event for one in events])
        rows.append(("the event", event, *_errors(by_event[of_event], awards[of_event])))
    rows.append(("the event", "all", *_errors(by_event, awards)))
    heading = ("left out", "dives of", "dives", "rho", "mean error", "80 % within")
    return text_table(heading, rows, left=(0, 1))


def _errors(predicted: np.ndarray, awards: np.ndarray) -> tuple[str, ...]:
    off = np.abs(predicted - awards)
    rho = spearmanr(predicted, awards).statistic
    return str(len(awards)), f"{rho:.3f}", f"{off.mean():.2f}", f"{np.quantile(off, 0.8):.2f}"


def write_tables(
    out: Path,
    model: str,
    fit: AwardFit,
    seen: Sequence[FittedDive],
    dives: Sequence[tuple[JudgedDive, list[int]]],
    by_event: np.ndarray,
) -> None:
    """Write the readouts, the measured stream and the judged exemplars.

    Args:
        by_event: (n,) awards of the dives by fits without their event.
    """
    awards = np.array([dive.award for dive in seen])
    off = np.abs(by_event - awards)
    check = {
        "dives": len(seen),
        "rank_correlation": round(float(spearmanr(by_event, awards).statistic), 2),
        "mean_error": round(float(off.mean()), 2),
    }
    found = readouts_of(model, fit, fit_armstand(seen))
    arrays = {"model": np.array(model), "splash_mean": found.splash_mean, "splash_weights": found.splash_weights}
    for name, readout in (("armstand", found.armstand), ("award", found.award)):
        arrays |= {f"{name}_{field}": np.asarray(getattr(readout, field)) for field in ("times_s", "weights", "bias")}
    with atomic_file(out / "readouts.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    table = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    others = [term for term in table["terms"] if not set(term.get("boards_m", ())) & set(_PLATFORMS_M)]
    straight = {"boards_m": list(_PLATFORMS_M), "usual": 0.0, "spread": 1.0, "low": _BEYOND, "below": 1.0}
    read = [
        {"measure": name, "step": step, "stream": "dynamic"} | straight
        for name, step in zip(READ_PHASES, STEP_NAMES, strict=True)
    ]
    read.append({"measure": READ_SPLASH, "step": "entry"} | straight)
    table["terms"] = [*others, *read, *map(_term_to_dict, fit.terms)]
    boards = [f"{board_m:g}" for board_m in _PLATFORMS_M]
    table["levels"] |= dict.fromkeys(boards, round(fit.mean, 2))
    table["half_widths"] |= dict.fromkeys(boards, round(float(np.quantile(off, 0.8)), 2))
    table["checks"] |= dict.fromkeys(boards, check)
    write_whole(out / TABLE[-1], _table_text(table))
    compared, rows = {term.measure for term in fit.terms} | {*READ_PHASES, READ_SPLASH}, []
    for (dive, frames), one, award in zip(dives, seen, by_event.tolist(), strict=True):
        known = quantities((), awards_of(found, one.windows_s, one.gated, one.splash)) | dict(one.quantities)
        rows.append(
            {
                "id": judged_id(dive.event, dive.video),
                "dive_number": dive.dive_number,
                "board_m": dive.board_m,
                "score": dive.points,
                "left_out": round(award, 3),
                "frames": frames,
                "quantities": {name: value for name, value in known.items() if name in compared},
            }
        )
    write_judged(out / FILE_NAME, model, rows)


def _term_to_dict(term: Term) -> dict[str, Any]:
    default = {one.name: one.default for one in fields(Term)}
    values = {name: value for name, value in to_json(term).items() if value != default[name]}
    values["boards_m"] = list(term.boards_m)
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def _table_text(table: dict[str, Any]) -> str:
    """Format the table as it lies in the resources: a key and a term a line."""
    terms = ",\n  ".join(json.dumps(term) for term in table["terms"])
    keys = ",\n ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in table.items() if key != "terms")
    return f'{{\n {keys},\n "terms": [\n  {terms}\n ]\n}}\n'
