"""The model card as people read it: what the weights were trained on, and what they reach."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from fineparser_core.checkpoints.bundle import Provenance, WeightsCard, metadata, read_card, write_card
from fineparser_core.constants import CARD_PAGE
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.summary import METRICS
from fineparser_core.methods import get_method
from fineparser_core.printable import printable
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.documents import read_document, reading

#: File of numbers that `fineparser evaluate` writes.
EVALUATION = "evaluation.json"

#: Least gain in rho by the dynamic stream that is worth its time.
_LEAST_GAIN = 0.01
_ADDS_LITTLE = (
    "The dynamic stream, whose I3D is two thirds of the networks' work, adds less than 0.01 to rho. It stays, as it is "
    "FineParser's."
)
_NO_REAL_SCORES = (
    "**No number here says how well these weights score real dives**: every score below is of dives that this program "
    "rendered, judged by its own rubric."
)


def write_model_card(measured: Path, weights: Path) -> None:
    """Put the content of an evaluation's folder into a bundle: numbers into the card, a page beside it.

    Raises:
        ConfigError: it is the evaluation of other weights, or of no data set.
        CheckpointError, ExportError: the bundle cannot be read or written.
    """
    card = read_card(weights)

    def refuse(reason: str) -> ConfigError:
        return ConfigError(
            f"{measured} holds no evaluation on a data set ({reason}): give the --out of one with --data."
        )

    with reading(refuse, KeyError, TypeError, AttributeError):
        content = read_document(measured / EVALUATION, dict[str, Any], refuse)
        metrics = {name: m["value"] for name, m in content["data"]["metrics"].items() if m is not None}
        fidelity = content["data"]["contribution_fidelity"]
        if fidelity is not None:
            metrics |= {f"fidelity of {step['step']}": step["value"] for step in fidelity["steps"]}
        split = content["data"]["split"]
        rounded = {f"{split} {name}": round(float(value), 6) for name, value in metrics.items()}
        of = str(content["weights"])
        metrics = {f"{split} dives": int(content["data"]["n_dives"])} | rounded
        card = replace(card, metrics=metrics, real={k: str(v) for k, v in content.get("real_summary", {}).items()})
        page = printable(model_card(card, content), keep="\n")
    if not of.startswith(f"{card.id},"):
        raise ConfigError(f"{measured} is of {of.split(',')[0]:.80}, not of {card.id}: measure these weights.")
    write_whole(weights / CARD_PAGE, page)
    write_card(card, weights)


def model_card(card: WeightsCard, measured: Mapping[str, Any]) -> str:
    """Write the Markdown of a weights card and of the weights' evaluation, a coach's half page first.

    Args:
        measured: the content of `evaluation.json`.
    """
    rendered = measured.get("data")
    blocks = [metadata(card), f"# {card.id}", "## For coaches", *_for_coaches(card, rendered)]
    blocks += ["## Which model this is", *_which_model(card)]
    blocks += [f"Arithmetic: {measured['arithmetic']}."]
    if card.synthetic and not _of_real(card, "awards, "):
        blocks.append(_NO_REAL_SCORES)
    if rendered is not None:
        drawn = f"Exemplars: {rendered['exemplars']}." if "exemplars" in rendered else ""
        blocks += [f"## On {rendered['what']}", drawn, _metric_table(rendered["metrics"]), *_fidelity(rendered)]
    if card.real:
        blocks += ["## On real clips with labels", real_rows(card)]
    if card.calibration:
        blocks += ["## What it states about itself", *_calibration(card.calibration)]
    if card.choices:
        blocks += ["## On which dives its constants were chosen", card.choices]
    if card.provenance is not None:
        blocks += ["## How they were made", *_provenance(card, card.provenance)]
    if card.training or card.notices:
        blocks += ["## Appendix: lineage", card.training, *card.notices]
    return "\n\n".join(block for block in blocks if block) + "\n"


def real_rows(card: WeightsCard) -> str:
    """Return a table in Markdown of what the card says of real clips."""
    return _table(("measure", "value"), card.real.items())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = header, ["---"] * len(header), *rows
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _of_real(card: WeightsCard, *starts: str) -> str:
    """Return what the card says of real clips in measures that start so, as a sentence; "" without them."""
    found = [f"{name}: {value}" for name, value in card.real.items() if value and name.startswith(starts)]
    return f" Of real clips with labels: {'; '.join(found)}." if found else ""


def _for_coaches(card: WeightsCard, rendered: Mapping[str, Any] | None) -> list[str]:
    """Write what to expect of each thing on the screen, from the same numbers as the tables below."""
    metrics = (rendered or {}).get("metrics", {})
    test = "rendered test dives" if card.synthetic else "test dives"
    lines = []
    if step := metrics.get("aiou_75"):
        on_film = _of_real(card, "first flight frame within", "first entry frame within")
        lines.append(
            f"- **Phases.** In {step['value']:.1%} of the {test} the flight that is found and the true one share three "
            f"quarters of their time or more. Drag a transition where it is wrong.{on_film}"
        )
    if mask := metrics.get("mask_iou"):
        lines.append(
            f"- **Mask.** It says where the athlete is, not where the outline of the body runs: found and true mask "
            f"share {mask['value']:.0%} of their area.{_of_real(card, 'mask IoU')}"
        )
    if error := metrics.get("score_error"):
        simplest = max(error["baselines"].values(), default=None)
        compared = "" if simplest is None else f" (by the mean of the dive number alone: {simplest:.1f})"
        on_film = _of_real(card, "awards, ")
        lines.append(f"- **Score.** Off by {error['value']:.1f} points on average on {test}{compared}.{on_film}")
    if fidelity := (rendered or {}).get("contribution_fidelity"):
        named = ", ".join(f"{step['step']} {_number(step['value'])}" for step in fidelity["steps"])
        lines.append(
            f"- **Points of a phase.** They follow the true quality of the phase with a rank correlation of {named} "
            "(1 would be perfect, 0 chance). They are the model's, not a judge's deductions."
        )
    return [
        f"Trained on {card.trained_on}.",
        "\n".join(lines),
        f"**What it is for.** {card.intended_use}" if card.intended_use else "",
        f"**Where it is weak.** {card.limitations}" if card.limitations else "",
    ]


def _which_model(card: WeightsCard) -> list[str]:
    model = f"`{card.method}`"
    with suppress(ConfigError):  # a method of one's own that is not here
        method = get_method(card.method)
        if method.source:
            departs = f"; departs: {method.departs}" if method.departs else ""
            model += f" ({method.source}; {method.grade}{departs})"
    blocks = [f"These are weights of {model}.", f"Input: {card.inputs}" if card.inputs else ""]
    if shares := card.streams:
        text = (
            f"How much each stream says, of the {shares['dives']:.0f} bundled exemplars, each left out in turn and "
            "compared with the others (`python packaging/benchmarks/profiling.py streams` prints it):"
        )
        blocks += [text, stream_rows(card)]
        if shares["both"] - shares["static"] < _LEAST_GAIN:
            blocks.append(_ADDS_LITTLE)
    return blocks


def stream_rows(card: WeightsCard) -> str:
    """Return a table in Markdown of how much each stream says."""
    names = {"both": "both streams", "static": "the static stream alone", "dynamic": "the dynamic stream alone"}
    header = "what compares", "Spearman's rho with the true difference of awards"
    return _table(header, [(name, _number(card.streams[key])) for key, name in names.items()])


def _metric_table(metrics: Mapping[str, Any]) -> str:
    rows = []
    for name, (label, more) in METRICS.items():
        if (metric := metrics.get(name)) is None:
            continue
        baselines = ", ".join(f"{baseline} {_number(value)}" for baseline, value in metric["baselines"].items())
        interval = f"{_number(metric['low'])} to {_number(metric['high'])}"
        better = f"{label}, {'higher' if more else 'lower'} is better"
        rows.append((better, _number(metric["value"]), interval, baselines))
    return _table(("measure", "value", "95 % interval", "baselines"), rows)


def _fidelity(rendered: Mapping[str, Any]) -> list[str]:
    fidelity = rendered.get("contribution_fidelity")
    if fidelity is None:
        return []
    rows = [(s["step"], _number(s["value"]), f"{_number(s['low'])} to {_number(s['high'])}") for s in fidelity["steps"]]
    text = (
        "How far a contribution means its phase: its rank correlation with the known difference of the phase's quality."
    )
    return [text, _table(("contribution fidelity (Spearman)", "value", "95 % interval"), rows)]


def _calibration(stored: Mapping[str, Any]) -> list[str]:
    lines = []
    if interval := stored.get("interval"):
        lines.append(
            f"- The stated interval was fitted to hold {interval['level']:.0%} of dives; by cross-validation it "
            f"holds {interval['coverage']:.0%} of {interval['dives']}, at a mean width of "
            f"{interval['mean_width']:.1f} points."
        )
    if domain := stored.get("domain"):
        caught = ", ".join(f"{kind} {text}" for kind, text in domain.get("caught", {}).items())
        lines.append(
            f"- Clips that are no whole dive are not scored. Refused: {caught}; whole dives {domain['refused']:.1%}."
        )
    return ["\n".join(lines)]


def _provenance(card: WeightsCard, made: Provenance) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    inputs = ", ".join(f"{name} {digest}" for name, digest in made.inputs.items())
    rows = []
    for name, found in made.stages.items():
        reached = ", ".join(f"{what} {_number(value)}" for what, value in found.items() if what != "minutes")
        rows.append((name, found.get("minutes", ""), reached))
    table = _table(("stage", "minutes", "what it reached on dives kept aside"), rows)
    return [f"Commit {card.commit}, seed {card.seed}; {versions}; {made.machine}. Inputs: {inputs}.", table]


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"
