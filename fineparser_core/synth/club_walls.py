"""Random pictures of the walls and ceilings of club pools: tiles and stripes, windows, doors, boards and banners."""

import cv2
import numpy as np

from fineparser_core.synth.textures import colour, smooth_noise

_WORDS = (
    "HOME",
    "GUEST",
    "POOL RECORDS",
    "NO RUNNING",
    "DEPTH 12 FT",
    "4.0 m",
    "EXIT",
    "WELCOME",
    "SWIM CLUB",
    "12:47",
)


def _shade(tone: np.ndarray, factor: float) -> tuple[int, int, int]:
    r, g, b = np.clip(tone * factor, 0, 255).astype(int).tolist()
    return r, g, b


def club_wall(width_m: float, height_m: float, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Sample a wall (h, w, 3) uint8 RGB, its bottom row at the floor; `scale` is in pixels per metre."""
    h, w = max(48, int(height_m * scale)), max(96, int(width_m * scale))
    warm = np.array([rng.uniform(0.92, 1.06), 1.0, rng.uniform(0.8, 1.04)])
    base = rng.uniform(120, 235) * warm
    if rng.random() < 0.25:
        base = np.array(colour(rng), float)
    image = np.full((h, w, 3), base, np.float32)
    _tiles(image, scale, rng)
    for _ in range(int(rng.integers(0, 4))):
        low = rng.uniform(0.8, 0.9 * height_m)
        tall = rng.uniform(0.15, 0.9)
        top = h - int((low + tall) * scale)
        image[max(0, top) : max(0, h - int(low * scale))] = np.array(colour(rng), np.float32)
    if rng.random() < 0.5:
        _windows(image, scale, rng)
    picture = np.clip(image, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(2, 9))):
        _thing(picture, scale, rng)
    light = 1 + 0.1 * smooth_noise((h, w), 3, rng) + 0.03 * smooth_noise((h, w), 24, rng)
    light *= np.linspace(rng.uniform(0.7, 1.15), 1.0, h, dtype=np.float32)[:, None]
    return np.clip(picture * light[..., None], 0, 255).astype(np.uint8)


def _tiles(image: np.ndarray, scale: float, rng: np.random.Generator) -> None:
    """Joints between tiles, bricks or panels, if they are wide enough to be seen."""
    step = rng.choice([0.2, 0.4, 1.0, 2.4]) * scale
    if step < 3:
        return
    dark = rng.uniform(0.78, 0.97)
    for y in np.arange(image.shape[0], 0, -step):
        image[max(0, int(y) - 1) : int(y)] *= dark
    for x in np.arange(0, image.shape[1], step * rng.choice([1.0, 2.0])):
        image[:, int(x) : int(x) + 1] *= dark


def _windows(image: np.ndarray, scale: float, rng: np.random.Generator) -> None:
    """A row of windows, from tall single ones to a band along the whole wall; daylight may be far too bright."""
    h, w = image.shape[:2]
    low, tall = rng.uniform(0.6, 3.0) * scale, rng.uniform(1.2, 6.0) * scale
    wide = rng.uniform(0.8, 5.0) * scale
    gap = rng.choice([0.12, 1.0, 4.0]) * scale * rng.uniform(0.6, 1.4)
    bright = rng.uniform(150, 330) * np.array([0.95, 0.99, 1.02])
    bottom, top = int(h - low), int(max(0, h - low - tall))
    if top >= bottom:
        return
    frame = np.array(colour(rng), np.float32) * 0.6
    outside = np.ones((bottom - top, w, 1), np.float32)
    if rng.random() < 0.5:
        # Trees and houses outside, in the lower part.
        trees = np.clip(smooth_noise((bottom - top, w), 6, rng) + np.linspace(-2.0, 1.0, bottom - top)[:, None], 0, 1)
        outside -= 0.6 * trees[..., None]
    for x in np.arange(rng.uniform(-wide, 0), w, wide + gap):
        a, b = int(max(0, x)), int(min(w, x + wide))
        if a >= b:
            continue
        image[top:bottom, a:b] = bright * outside[:, a:b]
        bar = max(1, int(0.05 * scale))
        for bx in np.linspace(x, x + wide, int(rng.integers(2, 5))):
            image[top:bottom, max(0, int(bx)) : max(0, int(bx) + bar)] = frame
        for by in np.linspace(top, bottom, int(rng.integers(2, 6))):
            image[max(0, int(by)) : int(by) + bar, a:b] = frame


def _thing(image: np.ndarray, scale: float, rng: np.random.Generator) -> None:
    """A door, a notice, a score board, a flag, a clock or a pipe on the wall."""
    h, w = image.shape[:2]
    kind = rng.random()
    x, tone = rng.uniform(0, w), np.array(colour(rng), float)
    if kind < 0.25:
        wide, tall = rng.uniform(0.9, 2.4) * scale, rng.uniform(2.0, 2.6) * scale
        cv2.rectangle(image, (int(x), int(h - tall)), (int(x + wide), h), _shade(tone, 0.7), -1)
        cv2.line(image, (int(x + wide / 2), int(h - tall)), (int(x + wide / 2), h), _shade(tone, 0.4), 1)
    elif kind < 0.75:
        wide, tall = rng.uniform(0.4, 4.0) * scale, rng.uniform(0.3, 1.6) * scale
        y = h - rng.uniform(1.2, 5.0) * scale
        dark = rng.random() < 0.5
        fill = _shade(tone, 0.25 if dark else 1.1)
        cv2.rectangle(image, (int(x), int(y - tall)), (int(x + wide), int(y)), fill, -1)
        ink = (240, 220, 90) if dark else (40, 40, 60)
        word = str(rng.choice(_WORDS))
        cv2.putText(image, word, (int(x + 2), int(y - 0.3 * tall)), 0, max(0.25, tall / 60), ink, 1, cv2.LINE_AA)
    else:
        thick = max(1, int(rng.uniform(0.08, 0.5) * scale))
        if rng.random() < 0.5:
            y = int(h - rng.uniform(2.5, 7.0) * scale)
            cv2.line(image, (0, y), (w, y), _shade(tone, 0.9), thick, cv2.LINE_AA)
        else:
            cv2.line(image, (int(x), 0), (int(x), h), _shade(tone, 0.9), thick, cv2.LINE_AA)


def ceiling(size_m: tuple[float, float], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Sample a ceiling (h, w, 3) uint8 RGB with beams and lamps, seen from below."""
    w, h = int(size_m[0] * scale), int(size_m[1] * scale)
    image = np.full((h, w, 3), np.array(colour(rng)) * 0.4 + 60, np.float32)
    step = rng.uniform(1.0, 4.0) * scale
    for y in np.arange(0, h, step):
        image[int(y) : int(y + 0.2 * scale) + 1] *= 0.7
    lamp = np.array([1.0, 0.98, rng.uniform(0.85, 1.0)]) * rng.uniform(220, 320)
    for y in np.arange(step / 2, h, step * rng.integers(1, 3)):
        for x in np.arange(rng.uniform(0, 3) * scale, w, rng.uniform(2.5, 6) * scale):
            image[int(y) : int(y + 0.25 * scale) + 1, int(x) : int(x + 1.2 * scale)] = lamp
    return np.clip(image, 0, 255).astype(np.uint8)
