"""The visible part of a picture. No Qt."""

from dataclasses import dataclass, replace

MAX_ZOOM = 16.0
ZOOM_STEP = 1.25


@dataclass(frozen=True, kw_only=True)
class Viewport:
    """Zoom and center of a picture in a widget.

    Attributes:
        zoom: 1 fits the whole picture into the widget.
        center: point of the picture at the center of the widget, (x, y) from 0 to 1.
    """

    zoom: float = 1.0
    center: tuple[float, float] = (0.5, 0.5)

    def rect(self, widget: tuple[float, float], source: tuple[float, float]) -> tuple[float, float, float, float]:
        """Return (x, y, width, height) of the picture in widget coordinates; larger than the widget if magnified."""
        scale = min(widget[0] / source[0], widget[1] / source[1]) * self.zoom
        width, height = source[0] * scale, source[1] * scale
        x = _offset(widget[0], width, self.center[0])
        y = _offset(widget[1], height, self.center[1])
        return x, y, width, height

    def zoomed(
        self, factor: float, at: tuple[float, float], widget: tuple[float, float], source: tuple[float, float]
    ) -> "Viewport":
        """Return a viewport with its zoom multiplied by `factor`; the point of the picture at `at` stays there."""
        x, y, width, height = self.rect(widget, source)
        under = ((at[0] - x) / width, (at[1] - y) / height)
        zoom = min(max(self.zoom * factor, 1.0), MAX_ZOOM)
        if zoom < 1.001:
            return Viewport()
        grown = zoom / self.zoom
        center = tuple(
            place + (side / 2 - point) / (length * grown)
            for place, side, point, length in zip(under, widget, at, (width, height), strict=True)
        )
        return Viewport(zoom=zoom, center=(center[0], center[1]))._kept_within(widget, source)

    def panned(self, dx: float, dy: float, widget: tuple[float, float], source: tuple[float, float]) -> "Viewport":
        """Return a viewport moved by (dx, dy) widget pixels, limited to the picture."""
        _, _, width, height = self.rect(widget, source)
        moved = replace(self, center=(self.center[0] - dx / width, self.center[1] - dy / height))
        return moved._kept_within(widget, source)

    def _kept_within(self, widget: tuple[float, float], source: tuple[float, float]) -> "Viewport":
        _, _, width, height = self.rect(widget, source)
        x, y = (
            0.5 if length <= side else min(max(place, side / 2 / length), 1 - side / 2 / length)
            for place, side, length in zip(self.center, widget, (width, height), strict=True)
        )
        return replace(self, center=(x, y))


def _offset(side: float, length: float, center: float) -> float:
    """Return left or top of the picture, which is centered if it is smaller than the widget."""
    return (side - length) / 2 if length <= side else side / 2 - center * length
