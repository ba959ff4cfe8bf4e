import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fineparser_core.errors import Cancelled
from fineparser_core.export.annotated_clip import write_annotated_clip
from fineparser_core.export.brief_cut import brief_frames, upright_span
from fineparser_core.export.coach_marks import LINE, NOTE, Mark
from fineparser_core.export.composition import Composition
from fineparser_core.export.dive_words import Remark, dive_words
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.panel import HEADER_UNITS
from fineparser_core.measures.explanation import Band
from fineparser_core.measures.records import RULES
from fineparser_core.progress import CancelToken, Progress
from fineparser_core.records import ComparedDive, Measure
from fineparser_core.video import writer as writer_module
from fineparser_core.video.alignment import Alignment
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader

BARE = RenderOptions(mask=False)


def unmasked(analysis):
    """An analysis whose diver is nowhere seen, so that no picture is cut to the diver."""
    return replace(
        analysis, parse=replace(analysis.parse, mask_probability=np.zeros_like(analysis.parse.mask_probability))
    )


@pytest.mark.parametrize("scored", [True, False])
def test_frames_and_times_are_those_of_the_clip(scored, variable_rate_video, make_analysis, tmp_path, number_of):
    events = []
    analysis = make_analysis(variable_rate_video, 40, 99, scored=scored)
    options = RenderOptions(words=dive_words(analysis))
    write_annotated_clip(analysis, tmp_path / "out.mp4", options, progress=events.append)
    source = probe(variable_rate_video)
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert reader.info.n_frames == 60
        np.testing.assert_allclose(reader.info.pts_s, source.pts_s[40:100] - source.pts_s[40], atol=2e-5)
        assert reader.info.width_px == 640
        picture = reader.frame(17)[HEADER_UNITS : HEADER_UNITS + 480]
        assert number_of(picture) == 57
    assert events[-1] == Progress("write", 60, 60)
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_the_mask_lies_on_the_diver(small_video, make_analysis, tmp_path):
    analysis = make_analysis(small_video, 50, 69, preprocessing="release")
    write_annotated_clip(analysis, tmp_path / "out.mp4", RenderOptions(words=dive_words(analysis)))
    with VideoReader(tmp_path / "out.mp4") as reader:
        picture = reader.frame(10)[HEADER_UNITS : HEADER_UNITS + 480].astype(int)
    # The disc: column 56 of 112, row 40 of the 112 that cover rows 44-156 of 200 of the picture.
    centre_x, centre_y = 320, round((44 + 40) / 200 * 480)
    reddish = picture[:, :, 0] - picture[:, :, 1]
    assert reddish[centre_y, centre_x] > 90  # filled, on grey
    assert abs(reddish[centre_y, centre_x + 160]) < 12  # beside it, grey
    edge = reddish[centre_y, centre_x : centre_x + 160]
    assert int(np.argmin(edge > edge[0] / 2)) == pytest.approx(20 / 112 * 640, abs=4)


def test_marks_are_drawn_on_their_frames_of_both_dives(tmp_path, make_video, make_analysis):
    """A mark is drawn on its frame, and with less opacity on frames within a tenth of a second."""
    path = make_video(tmp_path / "dive.mp4", 60, size_px=(160, 120))
    analysis = unmasked(make_analysis(path, scored=False))
    beside = ComparedDive(path=path, title="the other one", steps=analysis.parse.steps)
    line = Mark(kind=LINE, frame=20, points=((100, 10), (100, 50)))
    note = Mark(kind=NOTE, frame=40, points=((20, 10),), text="Hüfte zu früh")
    words = dive_words(analysis)
    options = RenderOptions(mask=False, words=words, marks=(line,), comparison=beside, comparison_marks=(note,))
    drawn, plain = tmp_path / "drawn.mp4", tmp_path / "plain.mp4"
    write_annotated_clip(analysis, drawn, options)
    write_annotated_clip(analysis, plain, replace(options, marks=(), comparison_marks=()))
    with VideoReader(drawn) as reader, VideoReader(plain) as without:
        half = reader.info.width_px // 2
        changed = {}
        for frame in range(60):
            picture = reader.frame(frame)
            difference = np.abs(picture.astype(int) - without.frame(frame).astype(int)).max(axis=2)
            changed[frame] = [int((side > 60).sum()) for side in (difference[:, :half], difference[:, half:])]
            if frame == 20:
                width = (reader.info.width_px - 8) // 2
                at = HEADER_UNITS + 28 + round(20 / 120 * width * 3 / 4)
                column = round(100 / 160 * width)
                yellow = picture[at, column - 1 : column + 1].astype(int).mean(axis=0)
                np.testing.assert_allclose(yellow, (255, 216, 77), atol=30)
    assert [frame for frame in range(60) if changed[frame][0] > 20] == list(range(17, 24))
    assert [frame for frame in range(60) if changed[frame][1] > 20] == list(range(37, 44))
    assert changed[20][0] > changed[19][0]


def test_cancel_leaves_nothing(small_video, make_analysis, tmp_path):
    token = CancelToken()

    def stop_half_way(progress):
        if progress.done == 60:
            token.cancel()

    with pytest.raises(Cancelled):
        write_annotated_clip(make_analysis(small_video), tmp_path / "out.mp4", progress=stop_half_way, cancel=token)
    assert os.listdir(tmp_path) == []


def test_the_whole_file_slowed_down_beside_another_dive(tmp_path, make_video, make_analysis, number_of):
    path = make_video(tmp_path / "dive.mp4", 40, size_px=(160, 120))
    other = make_analysis(make_video(tmp_path / "other.mp4", 60, size_px=(160, 120), fps=60), 10, 59).parse
    analysis = unmasked(make_analysis(path, 5, 34))
    beside = ComparedDive(path=other.clip.path, title="the other one", steps=other.steps)
    options = RenderOptions(mask=False, words=dive_words(analysis), comparison=beside, speed=0.25)
    write_annotated_clip(analysis, tmp_path / "out.mp4", options, whole_file=True)
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert reader.info.n_frames == 40
        np.testing.assert_allclose(reader.info.pts_s, np.arange(40) / 30 * 4, atol=2e-4)
        starts = [
            (step.start_frame, theirs.start_frame)
            for step, theirs in zip(analysis.parse.steps, other.steps, strict=True)
        ]
        for mine, theirs in [*starts, (34, 59), (0, 10), (39, 59)]:
            width = (reader.info.width_px - 8) // 2
            picture = reader.frame(mine)[HEADER_UNITS + 28 :][: round(width * 3 / 4)]
            assert (number_of(picture[:, :width]), number_of(picture[:, -width:])) == (mine, theirs)


@pytest.mark.parametrize("quarter_turn", [-90, 90, 180])
def test_rotated_videos_are_upright(quarter_turn, tmp_path, make_video, make_analysis):
    path = make_video(tmp_path / "phone.mp4", 16, size_px=(96, 54), rotation_deg=quarter_turn, sample_aspect=2)
    write_annotated_clip(make_analysis(path), tmp_path / "out.mp4", BARE)
    with VideoReader(tmp_path / "out.mp4") as reader, VideoReader(path) as source:
        size = (source.info.width_px, source.info.height_px)
        assert (reader.info.width_px, reader.info.height_px) == size
        assert size in ((54, 192), (192, 54))
        difference = np.abs(reader.frame(9).astype(int) - source.frame(9).astype(int))
        assert np.median(difference) < 8


def test_without_h264_the_other_codec_is_named(tmp_path, make_video, make_analysis, monkeypatch):
    path = make_video(tmp_path / "dive.mp4", 16)
    monkeypatch.setattr(writer_module, "_CODECS", {"mpeg4": writer_module._CODECS["mpeg4"]})
    notes = write_annotated_clip(make_analysis(path), tmp_path / "out.mp4")
    assert probe(tmp_path / "out.mp4").codec == "mpeg4"
    assert len(notes) == 1
    assert "MPEG-4" in notes[0]


BANDS = {"flight_time": Band(low=1.5, high=1.8, unit="s", source=RULES)}


@pytest.fixture
def analysis(tmp_path, make_video, make_analysis):
    """Of a wide video of 5 s, with a jump that is far too low by `BANDS` in frame 90."""
    path = make_video(tmp_path / "wide.mp4", 150, size_px=(480, 270))
    low = Measure(name="flight_time", step="take-off", value=0.9, uncertainty=0.05, unit="s", frame=90)
    return replace(make_analysis(path, 0, 149, preprocessing="release"), measures=(low,))


def test_the_cut_takes_6_to_10_s_and_is_slow_at_the_fault(analysis):
    info, words = probe(analysis.parse.clip.path), dive_words(analysis, bands=BANDS)
    frames, times_s = brief_frames(analysis.parse, words, info.pts_s)
    assert frames[:-1] == sorted(set(frames))[: len(frames) - 1]  # the last one may stand
    assert 5.9 < times_s[-1] < 10
    lasts_s = dict(zip(frames, np.diff(times_s), strict=False))
    assert lasts_s[90] == pytest.approx(1.5 + 2 / 30)  # it stands
    assert lasts_s[91] == pytest.approx(2 / 30)
    assert lasts_s[frames[0]] == pytest.approx(1 / 30)
    drawn = Mark(kind=NOTE, frame=60, points=((20, 10),), text="Hands")
    frames, times_s = brief_frames(analysis.parse, words, info.pts_s, (drawn,))
    lasts_s = dict(zip(frames, np.diff(times_s), strict=False))
    assert lasts_s[60] == pytest.approx(1.5 + 1 / 30, abs=0.04)
    assert times_s[-1] < 10


def test_beside_another_dive_both_are_cut_to_their_divers_and_coincide_as_shifted(analysis, tmp_path, number_of):
    parse = analysis.parse
    beside = ComparedDive(path=parse.clip.path, title="the other", steps=parse.steps, masks=parse.masks)
    shifted = {"alignment": Alignment.MANUAL, "together": (50, 30)}
    options = RenderOptions(mask=False, comparison=replace(beside, mirrored=True), **shifted)
    write_annotated_clip(analysis, tmp_path / "out.mp4", options)
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert reader.info.width_px / reader.info.height_px < 2  # not 2 × 16 : 9
        half, picture = reader.info.width_px // 2, reader.frame(70)
        left, right = picture[:, : half - 4], picture[:, half + 4 :]
        with VideoReader(parse.clip.path) as source:
            width, height = round(reader.info.height_px * 16 / 9), reader.info.height_px
            for shown, frame, mirrored in ((left, 70, False), (right, 50, True)):
                whole = cv2.resize(source.frame(frame), (width, height), interpolation=cv2.INTER_AREA)
                whole = whole[:, ::-1] if mirrored else whole
                errors = [
                    np.abs(whole[:, x : x + shown.shape[1]].astype(int) - shown).mean()
                    for x in range(width - shown.shape[1])
                ]
                assert min(errors) < 6, (frame, min(errors))


def test_praise_comes_last_in_a_brief_clip(analysis):
    words = replace(dive_words(analysis, bands=BANDS), praise="Vertical")
    with VideoReader(analysis.parse.clip.path) as reader:
        told = Composition(analysis, replace(BARE, words=words, brief=True), reader)._words
        assert [one.text for one in told.remarks] == ["Low", "Good: Vertical"]
        assert Composition(analysis, replace(BARE, words=words), reader)._words == words


@pytest.mark.parametrize("pause_s", [8.0, 12.0])
def test_a_pause_of_a_recorded_screen_cuts_nothing_off(analysis, pause_s):
    parse, times_s = analysis.parse, probe(analysis.parse.clip.path).pts_s
    flight, entry = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
    paused = times_s + np.where(np.arange(len(times_s)) > flight + 5, pause_s, 0)
    frames, at_s = brief_frames(parse, dive_words(analysis, bands=BANDS), paused)
    assert {flight, flight + 5, flight + 6, entry} <= set(frames)
    assert 5.9 < at_s[-1] < 10.1


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
