"""Pictures of a run's masks while it trains."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from fineparser_core.config import TrainConfig
from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.dives import DatasetDive
from fineparser_core.data.transforms import plain_view, view_frames, view_masks
from fineparser_core.inference.encoder import normalize
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.pose.decoding import DECODERS

_DIVES, _SAMPLES = 4, (8, 30, 45, 60, 75, 90)
_GREEN, _RED = (40, 220, 90), (255, 70, 60)


@torch.inference_mode()
def mask_sheet(model: AQAModel, dives: Sequence[DatasetDive], config: TrainConfig) -> np.ndarray | None:
    """Draw six samples of up to four dives, predicted athlete in green, true outline in red: (H, W, 3) uint8.

    Returns: None for a method or a data set without masks.
    """
    model.eval()
    device = next(model.parameters()).device
    rows = []
    for dive in dives[:_DIVES]:
        view = plain_view(dive, config.preprocessing)
        frames = view_frames(dive, view, np.arange(N_SAMPLES))
        video = normalize(torch.from_numpy(frames).to(device)).transpose(0, 1)[None]
        masks = model.encode(video, DECODERS[config.decoding]).mask_probability
        if masks is None or dive.masks is None:
            return None
        predicted = masks[0].float().cpu().numpy() >= 0.5
        truth = view_masks(dive, view, np.arange(N_SAMPLES)) >= 128
        rows.append(np.concatenate([_overlay(frames[i], predicted[i], truth[i]) for i in _SAMPLES], axis=1))
    return np.concatenate(rows)


def _overlay(frame: np.ndarray, predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    image = frame.copy()
    image[predicted] = image[predicted] // 2 + np.array(_GREEN, np.uint8) // 2
    outline = truth & ~cv2.erode(truth.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    image[outline] = _RED
    return image
