"""Random textures of indoor and outdoor pools: the backdrop and the ground with the water."""

import cv2
import numpy as np

_WORDS = (
    "DIVING", "AQUA", "CUP", "OPEN", "SWISS", "2012", "2019", "WORLD", "SPORT", "POOL", "TOUR", "LIVE", "GRAND PRIX",
    "OMEGA", "FINA", "BLUE", "ARENA", "ROMA", "KAZAN", "LONDON", "BEIJING", "SYNC", "3 M", "10 M", "GO", "FINAL",
)  # fmt: skip


def smooth_noise(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise (h, w) float32 with mean about 0, standard deviation about 1 and a grid of h / cells pixels."""
    small = rng.normal(0, 1, (max(2, cells), max(2, cells * shape[1] // max(shape[0], 1)))).astype(np.float32)
    return cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def color(rng: np.random.Generator) -> tuple[int, int, int]:
    """Sample an RGB color of a pool hall: often blue or gray, sometimes any other."""
    kind = rng.random()
    if kind < 0.35:
        base = np.array([20, 90, 160]) * rng.uniform(0.3, 1.4) + rng.normal(0, 25, 3)
    elif kind < 0.7:
        base = np.full(3, rng.uniform(15, 235)) + rng.normal(0, 10, 3)
    elif kind < 0.8:
        # Similar to skin, so that the athlete cannot be recognized by color alone.
        base = np.array([205, 160, 125]) * rng.uniform(0.4, 1.15)
    else:
        base = rng.uniform(10, 245, 3)
        base = base.mean() + rng.uniform(0.3, 1.0) * (base - base.mean())
    return _rgb(base)


def _rgb(tone: np.ndarray) -> tuple[int, int, int]:
    r, g, b = np.clip(tone, 0, 255).astype(int).tolist()
    return r, g, b


def _rect(image: np.ndarray, x0: float, y0: float, x1: float, y1: float, fill: tuple[int, int, int]) -> None:
    cv2.rectangle(image, (int(x0), int(y0)), (int(x1) - 1, int(y1) - 1), fill, -1)


def _crowd(image: np.ndarray, y0: int, y1: int, scale: float, rng: np.random.Generator) -> None:
    """Draw rows of spectators between the image rows y0 and y1."""
    width = image.shape[1]
    _rect(image, 0, y0, width, y1, color(rng))
    row, seat = max(4.0, rng.uniform(0.5, 0.75) * scale), max(3.0, rng.uniform(0.42, 0.55) * scale)
    full = rng.uniform(0.6, 1.0)
    dim = rng.uniform(0.35, 1.0)
    palette = rng.uniform(0, 255, (24, 3)) * dim
    palette = palette.mean(1, keepdims=True) + rng.uniform(0.1, 0.8) * (palette - palette.mean(1, keepdims=True))
    palette[: rng.integers(4, 20)] = palette[0] * 0.3 + rng.uniform(10, 230) * dim * 0.7
    palette = np.minimum(palette, 220)
    for y in np.arange(y0 + row * 0.6, y1 + row * 0.3, row):
        for x in np.arange(rng.uniform(0, seat), width, seat):
            if rng.random() > full:
                continue
            x1, y1_ = x + rng.normal(0, 0.12) * seat, y + rng.normal(0, 0.08) * row
            shirt = palette[rng.integers(24)] * rng.uniform(0.75, 1.15)
            skin = np.array([210, 165, 135]) * rng.uniform(0.35, 1.1) * dim
            half = rng.uniform(0.42, 0.6) * seat
            body = (int(x1), int(y1_ + 0.2 * row)), (max(1, int(half)), max(1, int(0.6 * row)))
            cv2.ellipse(image, *body, 0, 0, 360, _rgb(shirt), -1)
            head, size = (int(x1), int(y1_ - 0.5 * row)), max(1, int(0.22 * seat))
            cv2.circle(image, (head[0], head[1] - max(1, size // 2)), size, (0.25 * skin).tolist(), -1)
            cv2.circle(image, head, size, skin.tolist(), -1)
    band = image[max(0, y0) : y1]
    band[...] = cv2.GaussianBlur(band, (0, 0), max(0.6, 0.05 * scale))


def _lettering(image: np.ndarray, y0: int, y1: int, rng: np.random.Generator) -> None:
    tall = y1 - y0
    size = max(0.3, tall / 34 * rng.uniform(0.5, 1.0))
    x = rng.uniform(-50, 50)
    fill, thick = color(rng), max(1, int(size * rng.uniform(1, 3)))
    while x < image.shape[1]:
        if rng.random() < 0.15:
            radius = int(tall * 0.22)
            for k in range(int(rng.integers(1, 6))):
                middle = (int(x + k * 1.9 * radius), int(y0 + tall * (0.45 + 0.15 * (k % 2))))
                cv2.circle(image, middle, max(2, radius), fill, max(1, radius // 5), cv2.LINE_AA)
            x += 8 * radius
        else:
            word = _WORDS[rng.integers(len(_WORDS))]
            cv2.putText(
                image, word, (int(x), int(y0 + 0.72 * tall)), int(rng.integers(0, 5)), size, fill, thick, cv2.LINE_AA
            )
            x += len(word) * 22 * size
        x += rng.uniform(20, 160)


def _panels(image: np.ndarray, y0: int, y1: int, scale: float, rng: np.random.Generator) -> None:
    x = 0.0
    base = np.array(color(rng))
    step = rng.uniform(0.6, 5) * scale
    while x < image.shape[1]:
        wide = step * rng.uniform(0.7, 1.3)
        _rect(image, x, y0, x + wide, y1, _rgb(base * rng.uniform(0.85, 1.15)))
        x += wide
    if rng.random() < 0.5:
        for y in np.arange(y0, y1, max(4, rng.uniform(0.3, 1.5) * scale)):
            cv2.line(image, (0, int(y)), (image.shape[1], int(y)), (base * 0.7).tolist(), 1)


def _windows(image: np.ndarray, y0: int, y1: int, scale: float, rng: np.random.Generator) -> None:
    _rect(image, 0, y0, image.shape[1], y1, color(rng))
    wide, bar = rng.uniform(0.8, 3) * scale, max(1.0, rng.uniform(0.05, 0.4) * scale)
    bright = rng.uniform(120, 255)
    for x in np.arange(0, image.shape[1], wide).tolist():
        pane = bright * np.array([0.92, 0.97, 1.0]) * rng.uniform(0.85, 1.1)
        _rect(image, x + bar, y0 + bar, x + wide, y1 - bar, _rgb(pane))


def _trees(image: np.ndarray, y1: int, scale: float, rng: np.random.Generator) -> None:
    for y in range(y1):
        mix = y / max(1, y1)
        image[y] = np.clip(np.array([120, 170, 225]) * (1 - mix) + np.array([205, 220, 235]) * mix, 0, 255)
    crowns = rng.uniform(0.15, 0.65, 8)
    for _ in range(int(4 * image.shape[1] / max(scale, 1) + 20)):
        x = rng.uniform(0, 1)
        high = float(np.interp(8 * x, np.arange(8), crowns))
        middle = (int(x * image.shape[1]), int(y1 - np.sqrt(rng.uniform(0, 1)) * high * y1))
        tone = (np.array([50, 85, 40]) * rng.uniform(0.4, 1.5)).tolist()
        cv2.circle(image, middle, max(2, int(rng.uniform(0.3, 1.1) * scale)), tone, -1)


def _scaffold(image: np.ndarray, scale: float, rng: np.random.Generator) -> None:
    fill, wide = color(rng), max(1, int(rng.uniform(0.04, 0.2) * scale))
    x = rng.uniform(0, image.shape[1])
    high, step = image.shape[0], rng.uniform(1.0, 2.5) * scale
    for k in range(int(rng.integers(2, 5))):
        cv2.line(image, (int(x + k * step), 0), (int(x + k * step), high), fill, wide, cv2.LINE_AA)
    for y in np.arange(0, high, step):
        end = (int(x + 3 * step), int(y + step * rng.choice([-1, 0, 1])))
        cv2.line(image, (int(x), int(y)), end, fill, wide, cv2.LINE_AA)


def backdrop(width_m: float, height_m: float, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Sample the backdrop behind the pool.

    Args:
        scale: pixels per meter.

    Returns:
        (h, w, 3) uint8 RGB, bottom row at the foot of the wall.
    """
    h, w = max(64, int(height_m * scale)), max(96, int(width_m * scale))
    image = np.full((h, w, 3), color(rng), np.uint8)
    outdoor = rng.random() < 0.2
    y = h
    while y > 0:
        band = int(np.clip(rng.lognormal(0.9, 0.55), 0.6, 8.0) * scale)
        top = max(0, y - band)
        kind = rng.random()
        if outdoor and y < 0.6 * h and kind < 0.8:
            _trees(image, y, scale, rng)
            break
        if kind < 0.36:
            _crowd(image, top, y, scale * rng.uniform(0.7, 1.3), rng)
        elif kind < 0.66:
            _panels(image, top, y, scale, rng)
            if rng.random() < 0.7:
                _lettering(image, top, y, rng)
        elif kind < 0.8:
            _windows(image, top, y, scale, rng)
        else:
            _rect(image, 0, top, w, y, color(rng))
        y = top
    for _ in range(int(rng.integers(0, 6))):
        # Stairs, walls and roofs that are not horizontal.
        x, reach, rise = rng.uniform(0, w), rng.uniform(1, 8) * scale, rng.uniform(-5, 5) * scale
        y0, thick = rng.uniform(0, h), rng.uniform(0.3, 3) * scale
        corners = np.array([[x, y0], [x + reach, y0 + rise], [x + reach, y0 + rise + thick], [x, y0 + thick]])
        cv2.fillPoly(image, [corners.astype(np.int32)], color(rng), cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 10))):
        x, y0 = rng.uniform(0, w), rng.uniform(0, h)
        _rect(image, x, y0, x + rng.uniform(0.2, 3) * scale, y0 + rng.uniform(0.2, 3) * scale, color(rng))
    for _ in range(int(rng.integers(0, 4))):
        x = rng.uniform(0, w)
        _rect(image, x, 0, x + rng.uniform(0.15, 1.5) * scale, h, color(rng))
    if rng.random() < 0.4:
        _scaffold(image, scale, rng)
    light = 1.0 + 0.12 * smooth_noise((h, w), 4, rng) + 0.05 * smooth_noise((h, w), 30, rng)
    light *= np.linspace(rng.uniform(0.55, 1.1), 1.0, h, dtype=np.float32)[:, None]
    return np.clip(image * light[..., None], 0, 255).astype(np.uint8)


def ground(
    size_m: tuple[float, float], pool: tuple[float, float, float, float], scale: float, rng: np.random.Generator
) -> np.ndarray:
    """Sample deck and pool, seen from above.

    Args:
        size_m: extent along x and y.
        pool: (x0, x1, y0, y1) of the water within it, meters from the corner.
        scale: pixels per meter.

    Returns:
        (h, w, 3) uint8 RGB; column along x, row along y.
    """
    w, h = int(size_m[0] * scale), int(size_m[1] * scale)
    deck = np.clip(np.array(color(rng)) * 0.5 + 95 + rng.normal(0, 15), 0, 255)
    image = np.empty((h, w, 3), np.float32)
    image[:] = deck * (1 + 0.06 * smooth_noise((h, w), 24, rng)[..., None])
    x0, x1, y0, y1 = (int(v * scale) for v in pool)
    hue = np.array([rng.uniform(5, 60), rng.uniform(95, 175), rng.uniform(165, 245)]) * rng.uniform(0.6, 1.05)
    if rng.random() < 0.15:
        hue = hue[[0, 2, 1]] * np.array([1.0, 0.75, 1.1])
    water = np.empty((y1 - y0, x1 - x0, 3), np.float32)
    shape = (y1 - y0, x1 - x0)
    tone = 1 + 0.1 * smooth_noise(shape, 3, rng) + 0.07 * smooth_noise(shape, 14, rng)
    tone += 0.05 * smooth_noise(shape, 60, rng)
    water[:] = hue * tone[..., None]
    if rng.random() < 0.7:
        dark = (hue * rng.uniform(0.25, 0.7)).tolist()
        step, along = rng.uniform(2.0, 5.0) * scale, rng.random() < 0.5
        wide = max(1, int(rng.uniform(0.15, 0.5) * scale))
        for p in np.arange(rng.uniform(0, step), shape[1] if along else shape[0], step):
            bend = rng.normal(0, 0.1) * scale
            a, b = ((p, 0), (p + bend, shape[0])) if along else ((0, p), (shape[1], p + bend))
            cv2.line(water, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), dark, wide, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        # Reflections of lamps and windows.
        x, y = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
        bright = np.clip(hue * 0.4 + rng.uniform(110, 190), 0, 255).tolist()
        _rect(water, x, y, x + rng.uniform(0.3, 3) * scale, y + rng.uniform(0.1, 0.5) * scale, bright)
    image[y0:y1, x0:x1] = water
    cv2.rectangle(image, (x0, y0), (x1, y1), (np.clip(deck * 1.2, 0, 255)).tolist(), max(1, int(0.3 * scale)))
    return np.clip(image, 0, 255).astype(np.uint8)
