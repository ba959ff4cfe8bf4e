"""Planes: the colours of the picture, whatever they are stored in, and the drawing's the same."""

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from fineparser_core.video.planes import Matrix, PlaneScaler, matrix_of, rgb_of
from fineparser_core.video.probe import Geometry

UPRIGHT = Geometry(stored_width_px=64, stored_height_px=48, quarter_turns=0, mirrored=False)
COLOURS = ((200, 60, 30), (20, 90, 210), (128, 128, 128), (255, 255, 255), (10, 200, 40))


@pytest.mark.parametrize("matrix", Matrix)
@pytest.mark.parametrize("rgb", COLOURS)
def test_colours_go_there_and_back(matrix: Matrix, rgb: tuple[int, int, int]) -> None:
    image = np.full((48, 64, 3), rgb, np.uint8)
    back = rgb_of(matrix.planes(image), matrix)
    np.testing.assert_allclose(back[20, 30], rgb, atol=6)


@pytest.mark.parametrize(
    ("tag", "size", "expected"),
    [
        (1, (64, 48), Matrix.BT709),
        (5, (64, 48), Matrix.BT601),
        (6, (1280, 720), Matrix.BT601),
        (2, (64, 48), Matrix.BT601),
        (2, (1280, 720), Matrix.BT709),
        (9, (64, 48), Matrix.BT709),
    ],
)
def test_the_matrix_is_the_file_s_own_where_it_can_be(tag: int, size: tuple[int, int], expected: Matrix) -> None:
    frame = av.VideoFrame(*size, "yuv420p")
    frame.colorspace = tag
    assert matrix_of(frame) is expected


@pytest.mark.parametrize("pixel_format", ["rgb24", "yuvj420p", "yuv444p", "yuv420p10le", "gray"])
def test_every_kind_of_picture(pixel_format: str) -> None:
    rgb = (128, 128, 128) if pixel_format == "gray" else (200, 60, 30)
    image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), rgb, np.uint8), format="rgb24")
    full = pixel_format in ("yuvj420p", "gray")
    frame = image.reformat(format=pixel_format, dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG)
    matrix = matrix_of(frame)
    planes = PlaneScaler(UPRIGHT).planes(frame, (32, 24), matrix)
    assert [plane.shape for plane in planes] == [(24, 32), (12, 16), (12, 16)]
    np.testing.assert_allclose(rgb_of(planes, matrix)[12, 16], rgb, atol=8)


@pytest.mark.parametrize("quarter_turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_turned_as_the_file_says(quarter_turns: int, mirrored: bool) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32] = 255
    geometry = Geometry(stored_width_px=64, stored_height_px=48, quarter_turns=quarter_turns, mirrored=mirrored)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    planes = PlaneScaler(geometry).planes(frame, geometry.size_px, Matrix.BT601)
    expected = np.rot90(image[:, ::-1] if mirrored else image, quarter_turns)[:, :, 0]
    assert planes.y.shape == expected.shape
    assert np.mean((planes.y > 128) == (expected > 128)) > 0.98
