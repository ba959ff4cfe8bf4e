"""Effects of lens, sensor, video coding and broadcast graphics on a rendered frame."""

from dataclasses import dataclass, field

import cv2
import numpy as np

_BLOCK_PX = 8


@dataclass(frozen=True, kw_only=True)
class Optics:
    """Parameters of the effects, constant over a dive.

    Attributes:
        curves: (256, 3) uint8, lookup table of exposure, contrast, gamma and color cast per channel.
        saturation: factor on the color saturation.
        defocus_px: standard deviation of a Gaussian blur.
        soften: scale to which the frame is reduced and enlarged again; 1 keeps it.
        noise: standard deviation of the sensor noise in gray levels.
        shutter: share of the frame time during which the shutter is open.
        readout: share of the frame time between the first and the last row of a rolling shutter; 0 is a global shutter.
        ghosting: share of the previous frame in a frame, as after a conversion of the frame rate.
        skip_threshold: gray levels; blocks that change less are not coded; 0 codes all blocks.
        interlaced: the odd rows are half a frame later than the even rows.
        occluded: an object in the foreground covers the athlete, see `foreground`.
        jpeg_quality: quality at which the frames are stored.
        graphics: (H, W, 4) uint8 premultiplied RGBA overlay of the broadcast; None without an overlay.
        grain: (H + 64, W + 64, 3) int8 noise, of which every frame takes a random crop.
    """

    curves: np.ndarray = field(repr=False)
    saturation: float
    defocus_px: float
    soften: float
    noise: float
    shutter: float
    readout: float
    ghosting: float
    skip_threshold: float
    interlaced: bool
    occluded: bool
    jpeg_quality: int
    graphics: np.ndarray | None = field(repr=False)
    grain: np.ndarray = field(repr=False)


def sample_optics(size: tuple[int, int], rng: np.random.Generator, *, clear: bool = False) -> Optics:
    """Sample the optics of frames of size (width_px, height_px); `clear` restricts them to a good broadcast."""
    width, height = size
    amount = 0.35 if clear else 1.0
    x = np.linspace(0, 1, 256)[:, None]
    gain = 1 + rng.normal(0, 0.13) * amount + rng.normal(0, 0.07, 3) * amount
    curve = np.clip(x * gain, 0, 1) ** np.exp(rng.normal(0, 0.2) * amount)
    curve = 0.5 + (curve - 0.5) * (1 + rng.normal(0, 0.13) * amount) + rng.normal(0, 0.05) * amount
    noise = float(rng.gamma(1.5, 2.2)) * (0.0 if clear else 1.0)
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
        readout=float(rng.uniform(0.3, 1.0)) if not clear and rng.random() < 0.12 else 0.0,
        ghosting=float(rng.uniform(0.15, 0.4)) if not clear and rng.random() < 0.08 else 0.0,
        skip_threshold=float(rng.uniform(0.5, 2.0)) + noise if not clear and rng.random() < 0.4 else 0.0,
        interlaced=not clear and rng.random() < 0.07,
        occluded=not clear and rng.random() < 0.2,
        jpeg_quality=int(rng.integers(35, 96)),
        graphics=_graphics(size, rng) if not clear and rng.random() < 0.35 else None,
        grain=np.clip(grain, -100, 100).astype(np.int8),
    )


def _graphics(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Sample broadcast graphics (H, W, 4) premultiplied RGBA: a logo, a name bar, a scoreboard."""
    width, height = size
    layer = np.zeros((height, width, 4), np.uint8)
    if rng.random() < 0.7:
        x, y = int(rng.choice([0.05, 0.82]) * width), int(rng.choice([0.1, 0.92]) * height)
        tone = int(rng.uniform(150, 255))
        if rng.random() < 0.4:
            for k in range(int(rng.integers(1, 6))):
                middle = (x + int(0.035 * height * k), y - int(0.02 * height * (k % 2)))
                cv2.circle(layer, middle, max(2, height // 45), (tone, tone, tone, 255), 1, cv2.LINE_AA)
        else:
            word = str(rng.choice(["TV 4", "LIVE", "SPORT 1", "HD", "AQUA"]))
            cv2.putText(layer, word, (x, y), 0, height / 600, (tone, tone, tone, 255), 1, cv2.LINE_AA)
    if rng.random() < 0.5:
        y1 = int(rng.uniform(0.86, 0.98) * height)
        x0, x1 = rng.uniform(0.03, 0.3) * width, rng.uniform(0.5, 0.97) * width
        points = f"{rng.uniform(40, 99):.2f}  {rng.integers(1, 13)}"
        name = str(rng.choice(["A. DIVER", "CHN  LI", "GBR  SMITH", "MEX  ORTIZ", "USA  JONES", "ITA  ROSSI"]))
        _bar(layer, (x0, y1 - 0.055 * height, x1, y1), f"{name}  {points}", rng)
    if rng.random() < 0.35:
        x0, y0 = rng.choice([0.03, 0.7]) * width, rng.uniform(0.04, 0.25) * height
        for k in range(int(rng.integers(2, 8))):
            line = y0 + 0.05 * height * k
            text = f"{rng.integers(2, 11) / 2 + 4:.1f}"
            _bar(layer, (x0, line, x0 + rng.uniform(0.08, 0.25) * width, line + 0.045 * height), text, rng)
    return layer


def _bar(layer: np.ndarray, box: tuple[float, float, float, float], text: str, rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = (int(v) for v in box)
    r, g, b = (int(v) for v in rng.uniform(10, 200, 3))
    cv2.rectangle(layer, (x0, y0), (x1, y1), (r, g, b, 255), -1)
    cv2.putText(layer, text, (x0 + 3, y1 - 2), 0, layer.shape[0] / 750, (240, 240, 240, 255), 1, cv2.LINE_AA)


def motion_blur(image: np.ndarray, move: tuple[float, float]) -> np.ndarray:
    """Blur an image (H, W, 3) uint8 along a camera motion of `move` = (x, y) pixels."""
    length = float(np.hypot(*move))
    if length < 0.7:
        return image
    halvings = 1 if length < 2 else 2 if length < 5 else 3 if length < 14 else 4
    for halving in range(halvings):
        apart = np.array(move) / 2 ** (halving + 1)
        if np.abs(apart).max() < 1.5:
            image = cv2.filter2D(image, -1, _pair_kernel(*apart.tolist()), borderType=cv2.BORDER_REPLICATE)
        else:
            shifted = _whole_pixels_apart(image, *np.round(apart).astype(int).tolist())
            image = cv2.addWeighted(shifted[0], 0.5, shifted[1], 0.5, 0)
    return image


def _pair_kernel(x: float, y: float) -> np.ndarray:
    """Return a kernel (3, 3) for the mean of two images shifted by plus and minus half of (x, y), bilinear.

    |x|, |y| < 2 pixels.
    """
    near = np.arange(-1, 2)
    kernel = np.zeros((3, 3))
    for sign in (-0.5, 0.5):
        across, down = (np.maximum(0, 1 - np.abs(near - sign * v)) for v in (x, y))
        kernel += 0.5 * np.outer(down, across)
    return kernel


def _whole_pixels_apart(image: np.ndarray, x: int, y: int) -> list[np.ndarray]:
    """Return the image shifted by plus and minus half of (x, y) whole pixels."""
    height, width = image.shape[:2]
    wide, high = abs(x) // 2 + 1, abs(y) // 2 + 1
    large = cv2.copyMakeBorder(image, high, high, wide, wide, cv2.BORDER_REPLICATE)
    shifts = ((x // 2, y // 2), (x // 2 - x, y // 2 - y))
    return [large[high + v : high + v + height, wide + u : wide + u + width] for u, v in shifts]


def skew(image: np.ndarray, move: tuple[float, float], readout: float) -> np.ndarray:
    """Apply the skew of a rolling shutter to an image (H, W, 3) or a mask (H, W).

    Args:
        move: (x, y) pixels by which static objects move in a frame.
        readout: see `Optics`.
    """
    height, width = image.shape[:2]
    matrix = _shear(height, move, readout)
    flags = cv2.INTER_LINEAR if image.ndim == 3 else cv2.INTER_NEAREST
    return cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def skew_points(points: np.ndarray, height: int, move: tuple[float, float], readout: float) -> np.ndarray:
    """Apply `skew` to points (N, 2) in pixels of an image with this height."""
    matrix = _shear(height, move, readout)
    skewed: np.ndarray = points @ matrix[:, :2].T + matrix[:, 2]
    return skewed


def _shear(height: int, move: tuple[float, float], readout: float) -> np.ndarray:
    x, y = readout * move[0] / height, readout * move[1] / height
    return np.array([[1, x, -x * height / 2], [0, 1 + y, -y * height / 2]])


def apply_optics(image: np.ndarray, optics: Optics, rng: np.random.Generator) -> np.ndarray:
    """Apply softening, defocus, saturation, curves and noise to a frame (H, W, 3) uint8."""
    if optics.soften < 1:
        height, width = image.shape[:2]
        small = cv2.resize(image, None, fx=optics.soften, fy=optics.soften, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if optics.defocus_px > 0.25:
        image = cv2.GaussianBlur(image, (0, 0), optics.defocus_px)
    if abs(optics.saturation - 1) > 0.02:
        gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        image = cv2.addWeighted(image, optics.saturation, gray, 1 - optics.saturation, 0)
    image = cv2.LUT(image, optics.curves[None])
    if optics.noise > 0.5:
        y, x = rng.integers(0, 64, 2)
        grain = optics.grain[y : y + image.shape[0], x : x + image.shape[1]]
        image = cv2.add(image, grain, dtype=cv2.CV_8U)
    return image


def skip_unchanged_blocks(image: np.ndarray, before: np.ndarray, optics: Optics) -> np.ndarray:
    """Copy blocks that hardly change from the previous frame, like the skip blocks of a video codec.

    Args:
        image: (H, W, 3) uint8.
        before: (H, W, 3) uint8, the previous frame as coded.
    """
    height, width = image.shape[:2]
    high, wide = height // _BLOCK_PX, width // _BLOCK_PX
    whole = slice(high * _BLOCK_PX), slice(wide * _BLOCK_PX)
    change = cv2.resize(cv2.absdiff(image[whole], before[whole]), (wide, high), interpolation=cv2.INTER_AREA).max(2)
    # Neighbors of a changed block are coded, too, so that moving objects leave no trails.
    coded = cv2.dilate((change > optics.skip_threshold).astype(np.uint8), np.ones((3, 3), np.uint8))
    # Partial blocks at the edges are always coded.
    moved = np.ones((height, width), np.uint8)
    moved[whole] = coded.repeat(_BLOCK_PX, 0).repeat(_BLOCK_PX, 1)
    out = before.copy()
    cv2.copyTo(image, moved, out)
    return out
