"""Presets of training by name: the authors' configuration, rows of the paper's tables, and a recipe of our own."""

import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fineparser_core.config import FINEPARSERS, METHODS, STATIC_BACKBONES, TrainConfig
from fineparser_core.errors import ConfigError

_RELEASE = TrainConfig()
# No step labels: PSNet would stay as it starts, so the steps are cut at fixed shares of the clip.
_MTL_AQA = replace(_RELEASE, layout="mtl-aqa", pairing="difficulty", tap=False)
_TABLE_3: dict[str, dict[str, Any]] = {
    "A": {"sve": False, "tap": False},
    "B": {"sap": False, "tap": False},
    "C": {"sap": False, "sve": False},
    "D": {"sap": False},
    "E": {},
}
#: Our own recipe for a small machine: starts from trained weights, early blocks frozen, all pairs of a batch.
_RENDERED = TrainConfig(
    preprocessing="whole",
    decoding="joint",
    all_pairs=True,
    temporal_crop=0.2,
    color_jitter=1.0,
    epochs=2,
    batch_size=4,
    grad_accum_steps=1,
    lr=3e-4,
    i3d_lr=1e-4,
    psnet_lr=3e-4,
    mask_encoder_lr=1e-4,
    warmup_epochs=0.3,
    warmup_lr=1e-5,
    final_lr=1e-5,
    clip_norm=5.0,
    batch_norm="fixed",
    freeze=(
        *(f"{trunk}.{block}" for trunk in ("i3d", "spatial_parser.encoder") for block in ("conv3d_1", "conv3d_2")),
        *("i3d.mixed_3", "i3d.mixed_4b", "i3d.mixed_4c", "i3d.mixed_4d", "i3d.mixed_4e"),
        "spatial_parser.encoder.mixed_5",
        "static_encoder.backbone",
    ),
    precision="auto",
    label_jitter=2,
    mask_weight=10.0,
    transition_weight=20.0,
    regression_weight=0.002,
    dice_weight=1.0,
    step_label_weight=0.5,
    transition_width=1.5,
)

#: Presets by name. "release" is the authors' configuration, "paper" their text, which trains PSNet as slowly as the
#: I3D; "rendered" is our recipe for rendered dives; the others are the rows of the paper's tables.
PRESETS: Mapping[str, TrainConfig] = types.MappingProxyType(
    {
        "release": _RELEASE,
        "paper": replace(_RELEASE, psnet_lr=1e-4),
        "mtl-aqa": _MTL_AQA,
        **{f"mtl-aqa-{name}": replace(_MTL_AQA, method=name, tap=True) for name in ("usdl", "musdl", "core")},
        "rendered": _RENDERED,
        **{f"table3-{row}": replace(_RELEASE, **change) for row, change in _TABLE_3.items()},
        **{f"table4-{n}": replace(_RELEASE, step_duration=n) for n in (2, 4, 8)},
        **{f"table5-{name}": replace(_RELEASE, static_backbone=name) for name in STATIC_BACKBONES},
        **{name: replace(_RELEASE, method=name) for name in METHODS if name not in FINEPARSERS},
    }
)


def get_config(name: str) -> TrainConfig:
    """A preset by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in PRESETS:
        raise ConfigError(f"Unknown preset '{name}': use one of {', '.join(PRESETS)}.")
    return PRESETS[name]
