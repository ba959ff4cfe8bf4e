import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict, replace

import numpy as np
import pytest

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.meet import ListedDive, Meet
from fineparser_core.errors import ExportError
from fineparser_core.export.coach_marks import ANGLE, NOTE, Mark
from fineparser_core.export.dive_words import dive_words
from fineparser_core.export.jobs import ClipJob, MeetJob, StillJob, StrobeJob, TableJob, load_job, save_job
from fineparser_core.export.options import MaskStyle, RenderOptions
from fineparser_core.export.tables import ExportedDive
from fineparser_core.language import Phrase
from fineparser_core.records import ComparedDive, MaskTrack, Note, NoteCode
from fineparser_core.support.processes import own_process
from fineparser_core.video.probe import probe


def saved(job):
    """The folder of a job that writes into another one beside it."""
    folder = job.path.parent.with_name("job")
    folder.mkdir()
    job.path.parent.mkdir()
    save_job(job, folder)
    return folder


@contextmanager
def start(folder, before=None):
    """The process of a job, which ends with nothing on its standard error and exit code 0."""
    command = own_process("fineparser_core.export.jobs", str(folder))
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, preexec_fn=before) as process:
        yield process
        assert process.stderr.read() == b""
    assert process.returncode == 0


def messages(stream):
    return [json.loads(line) for line in stream]


def plain(job):
    """All that a job holds, but for the masks and measures of a dive, which a table is given without and with."""
    return repr([(name, value) for name, value in sorted(fields_of(asdict(job)))])


def fields_of(value, name=""):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from fields_of(one, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from fields_of(one, f"{name}.{number}")
    elif not name.endswith(("mask_probability", "measures")) and ".measures." not in name:
        yield name, value.tolist() if isinstance(value, np.ndarray) else value


def test_jobs_are_saved_and_loaded(small_video, make_analysis, tmp_path):
    analysis = make_analysis(small_video, 2, 90)
    parse = replace(
        analysis.parse,
        joints=np.ones((96, 16, 3), np.float32),
        notes=(Note(NoteCode.EXEMPLARS_UNUSABLE, (1, 2, Phrase("Short by {0} s.", 0.5))),),
    )
    analysis = replace(analysis, parse=parse)
    track = MaskTrack(
        sampled_frames=parse.sampled_frames, mask_probability=parse.mask_probability, crop_xyxy=parse.crop_xyxy
    )
    beside = ComparedDive(path=small_video, title="other – ü", steps=parse.steps, masks=track)
    mark = Mark(kind=ANGLE, frame=3, points=((1.0, 2.0), (3.5, 4.0), (5.0, 6.0)))
    note = Mark(kind=NOTE, frame=9, points=((1.0, 2.0),), text="später – 腰")
    style = MaskStyle(color="#102030", opacity=0.3, outline=True)
    options = RenderOptions(mask=False, mask_style=style, comparison=beside, title="mine", speed=0.5)
    options = replace(options, marks=(mark, note), comparison_marks=(note,))
    unscored = make_analysis(small_video, scored=False)
    jobs = [
        ClipJob(path=tmp_path / "a.mp4", analysis=analysis, options=options, whole_file=True),
        StillJob(path=tmp_path / "a.png", video=small_video, frame=1, analysis=unscored, options=options),
        StrobeJob(path=tmp_path / "d.mp4", analysis=analysis, title="Ö"),
        StillJob(path=tmp_path / "b.png", video=small_video, frame=7, analysis=analysis),
        StillJob(path=tmp_path / "c.png", video=small_video, frame=9, options=RenderOptions(marks=(note,))),
        TableJob(
            path=tmp_path / "a.csv",
            dives=(
                ExportedDive(path=small_video, details=DiveDetails(athlete="Ö"), analysis=analysis, marks=(mark, note)),
            ),
        ),
        MeetJob(
            path=tmp_path / "m.pdf", meet=Meet(rows=(ListedDive(athlete="Ö", awards=(6.5,)),)), predicted={"a": 7.5}
        ),
    ]
    for number, job in enumerate(jobs):
        folder = tmp_path / str(number)
        folder.mkdir()
        save_job(job, folder)
        loaded = load_job(folder)
        assert type(loaded) is type(job)
        assert plain(loaded) == plain(job)
    loaded = load_job(tmp_path / "0")
    *_, sentence = loaded.analysis.parse.notes[0].values  # which is translated there
    assert isinstance(sentence, Phrase)
    assert sentence.values == (0.5,)
    assert replace(loaded.options, comparison=None) == replace(options, comparison=None)
    assert load_job(tmp_path / "4") == jobs[4]
    assert (loaded.options.comparison.masks.mask_probability == parse.mask_probability).all()
    with pytest.raises(ExportError, match="no complete export"):
        load_job(tmp_path)


def test_another_process_writes_and_tells(make_video, make_analysis, tmp_path):
    video, out = make_video(tmp_path / "dive.mp4", 24), tmp_path / "out" / "a.mp4"
    with start(saved(ClipJob(path=out, analysis=make_analysis(video)))) as process:
        received = messages(process.stdout)
    assert received[-1] == {"type": "Written", "notes": []}
    assert {"type": "Advanced", "done": 24, "total": 24} in received
    assert probe(out).n_frames == 24


@pytest.mark.parametrize("heard", [True, False])
def test_the_end_of_its_input_stops_it(heard, make_video, make_analysis, tmp_path):
    video = make_video(tmp_path / "dive.mp4", 255, encoder={"preset": "ultrafast"})
    with start(saved(ClipJob(path=tmp_path / "out" / "a.mp4", analysis=make_analysis(video)))) as process:
        assert json.loads(process.stdout.readline())["done"] < 250
        if not heard:  # its program ended: nobody reads what it tells, and it writes until it has noticed
            process.stdout.close()
        process.stdin.close()
        assert not heard or messages(process.stdout)[-1] == {"type": "Stopped"}
    assert os.listdir(tmp_path / "out") == []


def test_a_missing_video_is_told(make_video, make_analysis, tmp_path):
    video = make_video(tmp_path / "dive.mp4", 16)
    folder = saved(StillJob(path=tmp_path / "out" / "a.png", video=video, frame=3, analysis=make_analysis(video)))
    video.unlink()
    with start(folder) as process:
        (received,) = messages(process.stdout)
    assert "there is no such file" in received["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit there")
def test_a_disk_that_takes_no_more(make_video, make_analysis, tmp_path):
    import resource

    video, out = make_video(tmp_path / "dive.mp4", 60), tmp_path / "out"
    analysis = make_analysis(video)
    options = RenderOptions(words=dive_words(analysis))
    folder = saved(ClipJob(path=out / "a.mp4", analysis=analysis, options=options))
    (out / "a.mp4").write_bytes(b"before")
    with start(folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))) as process:
        received = messages(process.stdout)[-1]
    assert "a.mp4 cannot be written (File too large)" in received["message"]
    assert os.listdir(out) == ["a.mp4"]
    assert (out / "a.mp4").read_bytes() == b"before"
