"""Measures the motion of athlete and camera in a whole recording, ten times a second. Imports torch."""

from pathlib import Path

import cv2
import numpy as np

from fineparser_core.constants import MASK_SIZE, WINDOW_LENGTH
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.fall_detection import MotionTrack
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.video.camera_motion import vertical_shift
from fineparser_core.video.preprocess import WHOLE
from fineparser_core.video.reader import VideoReader

SAMPLE_S = 0.1
#: Distance of windows in samples. Windows overlap, because masks are least accurate at the ends of a window.
_STRIDE = 12


def scan(
    path: Path,
    encoder: ClipEncoder,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> MotionTrack:
    """Scan a file with a sample every tenth of a second; at most one window of frames is in memory.

    The scan uses whole frames for every preprocessing, because the position of the athlete is not yet known.

    Args:
        progress: receives the stage "scan", counted in samples.

    Raises:
        VideoError: the file cannot be read.
        Cancelled: `cancel` was set.
    """
    with VideoReader(path) as reader:
        info = reader.info
        wanted_s = np.arange(0, info.duration_s, SAMPLE_S)
        frames = _indices_at(info.pts_s, wanted_s)
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
                window = window[_STRIDE:]
            progress(Progress("scan", k + 1, n))
        if window:
            padded = np.stack(window + window[-1:] * (WINDOW_LENGTH - len(window)))
            masks.add(n - len(window), encoder.window_masks(padded)[: len(window)])
    return _evidence(frames, info.pts_s[frames], masks, camera)


def clip_motion(frames: np.ndarray, times_s: np.ndarray, images: np.ndarray, probability: np.ndarray) -> MotionTrack:
    """As `scan`, with the same sampling rate, for a clip whose masks are already computed.

    Args:
        frames, times_s: (n,) source frames and their times in seconds; repeated frames are used once.
        images: (n, 112, 112, 3) uint8, whole frames.
        probability: (n, 112, 112) athlete probability.
    """
    kept = _indices_at(times_s, np.arange(times_s[0], times_s[-1] + SAMPLE_S / 2, SAMPLE_S))
    kept = kept[np.diff(frames[kept], prepend=-1) > 0]
    masks, camera = _Masks(len(kept)), _Camera(len(kept))
    masks.add(0, probability[kept])
    for k, image in enumerate(images[kept]):
        camera.add(k, image)
    return _evidence(frames[kept], times_s[kept], masks, camera)


def _indices_at(times_s: np.ndarray, wanted_s: np.ndarray) -> np.ndarray:
    """Indices of the last times at or before the wanted ones, without repeats."""
    return np.unique(np.searchsorted(times_s, wanted_s + 1e-6, side="right") - 1)


def _evidence(frames: np.ndarray, times_s: np.ndarray, masks: "_Masks", camera: "_Camera") -> MotionTrack:
    area, centre_y = masks.measured()
    return MotionTrack(
        frames=frames.astype(np.int64),
        times_s=times_s,
        area=area,
        centre_y=centre_y,
        shift_y=camera.shift_y,
        response=camera.response,
    )


class _Camera:
    """Accumulates the motion of the scene between samples."""

    def __init__(self, n: int) -> None:
        self.shift_y, self.response = np.zeros(n), np.zeros(n)
        self._before: np.ndarray | None = None

    def add(self, k: int, image: np.ndarray) -> None:
        """Add the image (112, 112, 3) of sample k; samples are added in order."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        if self._before is not None:
            shift_px, self.response[k] = vertical_shift(self._before, grey)
            self.shift_y[k] = shift_px / MASK_SIZE
        self._before = grey


class _Masks:
    """Accumulates area and centre of the masks, averaged over the windows that contain a sample."""

    def __init__(self, n: int) -> None:
        self._area = np.zeros(n)
        self._rows = np.zeros(n)
        self._times = np.zeros(n)

    def add(self, start: int, probability: np.ndarray) -> None:
        """Add the masks (m, 112, 112) of the samples from `start` on."""
        here = slice(start, start + len(probability))
        athlete = probability >= 0.5
        self._area[here] += athlete.mean(axis=(1, 2))
        self._rows[here] += (athlete.sum(axis=2) * (np.arange(MASK_SIZE) + 0.5) / MASK_SIZE**3).sum(axis=1)
        self._times[here] += 1

    def measured(self) -> tuple[np.ndarray, np.ndarray]:
        """Area and vertical position of the centre, (n,) each; the position is NaN without a mask."""
        area = self._area / np.maximum(self._times, 1)
        with np.errstate(invalid="ignore"):
            return area, self._rows / self._area
