import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from fineparser_core.video.planes import ColorMatrix, PlaneScaler, frame_color_matrix, to_rgb
from fineparser_core.video.probe import Geometry

UPRIGHT = Geometry(stored_width_px=64, stored_height_px=48, quarter_turns=0, mirrored=False)
COLOURS = ((200, 60, 30), (20, 90, 210), (128, 128, 128), (255, 255, 255), (10, 200, 40))


@pytest.mark.parametrize("matrix", ColorMatrix)
@pytest.mark.parametrize("rgb", COLOURS)
def test_rgb_survives_the_round_trip(matrix, rgb):
    image = np.full((48, 64, 3), rgb, np.uint8)
    back = to_rgb(matrix.planes(image), matrix)
    np.testing.assert_allclose(back[20, 30], rgb, atol=6)


@pytest.mark.parametrize(
    ("tag", "size", "expected"),
    [
        (1, (64, 48), ColorMatrix.BT709),
        (5, (64, 48), ColorMatrix.BT601),
        (6, (1280, 720), ColorMatrix.BT601),
        (2, (64, 48), ColorMatrix.BT601),
        (2, (1280, 720), ColorMatrix.BT709),
        (9, (64, 48), ColorMatrix.BT709),
    ],
)
def test_the_color_matrix_is_the_frame_s_own_if_supported(tag, size, expected):
    frame = av.VideoFrame(*size, "yuv420p")
    frame.colorspace = tag
    assert frame_color_matrix(frame) is expected


@pytest.mark.parametrize("pixel_format", ["rgb24", "yuvj420p", "yuv444p", "yuv420p10le", "gray"])
def test_pixel_formats(pixel_format):
    rgb = (128, 128, 128) if pixel_format == "gray" else (200, 60, 30)
    image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), rgb, np.uint8), format="rgb24")
    full = pixel_format in ("yuvj420p", "gray")
    frame = image.reformat(format=pixel_format, dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG)
    matrix = frame_color_matrix(frame)
    planes = PlaneScaler(UPRIGHT).planes(frame, (32, 24), matrix)
    assert [plane.shape for plane in planes] == [(24, 32), (12, 16), (12, 16)]
    np.testing.assert_allclose(to_rgb(planes, matrix)[12, 16], rgb, atol=8)


@pytest.mark.parametrize("quarter_turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_frames_are_rotated_and_mirrored(quarter_turns, mirrored):
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32] = 255
    geometry = Geometry(stored_width_px=64, stored_height_px=48, quarter_turns=quarter_turns, mirrored=mirrored)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    planes = PlaneScaler(geometry).planes(frame, geometry.size_px, ColorMatrix.BT601)
    expected = np.rot90(image[:, ::-1] if mirrored else image, quarter_turns)[:, :, 0]
    assert planes.y.shape == expected.shape
    assert np.mean((planes.y > 128) == (expected > 128)) > 0.98
