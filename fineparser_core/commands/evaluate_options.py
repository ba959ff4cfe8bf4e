"""Options of `fineparser evaluate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fineparser_core.commands.options import Count, DatasetOptions, Seed, Weights
from fineparser_core.config import Layout, Pairing
from fineparser_core.constants import Device, Precision


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(DatasetOptions):
    """Measures weights on a split of a data set (FineDiving, judged, rendered dives), on labelled real clips, or both.

    With --predictions it measures what another program predicted on the data set, and needs neither weights nor images.

    Attributes:
        data: folder of the data set, or a file of judged dives.
        real: file of judged dives, or folder of clips with labels.json and NAME_masks.npz.
        predictions: file of predictions of the dives of --data, CSV or JSON, see packaging/docs/predictions.md.
        against: a file of another method; the difference of each metric is said with its interval.
        force: compare the two files although they were measured by different protocols.
        layout: of the data set; auto: by its annotation files.
        split: of the data set.
        weights: folder of a bundle of weights, or bundled; by default the bundled weights.
        out: folder for evaluation.json and predictions; an interrupted run goes on there.
        write_card: measure nothing; write what this folder, an earlier --out, holds into the card of --weights.
        cache: folder for decoded frames; by default the user's cache folder.
        pairing: what exemplars share with a dive; by default as in training.
        exemplars: voters a dive; by default as training measured, or 10.
        per_number: exemplars only from up to N training dives, drawn, of each number of the dives: --exemplars of them
            are as good as all, and sooner encoded.
        seed: of the choice of exemplars and of the intervals; by default as training measured, or 0.
        method: of weights that were trained with your own: package.module:factory.
        limit: the first N usable dives only.
        device: where the network runs; by default on the best that there is.
        precision: of its arithmetic; by default as training measured, or what the device is good at.
    """

    data: Path | None = None
    real: Path | None = None
    predictions: Path | None = None
    against: Path | None = None
    force: bool = False
    layout: Layout = "auto"
    split: Literal["train", "test"] = "test"
    weights: Weights | None = None
    out: Path | None = None
    write_card: Path | None = None
    cache: Path | None = None
    pairing: Pairing | None = None
    exemplars: Count | None = None
    per_number: Count | None = None
    seed: Seed | None = None
    method: str | None = None
    limit: Count | None = None
    device: Device = "auto"
    precision: Precision | None = None
