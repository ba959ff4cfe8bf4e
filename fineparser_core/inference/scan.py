"""Scans a whole recording ten times a second for the athlete's masks and the camera's movement. Loads torch."""

from pathlib import Path

import cv2
import numpy as np

from fineparser_core.constants import MASK_SIZE, WINDOW_LENGTH
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.fall_detection import Evidence
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.video.camera_motion import vertical_shift
from fineparser_core.video.preprocess import WHOLE
from fineparser_core.video.reader import VideoReader

SAMPLE_S = 0.1
#: Windows share samples: masks at the ends of a window are the least sure.
_HOP = 12


def scan(
    path: Path,
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Evidence:
    """Measures a file, a sample every tenth of a second; holds no more than a window of frames.

    It sees whole frames, whatever the preprocessing of the weights: where the athlete is, is not yet known.

    Args:
        progress: called with stage "scan", in samples.

    Raises:
        VideoError: where the file cannot be read.
        Cancelled: once the token is set.
    """
    with VideoReader(path) as reader:
        info = reader.info
        wanted_s = np.arange(0, info.duration_s, SAMPLE_S)
        frames = _at(info.pts_s, wanted_s)
        n = len(frames)
        masks, camera = _Masks(n), _Camera(n)
        window: list[np.ndarray] = []
        for k, (_, frame) in enumerate(reader.frames(frames.tolist())):
            if cancel is not None:
                cancel.raise_if_cancelled()
            small = WHOLE.apply(frame)
            camera.add(k, small)
            window.append(small)
            if len(window) == WINDOW_LENGTH:
                masks.add(k + 1 - WINDOW_LENGTH, encoder.window_masks(np.stack(window)))
                window = window[_HOP:]
            progress(Progress("scan", k + 1, n))
        if window:
            padded = np.stack(window + window[-1:] * (WINDOW_LENGTH - len(window)))
            masks.add(n - len(window), encoder.window_masks(padded)[: len(window)])
    return _evidence(frames, info.pts_s[frames], masks, camera)


def clip_motion(frames: np.ndarray, times_s: np.ndarray, images: np.ndarray, probability: np.ndarray) -> Evidence:
    """As `scan`, with the same sampling rate, of a clip whose masks are computed already.

    Args:
        frames, times_s: (n,) source frames and their times; a repeated frame counts once.
        images: (n, 112, 112, 3) uint8, whole frames.
        probability: (n, 112, 112) of its masks.
    """
    kept = _at(times_s, np.arange(times_s[0], times_s[-1] + SAMPLE_S / 2, SAMPLE_S))
    kept = kept[np.diff(frames[kept], prepend=-1) > 0]
    masks, camera = _Masks(len(kept)), _Camera(len(kept))
    masks.add(0, probability[kept])
    for k, image in enumerate(images[kept]):
        camera.add(k, image)
    return _evidence(frames[kept], times_s[kept], masks, camera)


def _at(times_s: np.ndarray, wanted_s: np.ndarray) -> np.ndarray:
    """Places of the last times at or before those wanted, each once."""
    return np.unique(np.searchsorted(times_s, wanted_s + 1e-6, side="right") - 1)


def _evidence(frames: np.ndarray, times_s: np.ndarray, masks: "_Masks", camera: "_Camera") -> Evidence:
    area, centre_y = masks.measured()
    return Evidence(
        frames=frames.astype(np.int64),
        times_s=times_s,
        area=area,
        centre_y=centre_y,
        shift_y=camera.shift_y,
        response=camera.response,
    )


class _Camera:
    """How far the scene moves from sample to sample."""

    def __init__(self, n: int) -> None:
        self.shift_y, self.response = np.zeros(n), np.zeros(n)
        self._before: np.ndarray | None = None

    def add(self, k: int, image: np.ndarray) -> None:
        """Take the (112, 112, 3) picture of sample k, the one after the last."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        if self._before is not None:
            shift_px, self.response[k] = vertical_shift(self._before, grey)
            self.shift_y[k] = shift_px / MASK_SIZE
        self._before = grey


class _Masks:
    """Rows of the masks of every sample; the mean over the windows that cover it."""

    def __init__(self, n: int) -> None:
        self._area = np.zeros(n)
        self._rows = np.zeros(n)
        self._times = np.zeros(n)

    def add(self, start: int, probability: np.ndarray) -> None:
        """Take the masks (m, 112, 112) of the samples from `start` on."""
        here = slice(start, start + len(probability))
        athlete = probability >= 0.5
        self._area[here] += athlete.mean(axis=(1, 2))
        self._rows[here] += (athlete.sum(axis=2) * (np.arange(MASK_SIZE) + 0.5) / MASK_SIZE**3).sum(axis=1)
        self._times[here] += 1

    def measured(self) -> tuple[np.ndarray, np.ndarray]:
        """Area and height of the centre, NaN without a mask."""
        area = self._area / np.maximum(self._times, 1)
        with np.errstate(invalid="ignore"):
            return area, self._rows / self._area
