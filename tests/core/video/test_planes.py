from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from fineparser_core.video.planes import ColorMatrix, PlaneScaler, frame_color_matrix, to_rgb
from fineparser_core.video.probe import Geometry
from fineparser_core.video.reader import VideoReader

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


GREYS = np.array([0, 30, 60, 100, 140, 180, 200], np.float64)
PATCH = 16


def pq(nits):
    power = (nits / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hlg(nits):
    scene = (nits / 1000) ** (1 / 1.2)
    high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)


@pytest.fixture(params=[(16, pq), (18, hlg)], ids=["PQ", "HLG"])
def hdr_clip(request, tmp_path):
    """Sixteen frames of grey patches, as bright as those of `GREYS` on a usual screen whose white has 203 nits."""
    number, curve = request.param
    coded = curve(203 * (GREYS / 255) ** 2.4)
    luma = np.repeat(np.rint(64 + 876 * coded).astype(np.uint16), PATCH)
    path = tmp_path / "hdr.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = len(luma), PATCH, "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = number, 9, 9, 1
        for index in range(16):
            frame = av.VideoFrame(len(luma), PATCH, "yuv420p10le")
            for plane, values in zip(frame.planes, (luma, None, None), strict=True):
                rows = np.full((plane.height, plane.line_size // 2), 512, np.uint16)
                if values is not None:
                    rows[:, : plane.width] = values
                plane.update(rows.tobytes())
            frame.color_trc, frame.color_primaries, frame.colorspace, frame.color_range = number, 9, 9, 1
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def of_analysis(reader):
    return reader.frame(1)


def of_player(reader):
    reader.seek(1)
    return reader.picture((reader.info.width_px, reader.info.height_px)).bgra()[..., 2::-1]


def of_exports(reader):
    size_px = reader.info.width_px, reader.info.height_px
    return to_rgb(PlaneScaler(reader.geometry).planes(reader.decoded(1), size_px, ColorMatrix.BT709), ColorMatrix.BT709)


@pytest.mark.parametrize("read", [of_analysis, of_player, of_exports])
def test_greys_are_those_of_a_usual_screen(hdr_clip, read):
    with VideoReader(hdr_clip) as reader:
        image = read(reader).astype(float)
    found = image[PATCH // 2, PATCH // 2 :: PATCH]
    np.testing.assert_allclose(found, np.repeat(GREYS[:, None], 3, axis=1), atol=5)
