"""What lens, sensor and broadcast do to a picture."""

from dataclasses import dataclass, field

import cv2
import numpy as np


@dataclass(frozen=True, kw_only=True)
class Optics:
    """Constant over one dive.

    Attributes:
        curves: (256, 3) uint8, exposure, contrast, gamma and colour cast per channel.
        saturation: 1 keeps colours.
        defocus_px: Gaussian blur; soften: picture is shrunk by this and enlarged again.
        noise: deviation of the sensor's noise in grey levels.
        shutter: share of the frame time that the shutter is open.
    """

    curves: np.ndarray = field(repr=False)
    saturation: float
    defocus_px: float
    soften: float
    noise: float
    shutter: float
    jpeg_quality: int
    graphics: np.ndarray | None = field(repr=False)
    grain: np.ndarray = field(repr=False)


def draw_optics(size: tuple[int, int], rng: np.random.Generator, *, clear: bool = False) -> Optics:
    """Draw optics for pictures of size (width_px, height_px); `clear` stays near a good broadcast."""
    width, height = size
    amount = 0.35 if clear else 1.0
    x = np.linspace(0, 1, 256)[:, None]
    gain = 1 + rng.normal(0, 0.13) * amount + rng.normal(0, 0.07, 3) * amount
    curve = np.clip(x * gain, 0, 1) ** np.exp(rng.normal(0, 0.2) * amount)
    curve = 0.5 + (curve - 0.5) * (1 + rng.normal(0, 0.13) * amount) + rng.normal(0, 0.05) * amount
    noise = float(rng.gamma(1.5, 2.2)) * (0.4 if clear else 1.0)
    shape = (height + 64, width + 64, 3)
    grain: np.ndarray = rng.normal(0, noise, shape)
    if rng.random() < 0.5:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.6) * 1.6
    return Optics(
        curves=np.clip(curve * 255, 0, 255).astype(np.uint8),
        saturation=float(np.clip(rng.normal(1.0, 0.22 * amount), 0.2, 1.6)),
        defocus_px=float(rng.choice([0.0, rng.uniform(0.3, 1.1)])) * height / 256 * (0.4 if clear else 1.0),
        soften=1.0 if clear or rng.random() < 0.65 else float(rng.uniform(0.45, 0.9)),
        noise=noise,
        shutter=float(rng.uniform(0.15, 0.9)) if not clear else 0.45,
        jpeg_quality=int(rng.integers(45, 96)),
        graphics=_graphics(size, rng) if not clear and rng.random() < 0.22 else None,
        grain=np.clip(grain, -100, 100).astype(np.int8),
    )


def _graphics(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """(H, W, 4) premultiplied RGBA: a station's logo, a name bar."""
    width, height = size
    layer = np.zeros((height, width, 4), np.uint8)
    if rng.random() < 0.7:
        x, y = (rng.choice([0.05, 0.82]) * width, rng.choice([0.1, 0.92]) * height)
        tone = int(rng.uniform(150, 255))
        cv2.putText(layer, "TV 4", (int(x), int(y)), 0, height / 600, (tone, tone, tone, 255), 1, cv2.LINE_AA)
    if rng.random() < 0.5:
        y1 = int(rng.uniform(0.93, 0.98) * height)
        y0 = y1 - int(0.055 * height)
        x0, x1 = int(rng.uniform(0.03, 0.3) * width), int(rng.uniform(0.5, 0.95) * width)
        r, g, b = (int(v) for v in rng.uniform(10, 200, 3))
        cv2.rectangle(layer, (x0, y0), (x1, y1), (r, g, b, 255), -1)
        cv2.putText(layer, "A. DIVER  3.2", (x0 + 4, y1 - 3), 0, height / 800, (240, 240, 240, 255), 1, cv2.LINE_AA)
    return layer


def streak(image: np.ndarray, move: tuple[float, float]) -> np.ndarray:
    """Blur along a move in pixels, as while the camera turns; (H, W, 3) uint8."""
    length = float(np.hypot(*move))
    if length < 0.7:
        return image
    halvings = 1 if length < 2 else 2 if length < 5 else 3 if length < 14 else 4
    step = np.array(move) / 2
    for _ in range(halvings):
        step = step / 2
        shifted = []
        for sign in (-1.0, 1.0):
            matrix = np.array([[1, 0, sign * step[0]], [0, 1, sign * step[1]]])
            shifted.append(
                cv2.warpAffine(
                    image, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
                )
            )
        image = cv2.addWeighted(shifted[0], 0.5, shifted[1], 0.5, 0)
    return image


def expose(image: np.ndarray, optics: Optics, rng: np.random.Generator) -> np.ndarray:
    """Lens, sensor and broadcast applied to one frame (H, W, 3) uint8."""
    if optics.soften < 1:
        height, width = image.shape[:2]
        small = cv2.resize(image, None, fx=optics.soften, fy=optics.soften, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if optics.defocus_px > 0.25:
        image = cv2.GaussianBlur(image, (0, 0), optics.defocus_px)
    if abs(optics.saturation - 1) > 0.02:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        image = cv2.addWeighted(image, optics.saturation, grey, 1 - optics.saturation, 0)
    image = cv2.LUT(image, optics.curves[None])
    if optics.noise > 0.5:
        y, x = rng.integers(0, 64, 2)
        grain = optics.grain[y : y + image.shape[0], x : x + image.shape[1]]
        image = cv2.add(image, grain, dtype=cv2.CV_8U)
    return image
