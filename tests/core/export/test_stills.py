import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fineparser_core.errors import ConfigError, ExportError, VideoError
from fineparser_core.export.annotated_clip import write_plain_still, write_still
from fineparser_core.export.coach_marks import LINE, NOTE, Mark
from fineparser_core.export.dive_words import dive_words
from fineparser_core.export.images import write_image
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.panel import HEADER_UNITS
from fineparser_core.records import compared_dive


def read_rgb(path):
    image = cv2.imread(str(path))
    return image[:, :, ::-1]


@pytest.mark.parametrize("name", ["still.png", "still.JPG"])
def test_a_still_is_the_frame(name, small_video, make_analysis, tmp_path, number_of):
    analysis = make_analysis(small_video)
    write_still(analysis, 77, tmp_path / name, RenderOptions(words=dive_words(analysis)))
    image = read_rgb(tmp_path / name)
    assert image.shape[1] == 640
    assert number_of(image[HEADER_UNITS : HEADER_UNITS + 480]) == 77
    np.testing.assert_allclose(image[HEADER_UNITS + 60, 90], (220, 30, 30), atol=25)
    assert os.listdir(tmp_path) == [name]


def test_invalid_stills(small_video, make_analysis, tmp_path):
    analysis = make_analysis(small_video)
    with pytest.raises(ConfigError, match=r"still\.gif"):
        write_still(analysis, 3, tmp_path / "still.gif")
    with pytest.raises(VideoError, match="no frame 500"):
        write_still(analysis, 500, tmp_path / "still.png")
    with pytest.raises(ExportError, match="cannot be written"):
        write_image(np.zeros((4, 4, 3), np.uint8), tmp_path / "nowhere" / "still.png")
    assert os.listdir(tmp_path) == []


def test_the_other_dive_is_mirrored(small_video, make_analysis, tmp_path):
    analysis = make_analysis(small_video)
    beside = compared_dive(analysis.parse, "the same again")
    frame = analysis.parse.transitions.first_flight_frame + 5
    images = {}
    for name, other in (("plain", beside), ("mirrored", replace(beside, mirrored=True))):
        options = RenderOptions(mask=False, comparison=other)
        write_still(analysis, frame, tmp_path / f"{name}.png", options)
        images[name] = read_rgb(tmp_path / f"{name}.png").astype(int)
    half = images["plain"].shape[1] // 2 - 4
    right = images["plain"][:, -half:]
    assert np.abs(images["mirrored"][:, -half:] - right[:, ::-1]).mean() < 2
    assert np.abs(images["plain"] - images["mirrored"]).mean() > 2


YELLOW = (255, 216, 77)


def yellow_in(image):
    """How many pixels have the colour of drawings."""
    return int((np.abs(image.astype(int) - YELLOW).max(axis=2) < 40).sum())


def test_a_still_of_a_video_that_was_not_analysed(tmp_path, make_video, number_of):
    video = make_video(tmp_path / "odd.mkv", 30, size_px=(321, 241), pix_fmt="yuv444p")
    line = Mark(kind=LINE, frame=20, points=((100.0, 20.0), (140.0, 100.0)))
    note = Mark(kind=NOTE, frame=20, points=((310.0, 235.0),), text="am Rand, und länger als der Platz daneben")
    write_plain_still(video, 20, tmp_path / "drawn.png", (line, note))
    write_plain_still(video, 20, tmp_path / "bare.png")
    drawn, bare = read_rgb(tmp_path / "drawn.png"), read_rgb(tmp_path / "bare.png")
    assert drawn.shape == bare.shape == (241, 321, 3)
    assert number_of(bare) == 20
    np.testing.assert_allclose(drawn[60, 119:121].mean(axis=0), YELLOW, atol=30)
    assert yellow_in(bare) == 0
    with pytest.raises(VideoError, match="no frame 500"):
        write_plain_still(video, 500, tmp_path / "still.png")
