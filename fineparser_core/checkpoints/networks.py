"""Networks by their name, with or without weights, and the transform from a clip to their input."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fineparser_core.checkpoints.build import build_model
from fineparser_core.checkpoints.bundle import load_bundle, load_into, most_parameters, read_card
from fineparser_core.checkpoints.kinetics import start_from_kinetics
from fineparser_core.config import ModelConfig
from fineparser_core.data.transforms import sampled_frames
from fineparser_core.errors import CheckpointError, ConfigError
from fineparser_core.methods import Method, get_method, register_method
from fineparser_core.models.aqa_model import AQAModel, normalize
from fineparser_core.resources import weights_folder
from fineparser_core.video.clips import make_clip, sample_frames
from fineparser_core.video.preprocess import WHOLE, FullFrame, get_preprocessing
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader


def create_model(
    name: str | Method = "fineparser", *, pretrained: bool | str | Path = False, **settings: Any
) -> AQAModel:
    """Make the network of a method, by default with weights drawn from torch's current seed, on the CPU.

    Args:
        name: of a method, see `list_models`; or a `Method` of your own, which is registered.
        pretrained: True or "bundled" for the bundled weights, which are those of "fineparser-pose"; the folder of a
            bundle of this network; or the file that `fineparser convert kinetics` wrote, for its I3Ds alone.
        settings: other fields of `ModelConfig` that the method depends on: `sap`, `sve`, `tap`, `static_backbone`,
            `step_duration`, `step_weights`, `window_count`, `window_stride`.

    Raises:
        ConfigError: an unknown method or setting, or a value that cannot be.
        CheckpointError: the weights cannot be read, or are of another network.

    Example:
        >>> create_model("usdl", window_count=2)(torch.zeros(1, 3, 96, 112, 112)).shape
        torch.Size([1, 1])
        >>> create_model("fineparser-pose", pretrained=True).has_masks
        True
    """
    known = [field.name for field in fields(ModelConfig) if field.name != "method"]
    if unknown := [setting for setting in settings if setting not in known]:
        raise ConfigError("{0} is no setting of a network: use {1}.", unknown[0], ", ".join(known))
    method = register_method(name) if isinstance(name, Method) else get_method(name)
    config, given = ModelConfig(method=method.name, **settings), Path()
    if pretrained:
        given = weights_folder(None if pretrained is True else pretrained)
        if not given.is_file() and (card := read_card(given)).architecture != config.architecture:
            raise CheckpointError(
                f"{given} holds the weights of {card.method!r}, not of {config.architecture!r}: give "
                f"create_model({card.method!r}), or other weights."
            )
    network = build_model(config)
    if pretrained:
        if given.is_file():
            start_from_kinetics(network, given)
        else:
            load_into(network, load_bundle(given, most_parameters(network))[0], given)
    return network.eval() if pretrained else network


def clip_transform(preprocessing: str = WHOLE.name) -> Callable[..., Tensor]:
    """Return the transform from a clip to what a network takes, (3, 96, 112, 112) float32.

    It takes a video file, or frames (T, H, W, 3) uint8 RGB, and perhaps first and last frame, both included; 96 samples
    are spread evenly over it, as released.

    Args:
        preprocessing: "whole" squeezes the picture to 112 x 112 pixels, "release" to 112 x 200 and keeps the 112 rows
            in the middle; a card of weights names the one that they were trained with.

    Raises:
        ConfigError: it is unknown, or crops around the athlete, which takes a network.

    Example:
        >>> clip_transform()(sample).shape
        torch.Size([3, 96, 112, 112])
    """
    shape = get_preprocessing(preprocessing)
    if not isinstance(shape, FullFrame):
        raise ConfigError(f"Preprocessing '{preprocessing}' needs a network that finds the athlete: use 'whole'.")
    return partial(_samples_of, shape)


def _samples_of(
    shape: FullFrame,
    clip: str | Path | np.ndarray | Tensor,
    start_frame: int | None = None,
    end_frame: int | None = None,
) -> Tensor:
    if isinstance(clip, str | Path):
        cut = make_clip(clip, start_frame, end_frame)
        chosen = sample_frames(probe(cut.path), cut.in_frame, cut.out_frame).tolist()
        with closing(VideoReader(cut.path)) as reader:
            seen = {number: shape.apply(frame) for number, frame in reader.frames(sorted(set(chosen)))}
        frames = [seen[number] for number in chosen]
    else:
        given = np.asarray(clip)[start_frame : None if end_frame is None else end_frame + 1]
        if given.ndim != 4 or given.shape[-1] != 3 or given.dtype != np.uint8 or not len(given):
            told = f"{given.shape} of {given.dtype}"
            raise ConfigError(f"Frames {told} are no clip: give (T, H, W, 3) of uint8, RGB.")
        frames = [shape.apply(given[number]) for number in sampled_frames(len(given) - 1)]
    return normalize(torch.from_numpy(np.stack(frames))).transpose(0, 1)
