"""Presets of training by name: the authors' configuration and the rows of the paper's tables."""

import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from fineparser_core.config import FINEPARSERS, METHODS, STATIC_BACKBONES, Method, TrainConfig
from fineparser_core.errors import ConfigError

_RELEASE = TrainConfig()
# No step labels: PSNet would stay as it starts, so the steps are cut at fixed shares of the clip.
_MTL_AQA = replace(_RELEASE, layout="mtl-aqa", pairing="difficulty", tap=False)
# Few dives teach only the comparison of encodings: transitions and masks, and the measures from them, stay as
# they are. The masks are mostly the weights' own, and serve to follow the athlete.
_FINE_TUNE = replace(
    _RELEASE,
    method="fineparser-pose",
    start="bundled",
    preprocessing="follow",
    decoding="flight",
    freeze=("i3d", "psnet", "pose_steps", "spatial_parser", "static_encoder.backbone"),
    batch_norm="fixed",
    mask_weight=0.0,
    transition_weight=0.0,
    all_pairs=True,  # which encodes each dive once
    batch_size=4,
    grad_accum_steps=1,
    epochs=5,
    lr=1e-4,
    warmup_epochs=0.0,
    final_lr=1e-5,
    precision="auto",
)
#: Frozen parts of the rivals that stand on given networks.
_FREEZE = {
    "pose-dct": ("static_encoder",),
    "pose-core": ("static_encoder",),
    "c3d-svr": ("c3d",),
    "tsa-net": ("spatial_parser",),
}
#: Rivals that take joints or masks from the bundled weights.
_BUNDLED = ("pose-dct", "pose-core", "tsa-net")
_OF_TABLE_2: tuple[Method, ...] = (
    "pose-dct",
    "c3d-svr",
    "c3d-lstm",
    "c3d-avg-stl",
    "c3d-avg-mtl",
    "usdl",
    "musdl",
    "tsa-net",
    "core",
    "rica2",
    "rica2-deterministic",
)
_TABLE_3: dict[str, dict[str, Any]] = {
    "A": {"sve": False, "tap": False},
    "B": {"sap": False, "tap": False},
    "C": {"sap": False, "sve": False},
    "D": {"sap": False},
    "E": {},
}
#: The row of the measured stream, which is no preset: nothing is trained.
MEASURED = "measured"


def _rival(config: TrainConfig, name: Method) -> TrainConfig:
    start: Literal["random", "bundled"] = "bundled" if name in _BUNDLED else "random"
    config = replace(config, method=name, freeze=_FREEZE.get(name, ()), start=start)
    if name in _BUNDLED:  # whose networks learned on whole squeezed frames and on crops, not on rows of them
        config = replace(config, preprocessing="whole")
    if name.startswith("c3d"):  # its sources' rate: without batch norms a tenfold rate diverges
        config = replace(config, lr=1e-4, warmup_lr=1e-5, final_lr=1e-5)
    return config


#: Presets by name. "release" is the authors' configuration, "paper" their text, which trains PSNet as slowly as the
#: I3D, "fine-tune" the app's own model on few dives; the others are the rows of the paper's tables.
PRESETS: Mapping[str, TrainConfig] = types.MappingProxyType(
    {
        "release": _RELEASE,
        "paper": replace(_RELEASE, psnet_lr=1e-4),
        "fine-tune": _FINE_TUNE,
        "mtl-aqa": _MTL_AQA,
        **{f"mtl-aqa-{name}": _rival(replace(_MTL_AQA, tap=True), name) for name in _OF_TABLE_2},
        **{f"table3-{row}": replace(_RELEASE, **change) for row, change in _TABLE_3.items()},
        **{f"table4-{n}": replace(_RELEASE, step_duration=n) for n in (2, 4, 8)},
        **{f"table5-{name}": replace(_RELEASE, static_backbone=name) for name in STATIC_BACKBONES},
        **{name: _rival(_RELEASE, name) for name in METHODS if name not in FINEPARSERS},
        "finecausal": _rival(_RELEASE, "finecausal"),
    }
)


def get_config(name: str) -> TrainConfig:
    """Return a preset by its name.

    Raises:
        ConfigError: there is none of that name, or it is `MEASURED`.
    """
    if name == MEASURED:
        raise ConfigError(f"There is nothing to train in '{name}': measure it by `fineparser ablate 1 --rows {name}`.")
    if name not in PRESETS:
        raise ConfigError(f"Unknown preset '{name}': use one of {', '.join(PRESETS)}.")
    return PRESETS[name]
