"""Charts as inline SVG that take their colors from the page around them, or together as a file."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

_WIDTH, _HEIGHT = 460, 380
_LEFT, _TOP, _RIGHT, _BOTTOM = 56, 16, 16, 48
_BINS = 20
_TITLE = 28
#: Colors of a figure on paper; a page has its own.
_STYLE = (
    "text{fill:#444;font:12px sans-serif}.title{fill:#111;font-weight:bold}.grid{stroke:#ddd}"
    ".guide{stroke:#111;stroke-dasharray:5 4}.point{fill:#0b66c3;fill-opacity:.55}.bar{fill:#0b66c3}"
)
Chart = tuple[str, str]


def scatter(predicted: Sequence[float], true: Sequence[float], ids: Sequence[str]) -> str:
    """Draw predicted against true scores over the diagonal; a point shows its dive when pointed at."""
    ticks = _ticks(min(*predicted, *true), max(*predicted, *true))
    low, high = ticks[0], ticks[-1]
    parts = _axes(ticks, ticks, "true score, points", "predicted score, points")
    parts += _points(
        true,
        predicted,
        [f"{name}: true {t:.2f}, predicted {p:.2f}" for p, t, name in zip(predicted, true, ids, strict=True)],
        (low, high),
    )
    return _svg(parts, "Predicted against true scores; on the diagonal they are equal")


def paired(
    first: Sequence[float], second: Sequence[float], ids: Sequence[str], what: str, names: tuple[str, str]
) -> str:
    """Draw a number of two methods against each other, a point a dive, over the diagonal.

    Args:
        what: the number is.
        names: of the methods; the first is across.
    """
    ticks = _ticks(min(0.0, *first, *second), max(*first, *second))
    across, up = (escape(f"{what}, {name}") for name in names)
    parts = _axes(ticks, ticks, across, up)
    labels = [f"{name}: {a:.2f} and {b:.2f}" for a, b, name in zip(first, second, ids, strict=True)]
    parts += _points(first, second, labels, (ticks[0], ticks[-1]))
    return _svg(parts, f"{what} of {names[0]} across and of {names[1]} upward; on the diagonal they are equal")


def figure(charts: Sequence[Chart]) -> str:
    """Return an SVG file with charts side by side, a title over each.

    Args:
        charts: titles and what the functions of this module draw.
    """
    width, height = _WIDTH * len(charts), _HEIGHT + _TITLE
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><style>{_STYLE}</style>']
    parts.append(f'<rect width="{width}" height="{height}" fill="#fff"/>')
    for column, (title, chart) in enumerate(charts):
        x = column * _WIDTH
        parts.append(f'<text class="title" x="{x + _LEFT}" y="20">{escape(title)}</text>')
        inner = chart[chart.index(">") + 1 :].removesuffix("</svg>")
        parts.append(f'<g transform="translate({x} {_TITLE})">{inner}</g>')
    return "".join(parts) + "</svg>\n"


def _points(
    across: Sequence[float], up: Sequence[float], labels: Sequence[str], ends: tuple[float, float]
) -> list[str]:
    """Return the diagonal, and a point for each pair that shows its label when pointed at."""
    low, high = ends
    x0, y0, x1, y1 = _x(low, low, high), _y(low, low, high), _x(high, low, high), _y(high, low, high)
    parts = [f'<line class="guide" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>']
    for a, b, label in zip(across, up, labels, strict=True):
        place = f'cx="{_x(a, low, high):.1f}" cy="{_y(b, low, high):.1f}"'
        parts.append(f'<circle class="point" {place} r="4"><title>{escape(label)}</title></circle>')
    return parts


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
