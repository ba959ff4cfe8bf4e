"""Builds the triangles of plain solids: boxes, tubes, planks that bend."""

from itertools import pairwise

import numpy as np

from fineparser_core.synth.body import unit
from fineparser_core.synth.rasterizer import N_TIPS, Solids

_SIDES = 6
#: Length over which a springboard bends, from the fulcrum to the tip.
_BENDING_M = 4.2


class SolidBuilder:
    """Collects solids; lengths in metres, colours (3,) RGB 0..1."""

    def __init__(self) -> None:
        self._rows: list[np.ndarray] = []
        self._faces: list[np.ndarray] = []
        self._count = 0

    def _add(
        self,
        vertices: np.ndarray,
        normals: np.ndarray,
        colours: np.ndarray,
        faces: np.ndarray,
        bend: np.ndarray | None = None,
    ) -> None:
        bends = np.zeros((len(vertices), N_TIPS)) if bend is None else bend
        tones = np.broadcast_to(colours, vertices.shape)
        self._rows.append(np.concatenate([vertices, normals, tones, bends], axis=1))
        self._faces.append(faces + self._count)
        self._count += len(vertices)

    def box(
        self, low: np.ndarray, high: np.ndarray, colour: np.ndarray, *, bent_by: int | None = None, pieces: int = 1
    ) -> None:
        """An axis-aligned box; with `bent_by` a plank that follows the tip of a springboard, in pieces along x."""
        for axis in range(3):
            for end, sign in ((low, -1.0), (high, 1.0)):
                i, j = (axis + 1) % 3, (axis + 2) % 3
                steps = [pieces if bent_by is not None and k == 0 else 1 for k in (i, j)]
                a, b = np.meshgrid(np.linspace(0, 1, steps[0] + 1), np.linspace(0, 1, steps[1] + 1), indexing="ij")
                points = np.empty((a.size, 3))
                points[:, axis] = end[axis]
                points[:, i] = low[i] + a.ravel() * (high[i] - low[i])
                points[:, j] = low[j] + b.ravel() * (high[j] - low[j])
                normal = np.zeros((len(points), 3))
                normal[:, axis] = sign
                bend = np.zeros((len(points), N_TIPS))
                if bent_by is not None:
                    bend[:, bent_by] = np.clip((points[:, 0] + _BENDING_M) / _BENDING_M, 0, 1) ** 2
                self._add(points, normal, np.asarray(colour), _grid_faces(steps[0], steps[1]), bend)

    def tube(self, a: np.ndarray, b: np.ndarray, radius: float, colour: np.ndarray) -> None:
        """A tube from a to b."""
        a, b = np.asarray(a, float), np.asarray(b, float)
        axis = unit(b - a)
        side = unit(np.cross(axis, [0.31, 0.2, 0.93] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0]))
        turn = np.arange(_SIDES + 1) * 2 * np.pi / _SIDES
        ring = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * np.cross(axis, side)
        vertices = np.concatenate([a + radius * ring, b + radius * ring])
        self._add(vertices, np.concatenate([ring, ring]), np.asarray(colour), _grid_faces(1, _SIDES))

    def rope(self, a: np.ndarray, b: np.ndarray, radius: float, tones: list[np.ndarray], step_m: float) -> None:
        """A lane rope of floats whose colours alternate every `step_m`."""
        count = max(1, int(np.linalg.norm(b - a) / step_m))
        points = a + np.linspace(0, 1, count + 1)[:, None] * (b - a)
        for k in range(count):
            self.tube(points[k], points[k + 1], radius, tones[k % len(tones)])

    def path(self, points: np.ndarray, radius: float, colour: np.ndarray) -> None:
        """A bent tube through points (P, 3)."""
        for a, b in pairwise(points):
            self.tube(a, b, radius, colour)

    def solids(self) -> Solids:
        """All that was added."""
        rows = np.concatenate(self._rows)
        return Solids(
            vertices=rows[:, :3],
            normals=rows[:, 3:6],
            colours=rows[:, 6:9],
            bend=rows[:, 9:],
            faces=np.concatenate(self._faces),
        )


def _grid_faces(rows: int, columns: int) -> np.ndarray:
    """Triangles of a grid of (rows + 1) x (columns + 1) vertices."""
    r, c = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    a = (r * (columns + 1) + c).ravel()
    b, d = a + columns + 1, a + 1
    return np.concatenate([np.stack([a, b, d], -1), np.stack([d, b, b + 1], -1)])
