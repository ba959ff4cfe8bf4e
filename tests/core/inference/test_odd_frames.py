from fractions import Fraction

import pytest
import torch
from stand_in import StandIn

from fineparser_core.inference import samples
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.motion.pictures import kept_size
from fineparser_core.video.clips import make_clip


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (404, 720)),
        ((640, 480), (640, 480)),
        ((2160, 720), (2160, 720)),
        ((20_000, 900), (5866, 264)),
        ((1, 2000), (2, 720)),
        ((853, 480), (852, 480)),
    ],
)
def test_kept_frames_are_small(size, kept):
    assert kept_size(*size) == kept


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 2000)])
@pytest.mark.parametrize("preprocessing", ["whole", "follow", "release"])
def test_frames_of_a_line_are_read(size, preprocessing, tmp_path, make_video):
    options = {"codec": "rawvideo", "pix_fmt": "gray", "time_base": Fraction(1, 30)}
    path = make_video(tmp_path / "line.avi", 16, size_px=size, **options)
    read = samples.read_samples(make_clip(path), preprocessing, ClipEncoder(StandIn(), torch.device("cpu")))
    assert read.frames.shape == (96, 112, 112, 3)
