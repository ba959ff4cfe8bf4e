"""From videos to network inputs, and to features in arrays."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fineparser_core.checkpoints.bundle import load_model
from fineparser_core.data.transforms import sampled_frames
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.models.aqa_model import AQAModel, normalize
from fineparser_core.motion.clips import find_clip
from fineparser_core.motion.recording import DiveSearch
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.support.device import choose_device
from fineparser_core.video.clips import make_clip, sample_frames
from fineparser_core.video.preprocess import WHOLE, FullFrame, get_preprocessing
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader


def clip_transform(preprocessing: str = WHOLE.name) -> Callable[..., Tensor]:
    """Return the transform from a clip to what a network takes, (3, 96, 112, 112) float32.

    It takes a video file, or frames (T, H, W, 3) uint8 RGB, and perhaps first and last frame, both included; 96 samples
    are spread evenly over it, as released.

    Args:
        preprocessing: "whole" squeezes the picture to 112 x 112 pixels, "release" to 112 x 200 and keeps the 112 rows
            in the middle; a card of weights names the one that they were trained with.

    Raises:
        ConfigError: it is unknown, or crops around the athlete, which takes a network: see `extract_features`.

    Example:
        >>> clip_transform()(sample).shape
        torch.Size([3, 96, 112, 112])
    """
    shape = get_preprocessing(preprocessing)
    if not isinstance(shape, FullFrame):
        raise ConfigError("Preprocessing {0} needs a network that finds the athlete: use whole.", repr(preprocessing))
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
            raise ConfigError("Frames {0} are no clip: give (T, H, W, 3) of uint8, RGB.", told)
        frames = [shape.apply(given[number]) for number in sampled_frames(len(given) - 1)]
    return normalize(torch.from_numpy(np.stack(frames))).transpose(0, 1)


def extract_features(
    paths: Sequence[str | Path],
    model: AQAModel | str | Path = "bundled",
    *,
    preprocessing: str = WHOLE.name,
    trim: bool = True,
    device: str = "auto",
) -> dict[str, np.ndarray]:
    """Return the features of videos, a row a video, in arrays that `numpy.savez` writes.

    Args:
        paths: video files.
        model: "bundled", the folder of a bundle of weights, or a network, which is put on the device.
        preprocessing: of a network; that of weights is in their card.
        trim: whether to look for the dive in each file; if not, the whole file is taken.
        device: where the network runs.

    Returns:
        What the network encodes, by name. Of FineParser "gated" (N, 9, 1024) float32, the gated I3D feature of each
        window, "frame_features" (N, 96, n) or "static_tokens" (N, 3, 4, 64) of the static stream, and "transitions"
        (N, 2), samples; of networks without steps "feature" (N, 1024). "path" (N,) holds the files.

    Raises:
        FineParserError: with a sentence, for a video, weights or preprocessing that cannot be used.

    Example:
        >>> features = extract_features([sample])
        >>> features["gated"].shape, features["frame_features"].shape[:2], features["transitions"].shape
        ((1, 9, 1024), (1, 96), (1, 2))
    """
    if not paths:
        raise ExportError("There is no video: name one or more.")
    network, decoding = model, "joint"
    if isinstance(network, str | Path):
        network, card = load_model(network)
        preprocessing, decoding = card.preprocessing, card.decoding
        if not isinstance(get_preprocessing(preprocessing), FullFrame):
            return _followed(paths, model, trim, device)
    transform, on = clip_transform(preprocessing), choose_device(device)
    network.to(on).eval()
    rows = []
    for path in paths:
        clip = find_clip(Path(path), trim=trim).clip
        with torch.inference_mode():
            video = transform(path, clip.in_frame, clip.out_frame)[None].to(on)
            encoding = network.encode(video, DECODERS[decoding]).encoding
        rows.append({name: value[0].float().cpu().numpy() for name, value in encoding.items()})
    return _columns(paths, rows)


def _followed(
    paths: Sequence[str | Path], weights: AQAModel | str | Path, trim: bool, device: str
) -> dict[str, np.ndarray]:
    """Return the features by weights that crop around the athlete."""
    assert not isinstance(weights, AQAModel)
    analyzer, rows = Analyzer.open(weights=weights, device=device), []
    for path in map(Path, paths):
        found = find_clip(path, trim=trim, search=DiveSearch(path, find_body=analyzer.find_body))
        _, encoding = analyzer.parse(found.clip, found.recording)
        cuts = np.array(encoding.transition_samples)
        rows.append({"gated": encoding.gated, "frame_features": encoding.frame_features, "transitions": cuts})
    return _columns(paths, rows)


def _columns(paths: Sequence[str | Path], rows: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    columns = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return {"path": np.array([str(path) for path in paths]), **columns}
