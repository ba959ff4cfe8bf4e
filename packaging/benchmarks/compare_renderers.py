"""Which renderer teaches masks that carry over to real clips: the same steps from the same weights on each.

    python packaging/benchmarks/compare_renderers.py --real CLIPS --out FOLDER

The stage "masks" of the recipe goes on from the bundled weights on dives of either renderer, with the same number of
steps, windows and seeds; then the labelled clips are parsed with the bundled weights and with both results. Printed by
clip: the mask IoU on labelled frames, the samples in the air without a mask, the largest mask after the athlete is
under water, and the signed errors of the moments in frames of 1/30 s.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch

from fineparser_core.checkpoints.bundle import load_bundle, load_into, most_parameters, save_bundle
from fineparser_core.config import Renderer
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.frame_cache import FrameCache, load_dives
from fineparser_core.evaluation.real_clips import RealClipResult, measure_clip, read_labels
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.progress import CancelToken
from fineparser_core.resources import resource
from fineparser_core.synth.dataset import SynthConfig, synthesize
from fineparser_core.text_table import text_table
from fineparser_core.training.loop import run_stage
from fineparser_core.training.mask_stages import mask_stage
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.synthetic_labels import load_ground_truths
from fineparser_core.video.clips import make_clip
from fineparser_core.video.preprocess import WHOLE

_RENDERERS: tuple[Renderer, ...] = ("capsule", "mesh")
_WHOLE_FRAME_DIVES = 8


def train_masks(renderer: Renderer, weights: Path, out: Path, dives: int, steps: int, precision: str) -> Path:
    """Weights whose masks went on learning on dives of a renderer: the folder of their bundle."""
    torch.manual_seed(0)
    root, cancel = out / "dives", CancelToken()
    synthesize(root, SynthConfig(train=dives, test=0, seed=1, renderer=renderer), cancel=cancel)
    data = load_dataset(root)
    records = data.split("train")
    config = RecipeConfig(precision=precision, mask_iterations=steps)
    loaded = load_dives(data, records, FrameCache(out / "frames", data, config.preprocessing), cancel)
    some = records[:_WHOLE_FRAME_DIVES]
    wholes = load_dives(data, some, FrameCache(out / "frames", data, WHOLE.name), cancel)
    model = FineParserPose()
    state, card = load_bundle(weights, most_parameters(model))
    load_into(model, state, weights)
    to_channels_last(model.train())
    run_stage(mask_stage(model, loaded, wholes, load_ground_truths(root, loaded), config), out, cancel)
    save_bundle(model.state_dict(), card, out / "bundle", eight_bit=True)
    return out / "bundle"


def measure(weights: Path, clips: Path) -> Iterator[RealClipResult]:
    """Every labelled clip of a folder, parsed with these weights."""
    analyzer = Analyzer.open(weights=weights)
    for labels in read_labels(clips):
        if labels.first_flight_frame is None or labels.contact_frame is None:
            continue
        parse, _ = analyzer.parse(make_clip(labels.path, labels.in_frame, labels.out_frame))
        yield measure_clip(parse, labels)


def main() -> None:
    """Trains, parses, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dives", type=int, default=40)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--precision", default="bf16")
    args = parser.parse_args()
    bundled = resource("weights", "fineparser")
    folders = {"bundled": bundled}
    for name in _RENDERERS:
        out = args.out / name
        out.mkdir(parents=True, exist_ok=True)
        folders[name] = train_masks(name, bundled, out, args.dives, args.steps, args.precision)
        print(f"{name}: {args.steps} steps on {args.dives} dives", flush=True)
    rows = []
    for name, folder in folders.items():
        for result in measure(folder, args.real):
            moments = (result.flight_error, result.entry_error, result.contact_error)
            errors = ["-" if error is None else f"{error:+.0f}" for error in moments]
            iou = "-" if result.median_iou is None else f"{result.median_iou:.3f}"
            rows.append([name, result.clip, iou, str(result.empty_flight_samples), str(result.wet_area_px), *errors])
            print(*rows[-1], flush=True)
    print(text_table(["weights", "clip", "IoU", "empty in flight", "wet px", "flight", "entry", "contact"], rows))


if __name__ == "__main__":
    main()
