"""The model card as people read it: what the weights were trained on, what they reach, and where they fail."""

from collections.abc import Mapping, Sequence
from typing import Any

from fineparser_core.checkpoints.bundle import WeightsCard
from fineparser_core.evaluation.summary import METRICS

CARD_PROSE = "MODEL_CARD.md"

_NO_REAL_SCORES = (
    "**No number here says how well these weights score real dives.** No real dives with judges' awards could be had "
    "for this measurement; every score below is of dives that this program rendered, judged by its own rubric."
)


def model_card(card: WeightsCard, benchmark: Mapping[str, Any], pictures: Sequence[tuple[str, str]]) -> str:
    """Markdown of a weights card and of what `fineparser benchmark` measured of the weights.

    Args:
        benchmark: the content of `benchmark.json`.
        pictures: (file beside the card, caption).
    """
    rendered, real = benchmark.get("rendered"), benchmark.get("real")
    blocks = [
        f"# {card.id}",
        f"Trained on {card.trained_on}.",
        card.training,
        f"Arithmetic: {benchmark['arithmetic']}.",
    ]
    if card.synthetic:
        blocks.append(_NO_REAL_SCORES)
    blocks += ["## What it is for", card.intended_use, "## Limits", card.limitations]
    if rendered is not None:
        blocks += [f"## On {rendered['what']}", _metric_table(rendered["metrics"]), *_fidelity(rendered)]
    if real:
        blocks += ["## On real clips with labels", *(_real_clip(result) for result in real.values())]
    if card.calibration:
        blocks += ["## What it states about itself", *_calibration(card.calibration)]
    if pictures:
        blocks.append("## Where it fails")
        blocks += [f"{caption}\n\n![{caption}]({name})" for name, caption in pictures]
    if card.notices:
        blocks += ["## Origins", *card.notices]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _metric_table(metrics: Mapping[str, Any]) -> str:
    rows = ["| measure | value | 95 % interval | baselines |", "| --- | --- | --- | --- |"]
    for name, (label, more) in METRICS.items():
        if (metric := metrics.get(name)) is None:
            continue
        baselines = ", ".join(f"{baseline} {_number(value)}" for baseline, value in metric["baselines"].items())
        rows.append(
            f"| {label}, {'higher' if more else 'lower'} is better | {_number(metric['value'])} | "
            f"{_number(metric['low'])} to {_number(metric['high'])} | {baselines} |"
        )
    return "\n".join(rows)


def _fidelity(rendered: Mapping[str, Any]) -> list[str]:
    fidelity = rendered.get("contribution_fidelity")
    if fidelity is None:
        return []
    rows = ["| contribution fidelity (Spearman) | value | 95 % interval |", "| --- | --- | --- |"]
    rows += [
        f"| {s['step']} | {_number(s['value'])} | {_number(s['low'])} to {_number(s['high'])} |"
        for s in fidelity["steps"]
    ]
    text = (
        "How far a contribution means its step: its rank correlation with the known difference of the step's quality."
    )
    return [text, "\n".join(rows)]


def _real_clip(result: Mapping[str, Any]) -> str:
    parts = []
    if result["flight_error_frames"] is not None and result["entry_error_frames"] is not None:
        off = f"{result['flight_error_frames']:+d} and {result['entry_error_frames']:+d} frames"
        parts.append(f"transitions {off} from the labels")
    if result["mask_ious"]:
        parts.append(f"median mask IoU {result['median_iou']:.3f} on {len(result['mask_ious'])} labelled frames")
    if result["empty_flight_samples"] is not None:
        parts.append(f"{result['empty_flight_samples']} of {result['flight_samples']} flight samples without a mask")
    return f"- {result['clip']}: {'; '.join(parts) or 'no labels to compare with'}."


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


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"
