"""A dive that is drawn, so that its truth is known: a red disc flies before a scene."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from measured_dive import BOARD, FPS, PX_PER_M, centre_m, measured_parse

from fineparser_core.records import Analysis
from fineparser_core.video.probe import probe
from fineparser_core.video.writer import VideoWriter

SIZE, RADIUS, RED = (400, 320), 18, (230, 20, 30)


@cache
def scene(height: int) -> np.ndarray:
    """Blurred noise with edges to register by, (height, 400, 3)."""
    noise = np.random.default_rng(3).integers(40, 200, (height // 8, SIZE[0] // 8, 1), np.uint8)
    gray = cv2.resize(noise, (SIZE[0], height), interpolation=cv2.INTER_CUBIC)
    return cv2.merge([gray // 2, gray, gray])


def centers() -> np.ndarray:
    """(96, 2) where the diver's middle is in the scene."""
    return np.asarray(BOARD + PX_PER_M * (centre_m(np.arange(96) / FPS, 3.0) - np.array([0.0, 1.0])))


def tilt(at: int, panned: bool) -> int:
    """Row of the scene at which the picture of a frame begins."""
    return int(np.clip(centers()[at, 1] - 150, 0, 260)) if panned else 0


def made_dive(path: Path, *, panned: bool = False, cut: int | None = None, border: int = 0) -> Analysis:
    """A red disc that flies before a scene, and its parse.

    Args:
        border: black pixels at each side.
    """
    parse = measured_parse(speed=3.0, flight_s=1.2)
    masks, crops = np.zeros((96, 112, 112), np.float16), np.zeros((96, 4), np.float32)
    y, x = np.mgrid[:112, :112] + 0.5
    disc = (np.hypot(x - 56, y - 56) <= RADIUS).astype(np.float16)  # a cell is a pixel
    to_scene = np.tile(np.eye(3), (96, 1, 1))
    height = SIZE[1] if panned else 420  # a still camera sees the whole dive
    with VideoWriter(path, width_px=SIZE[0], height_px=height, fps=FPS) as writer:
        for at, (cx, cy) in enumerate(centers()):
            top = tilt(at, panned)
            image = scene(700)[top : top + height].copy()
            if cut is not None and at >= cut:
                image = 255 - image[::-1]
            cv2.circle(image, (round(cx), round(cy) - top), RADIUS, RED, -1, cv2.LINE_AA)
            if panned:  # what a broadcast lays over the picture
                image[10:34, 300:390] = 250
                cv2.rectangle(image, (306, 14), (340, 30), (10, 10, 10), -1)
            if border:
                image[:border] = image[-border:] = image[:, :border] = image[:, -border:] = 0
            writer.write(image, at / FPS)
            masks[at], crops[at] = disc, [cx - 56, cy - top - 56, cx + 56, cy - top + 56]
            to_scene[at, 1, 2] = top
    ends = border + 4 * (border > 0)  # what is blurred
    picture = (ends, ends, SIZE[0] - ends, height - ends)
    parse = replace(
        parse,
        clip=replace(parse.clip, path=path),
        sampled_times_s=probe(path).pts_s,
        mask_probability=masks,
        crop_xyxy=crops,
        joints=None,
        motion=replace(parse.motion, to_scene=to_scene, picture_xyxy=picture),
    )
    return Analysis(parse=parse, scoring=None)
