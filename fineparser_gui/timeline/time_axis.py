"""Axes of the timeline: frames, and the seconds at which they are shown."""

import numpy as np
import pyqtgraph as pg

from fineparser_gui.support.formatting import decimal, time_text


class FrameAxis(pg.AxisItem):
    """Axis with ticks at whole frames."""

    def tickSpacing(self, lowest: float, highest: float, size: float) -> list[tuple[float, float]]:
        return [(spacing, offset) for spacing, offset in super().tickSpacing(lowest, highest, size) if spacing >= 1]


class TimeAxis(pg.AxisItem):
    """Axis with ticks at round times of a file whose frames may have any distance."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._times_s = np.zeros(1)

    def set_times(self, times_s: np.ndarray) -> None:
        """Set the presentation time of every frame, seconds."""
        self._times_s = times_s
        self.picture = None
        self.update()

    def tickValues(self, lowest: float, highest: float, size: float) -> list[tuple[float, list[float]]]:
        first_s, last_s = np.interp([lowest, highest], np.arange(len(self._times_s)), self._times_s)
        return [
            (spacing, np.interp(times_s, self._times_s, np.arange(len(self._times_s))).tolist())
            for spacing, times_s in super().tickValues(first_s, last_s, size)
        ]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        digits = max(int(np.ceil(-np.log10(spacing) - 1e-9)), 0) if spacing > 0 else 0
        times_s = np.interp(values, np.arange(len(self._times_s)), self._times_s)
        return [_time_text(float(time_s), digits) for time_s in times_s]


def _time_text(time_s: float, digits: int) -> str:
    if round(time_s, digits) < 60:
        return f"{decimal(time_s, digits)} s"
    return time_text(time_s, digits)
