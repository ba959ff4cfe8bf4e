"""A contact sheet of rendered dives with mask outlines."""

import time

import cv2
import numpy as np

from fineparser_core.synth.dataset import SynthConfig, sample_spec
from fineparser_core.synth.render import RenderedDive, render_dive

_TILE = (240, 180)
_OUTLINE = (255, 230, 0)


def contact_sheet(config: SynthConfig, columns: int = 10) -> tuple[np.ndarray, float]:
    """Render the dives of a config.

    Returns:
        The sheet with one row a dive, (H, W, 3) uint8 RGB, and the number of frames rendered per second on one core.
    """
    rows, count, seconds = [], 0, 0.0
    for i in range(config.train + config.test):
        before = time.process_time()
        dive = render_dive(*sample_spec(config, i))
        seconds += time.process_time() - before
        count += len(dive.frames)
        rows.append(np.hstack([_tile(dive, frame) for frame in _moments(dive, columns)]))
    return np.vstack(rows), count / seconds


def _moments(dive: RenderedDive, columns: int) -> list[int]:
    flight, entry, contact = dive.first_flight_frame, dive.first_entry_frame, dive.contact_frame
    last = len(dive.frames) - 1
    ends = np.array([max(0, flight - 20), flight, entry, contact, min(contact + 12, last)])
    return np.interp(np.linspace(0, 4, columns), np.arange(5), ends).astype(int).tolist()


def _tile(dive: RenderedDive, frame: int) -> np.ndarray:
    image = dive.frames[frame].copy()
    contours, _ = cv2.findContours(dive.masks[frame], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, contours, -1, _OUTLINE, 1)
    scale = min(_TILE[0] / image.shape[1], _TILE[1] / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[: _TILE[1], : _TILE[0]]
    tile = np.zeros((_TILE[1], _TILE[0], 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    phase = 1 + (frame >= dive.first_flight_frame) + (frame >= dive.first_entry_frame)
    cv2.putText(tile, f"{dive.dive_number} {frame} phase {phase}", (4, 12), 0, 0.38, _OUTLINE, 1, cv2.LINE_AA)
    return tile
