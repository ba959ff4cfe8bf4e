"""Draws triangles with OpenGL, off screen: bodies that follow a skeleton, plain solids and textured planes.

A context comes from EGL, on a graphics card or in software (Mesa's llvmpipe). All lengths are metres in the world frame
of `synth.flight`, all colours RGB from 0 to 1. Images are read back as `synth.camera` counts pixels.
"""

import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from fineparser_core.errors import ConfigError
from fineparser_core.synth.body_mesh import SEGMENTS, BodyMesh
from fineparser_core.synth.camera import Camera
from fineparser_core.synth.shaders import BODY_VERTEX, FRAGMENT, PLANE_FRAGMENT, PLANE_VERTEX, SOLID_VERTEX

_NEAR_M, _FAR_M = 0.3, 400.0
_SAMPLES = 4
# Sizes of frame buffers are multiples of this.
_TILE_PX = 64
#: Most boards that bend on their own.
N_TIPS = 2


@dataclass(frozen=True, kw_only=True)
class Look:
    """Colours and surface of a body, see `synth.body.Body`.

    Attributes:
        gloss: strength of the highlights of wet skin.
    """

    skin: np.ndarray
    suit: np.ndarray
    hair: np.ndarray
    gloss: float = 0.2


@dataclass(frozen=True, kw_only=True)
class Light:
    """The light of a scene.

    Attributes:
        toward: (3,) unit vector to the lamp.
        lamp, sky, below: (3,) colours of the lamp, of what comes from above and of what the water throws back.
    """

    toward: np.ndarray
    lamp: np.ndarray
    sky: np.ndarray
    below: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Solids:
    """Triangles of one colour each; vertices (V, 3), normals (V, 3), colours (V, 3), bend (V, N_TIPS) and faces (F, 3).

    `bend` is the share of the displacement of each board's tip that a vertex follows.
    """

    vertices: np.ndarray = field(repr=False)
    normals: np.ndarray = field(repr=False)
    colours: np.ndarray = field(repr=False)
    bend: np.ndarray = field(repr=False)
    faces: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A rectangle `origin + a * u + b * v`, a and b from 0 to 1, with a picture (h, w, 3 or 4) uint8, row 0 at b = 0.

    Attributes:
        repeats: how often the picture is repeated, mirrored, along u and v.
        ripple: slope of the waves where the picture's fourth channel is water, which mirrors another plane; 0 for none.
    """

    origin: np.ndarray
    u: np.ndarray
    v: np.ndarray
    picture: np.ndarray = field(repr=False)
    repeats: tuple[float, float] = (1.0, 1.0)
    ripple: float = 0.0


@lru_cache(maxsize=1)
def _context() -> Any:
    # One thread a process: data sets are rendered by several processes.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    try:
        import moderngl
    except ImportError as error:
        raise ConfigError(
            f"The mesh renderer lacks a package ({error.name}): pip install 'fineparser[synth]', or choose --renderer "
            "capsule."
        ) from None
    try:
        settings: dict[str, Any] = {"backend": "egl", "require": 330}
        return moderngl.create_context(standalone=True, **settings)
    except Exception as error:
        raise ConfigError(
            f"OpenGL cannot be used ({error}): install EGL and a driver (Debian: libegl-mesa0 libgl1-mesa-dri), or "
            "choose --renderer capsule."
        ) from None


class Rasterizer:
    """Draws one scene for one camera; leaving its context frees what was loaded for it."""

    def __init__(self, camera: Camera, light: Light) -> None:
        self._camera, self._light = camera, light
        self.size = (camera.width_px, camera.height_px)
        self._gl = _context()
        self._owned: list[Any] = []
        self._targets: dict[tuple[int, int], tuple[Any, Any]] = {}
        self._area = (0, 0, *self.size)
        self._solid = self._program(SOLID_VERTEX, FRAGMENT)
        self._body = self._program(BODY_VERTEX.replace("SEGMENTS", str(3 * len(SEGMENTS))), FRAGMENT)
        self._plane = self._program(PLANE_VERTEX, PLANE_FRAGMENT)
        self._uniforms()

    def __enter__(self) -> "Rasterizer":
        return self

    def __exit__(self, *_: object) -> None:
        for thing in reversed(self._owned):
            thing.release()

    def _own(self, thing: Any) -> Any:
        self._owned.append(thing)
        return thing

    def _program(self, vertex: str, fragment: str) -> Any:
        return self._own(self._gl.program(vertex_shader=vertex, fragment_shader=fragment))

    def _uniforms(self) -> None:
        light = self._light
        values = {
            "toward": light.toward, "lamp": light.lamp, "sky": light.sky, "below": light.below,
            "eye": self._camera.position,
        }  # fmt: skip
        for program in (self._solid, self._body, self._plane):
            for name, value in values.items():
                _set(program, name, value)

    def load_body(self, mesh: BodyMesh, look: Look) -> tuple[Any, Look]:
        """Load a body; draw it with `body`."""
        fields = np.stack([mesh.clothes, mesh.hair], axis=-1)
        float_part = np.concatenate([mesh.vertices, mesh.normals, mesh.weights, fields], axis=1).astype("f4")
        vertices = self._own(self._gl.buffer(float_part.tobytes()))
        segments = self._own(self._gl.buffer(mesh.segments.astype("i4").tobytes()))
        index = self._own(self._gl.buffer(mesh.faces.astype("i4").tobytes()))
        content = [(vertices, "3f 3f 4f 2f", "at", "normal", "weights", "covers"), (segments, "4i", "segments")]
        return self._own(self._gl.vertex_array(self._body, content, index)), look

    def load_solids(self, solids: Solids) -> Any:
        """Load triangles; draw them with `solids`."""
        rows = np.concatenate([solids.vertices, solids.normals, solids.colours, solids.bend], axis=1).astype("f4")
        vertices = self._own(self._gl.buffer(rows.tobytes()))
        index = self._own(self._gl.buffer(solids.faces.astype("i4").tobytes()))
        content = [(vertices, f"3f 3f 3f {N_TIPS}f", "at", "normal", "colour", "bend")]
        return self._own(self._gl.vertex_array(self._solid, content, index))

    def load_plane(self, plane: Plane) -> tuple[Any, Any, Plane]:
        """Load a plane; draw it with `plane`."""
        corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], "f4")
        vertices = self._own(self._gl.buffer(corners.tobytes()))
        array = self._own(self._gl.vertex_array(self._plane, [(vertices, "2f", "at")]))
        picture = np.ascontiguousarray(plane.picture)
        texture = self._own(self._gl.texture(picture.shape[1::-1], picture.shape[2], picture.tobytes(), alignment=1))
        texture.build_mipmaps()
        texture.anisotropy = 4.0
        texture.repeat_x = texture.repeat_y = True
        return array, texture, plane

    def _buffers(self, width: int, height: int) -> tuple[Any, Any]:
        """A target of at least this size and the buffer into which its samples are averaged."""
        size = -(-width // _TILE_PX) * _TILE_PX, -(-height // _TILE_PX) * _TILE_PX
        if size not in self._targets:
            gl = self._gl
            colour = self._own(gl.renderbuffer(size, 4, samples=_SAMPLES))
            depth = self._own(gl.depth_renderbuffer(size, samples=_SAMPLES))
            resolved = self._own(gl.framebuffer([self._own(gl.renderbuffer(size, 4))]))
            self._targets[size] = self._own(gl.framebuffer([colour], depth)), resolved
        return self._targets[size]

    def begin(
        self,
        at: int,
        area: tuple[int, int, int, int] | None = None,
        *,
        holdout: bool = False,
        submerged: bool = False,
    ) -> None:
        """Begin a picture, seen by the camera at an instant.

        Args:
            area: half-open pixel box (x0, y0, x1, y1) of the image that is drawn; None is all of it.
            holdout: what `solids` draws hides what is behind it, and is itself transparent.
            submerged: bodies are cut off above the water instead of below it.
        """
        x0, y0, x1, y1 = self._area = area or (0, 0, *self.size)
        target, _ = self._buffers(x1 - x0, y1 - y0)
        target.use()
        target.clear(0, 0, 0, 0, depth=1.0)
        target.viewport = (-x0, -y0, *self.size)
        self._gl.enable(self._gl.DEPTH_TEST)
        view = np.ascontiguousarray(_view(self._camera, at).T.astype("f4"))
        for program in (self._solid, self._body, self._plane):
            program["view"].write(view.tobytes())
        _set(self._solid, "opacity", 0.0 if holdout else 1.0)
        _set(self._body, "opacity", 1.0)
        _set(self._body, "keep_above", -1.0 if submerged else 1.0)

    def body(self, loaded: tuple[Any, Look], moves: np.ndarray, *, wet_line: bool = True) -> None:
        """Draw a body.

        Args:
            moves: (len(SEGMENTS), 3, 4) from `body_mesh.segment_moves`.
            wet_line: cut it off at the water surface.
        """
        array, look = loaded
        self._body["moves"].write(np.ascontiguousarray(moves, "f4").tobytes())
        for name, value in (("skin", look.skin), ("suit", look.suit), ("hair", look.hair), ("gloss", look.gloss)):
            _set(self._body, name, value)
        _set(self._body, "wet_line", 1.0 if wet_line else 0.0)
        array.render()

    def solids(self, array: Any, tips: np.ndarray) -> None:
        """Draw triangles; tips (N_TIPS,) are the displacements of the boards' tips."""
        _set(self._solid, "tips", tips)
        array.render()

    def plane(self, loaded: tuple[Any, Any, Plane], mirrored: tuple[Any, Any, Plane], time_s: float) -> None:
        """Draw a plane; water mirrors `mirrored`."""
        array, texture, plane = loaded
        texture.use(0)
        values: dict[str, Any] = {
            "origin": plane.origin, "u": plane.u, "v": plane.v, "repeats": plane.repeats,
            "ripple": plane.ripple, "time": time_s, "picture": 0, "far": 1,
        }  # fmt: skip
        if plane.ripple:
            mirrored[1].use(1)
            wall = mirrored[2]
            values |= {"wall_origin": wall.origin, "wall_u": wall.u, "wall_v": wall.v, "wall_repeats": wall.repeats}
        for name, value in values.items():
            _set(self._plane, name, value)
        array.render(self._gl.TRIANGLE_STRIP)

    def read(self) -> np.ndarray:
        """What was drawn in the area: (h, w, 4) uint8 premultiplied RGBA."""
        x0, y0, x1, y1 = self._area
        target, resolved = self._buffers(x1 - x0, y1 - y0)
        self._gl.copy_framebuffer(resolved, target)
        data = resolved.read((0, 0, x1 - x0, y1 - y0), components=4, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(y1 - y0, x1 - x0, 4)


def _set(program: Any, name: str, value: Any) -> None:
    """Set a uniform, unless the compiler dropped it."""
    if name in program:
        program[name].value = tuple(np.asarray(value, float).tolist()) if np.ndim(value) else value


def _view(camera: Camera, at: int) -> np.ndarray:
    """World to clip space (4, 4). Rows of the picture count downwards and are read back from the first."""
    width, height = camera.width_px, camera.height_px
    focal, turn = float(camera.focal_px[at]), camera.rotation[at]
    near, far = _NEAR_M, _FAR_M
    # Pixel (0, 0) is the centre of the first pixel, so its corner is half a pixel before it.
    lens = np.array(
        [
            [2 * focal / width, 0, 1 / width, 0],
            [0, 2 * focal / height, 1 / height, 0],
            [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, 1, 0],
        ]
    )
    stand = np.eye(4)
    stand[:3, :3], stand[:3, 3] = turn, -turn @ camera.position
    return lens @ stand
