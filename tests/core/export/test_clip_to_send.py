"""The clip to send: what is written around the picture, its cut and its shape; and one dive's words everywhere."""

from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.export.brief_cut import brief_frames, upright_span
from fineparser_core.export.dive_words import Remark, dive_words
from fineparser_core.export.options import RenderOptions
from fineparser_core.measures.explanation import Band
from fineparser_core.measures.records import RULES
from fineparser_core.records import Measure
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

BANDS = {"flight_time": Band(low=1.5, high=1.8, unit="s", source=RULES)}
BARE = RenderOptions(mask=False)


def with_fault(analysis, frame):
    """The analysis, with a jump that is far too low by `BANDS`."""
    low = Measure(name="flight_time", step="take-off", value=0.9, uncertainty=0.05, unit="s", frame=frame)
    return replace(analysis, measures=(low,))


@pytest.fixture
def analysis(tmp_path, make_video, make_analysis):
    """Of a wide video of 5 s, with a fault in frame 90."""
    path = make_video(tmp_path / "wide.mp4", 150, size_px=(480, 270))
    return with_fault(make_analysis(path, 0, 149, preprocessing="release"), 90)


def test_the_cut_takes_6_to_10_s_and_is_slow_at_the_fault(analysis):
    info, words = probe(analysis.parse.clip.path), dive_words(analysis, bands=BANDS)
    frames, times_s = brief_frames(analysis.parse, words, info.pts_s)
    assert frames[:-1] == sorted(set(frames))[: len(frames) - 1]  # the last one may stand
    assert 5.9 < times_s[-1] < 10
    lasts_s = dict(zip(frames, np.diff(times_s), strict=False))
    assert lasts_s[90] == pytest.approx(2 / 30)
    assert lasts_s[frames[0]] == pytest.approx(1 / 30)


def test_it_is_upright_where_the_diver_fits(analysis):
    info = probe(analysis.parse.clip.path)
    left, right = upright_span(analysis.parse, info, list(range(0, 150)))
    assert (right - left) * 480 / 270 == pytest.approx(0.8, abs=0.2)
    wide = replace(analysis.parse, crop_xyxy=np.tile(np.float32([-200, 0, 680, 270]), (96, 1)))
    assert upright_span(wide, info, [0, 75, 149]) is None
    assert upright_span(replace(wide, mask_probability=wide.mask_probability[:0]), info, [0]) is None


def test_the_fault_is_written_where_it_happens(analysis, tmp_path):
    words = dive_words(analysis, name="Anna", bands=BANDS)
    assert [(one.frame, one.text) for one in words.remarks] == [(90, "Low")]
    for name, shown in (("with", words), ("without", replace(words, remarks=()))):
        write_annotated_clip(analysis, tmp_path / f"{name}.mp4", replace(BARE, words=shown))
    with VideoReader(tmp_path / "with.mp4") as reader, VideoReader(tmp_path / "without.mp4") as plain:
        changed = [
            int((np.abs(reader.frame(at).astype(int) - plain.frame(at)).max(axis=2) > 90).sum()) for at in range(150)
        ]
    written = [frame for frame, count in enumerate(changed) if count > 50]
    assert written == list(range(written[0], written[-1] + 1))
    assert written[0] in range(84, 91)
    assert written[-1] in range(100, 115)


def test_a_brief_clip_is_written(analysis, tmp_path):
    words = replace(dive_words(analysis, bands=BANDS), remarks=(Remark(frame=90, text="An endless fault " * 9),))
    write_annotated_clip(analysis, tmp_path / "out.mp4", replace(BARE, words=words, brief=True))
    info = probe(tmp_path / "out.mp4")
    assert 5.9 < info.duration_s < 10.1
    assert info.height_px > info.width_px
