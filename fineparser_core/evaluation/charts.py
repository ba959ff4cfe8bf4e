"""Two charts as inline SVG that take their colors from the page around them."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

_WIDTH, _HEIGHT = 460, 380
_LEFT, _TOP, _RIGHT, _BOTTOM = 56, 16, 16, 48
_BINS = 20


def scatter(predicted: Sequence[float], true: Sequence[float], ids: Sequence[str]) -> str:
    """Draw predicted against true scores over the diagonal; a point shows its dive when pointed at."""
    ticks = _ticks(min(*predicted, *true), max(*predicted, *true))
    low, high = ticks[0], ticks[-1]
    parts = _axes(ticks, ticks, "true score, points", "predicted score, points")
    x0, y0, x1, y1 = _x(low, low, high), _y(low, low, high), _x(high, low, high), _y(high, low, high)
    parts.append(f'<line class="guide" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>')
    for guess, score, name in zip(predicted, true, ids, strict=True):
        x, y = _x(score, low, high), _y(guess, low, high)
        label = escape(f"{name}: true {score:.2f}, predicted {guess:.2f}")
        parts.append(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{label}</title></circle>')
    return _svg(parts, "Predicted against true scores; on the diagonal they are equal")


def histogram(ious: Sequence[float], thresholds: Sequence[float]) -> str:
    """Return counts of values in [0, 1] in bins of 0.05, with upright lines at the thresholds."""
    counts, edges = np.histogram(ious, bins=_BINS, range=(0, 1))
    ticks = _ticks(0, int(counts.max()), whole=True)
    parts = _axes([0, 0.25, 0.5, 0.75, 1], ticks, "interval IoU", "dives")
    base = _y(0, 0, ticks[-1])
    for count, start, end in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        x, top = _x(start, 0, 1) + 1, _y(count, 0, ticks[-1])
        size = f'width="{_x(end, 0, 1) - x - 1:.1f}" height="{base - top:.1f}"'
        label = f"{start:.2f} to {end:.2f}: {count}"
        parts.append(f'<rect class="bar" x="{x:.1f}" y="{top:.1f}" {size}><title>{label}</title></rect>')
    for threshold in thresholds:
        x = _x(threshold, 0, 1)
        parts.append(f'<line class="guide" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{base:.1f}"/>')
    return _svg(parts, "How many dives reach which interval IoU")


def _axes(x_ticks: Sequence[float], y_ticks: Sequence[float], x_label: str, y_label: str) -> list[str]:
    left, right, top, base = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    parts = []
    for tick in y_ticks:
        y = _y(tick, y_ticks[0], y_ticks[-1])
        parts.append(f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in x_ticks:
        x = _x(tick, x_ticks[0], x_ticks[-1])
        parts.append(f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{tick:g}</text>')
    middle_x, middle_y = (left + right) / 2, (top + base) / 2
    parts.append(f'<text x="{middle_x}" y="{_HEIGHT - 8}" text-anchor="middle">{x_label}</text>')
    turned = f'transform="rotate(-90 14 {middle_y})"'
    parts.append(f'<text x="14" y="{middle_y}" text-anchor="middle" {turned}>{y_label}</text>')
    return parts


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers that span low to high, five or so; at least two of them."""
    span = max(high - low, 1.0)
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= 5)
    step = max(step, 1.0) if whole else step
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(index * step, 9) for index in range(first, max(last, first + 1) + 1)]


def _x(value: float, low: float, high: float) -> float:
    return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return _HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def _svg(parts: Sequence[str], label: str) -> str:
    head = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
    return head + "".join(parts) + "</svg>"
