"""From the clip to the files, with the bundled weights and exemplars: by the command, by Python, by the worker."""

import csv
import io
import json
import signal
import statistics
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
from parsed_once import parsed_once
from platforms import IN_OWN_TERMINAL, stop

from fineparser_core.diving.details import DiveDetails
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.export.analysis_json import (
    FORMAT,
    analysis_from_dict,
    analysis_to_dict,
    read_masks_npz,
    without_samples,
)
from fineparser_core.export.results import read_results
from fineparser_core.inference.analyzer import score_clip
from fineparser_core.records import MaskTrack
from fineparser_core.resources import resource
from fineparser_core.support.array_file import read_arrays
from fineparser_core.support.processes import decode, encode, own_process
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter
from fineparser_gui.worker.protocol import AnyMessage, Ending, ParseRequest, ScoreRequest

WEIGHTS = resource("weights", "fineparser")
if not (WEIGHTS / "config.json").is_file() or not resource("samples", "sample.json").is_file():
    pytest.skip("there are no bundled weights or no sample dive yet", allow_module_level=True)

TRACK = [field.name for field in fields(MaskTrack)]
SAMPLE = json.loads(resource("samples", "sample.json").read_text(encoding="utf-8"))
SAMPLE_CLIP = resource("samples", SAMPLE["file"])
DIVE = ("--dive-number", SAMPLE["dive_number"], "--board", SAMPLE["board_m"])
#: Largest error of what is measured of the sample: seconds, meters, somersaults a second, degrees.
TRUE_WITHIN = {
    "flight_time": 0.1,
    "jump_height": 0.15,
    "board_distance": 0.2,
    "entry_distance": 0.2,
    "rotation_speed": 0.05,
    "come_out_lead": 0.12,
    "legs_line": 10,
}
SECONDS, BEFORE_S, SIZE_PX = 7, 1.5, (640, 360)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """The sample dive within seven seconds, with waiting before and after it."""
    path = tmp_path_factory.mktemp("recording") / "recording.mp4"
    with VideoReader(SAMPLE_CLIP) as reader:
        fps = reader.info.fps
        dive = [cv2.resize(frame, SIZE_PX) for _, frame in reader.frames(range(reader.info.n_frames))]
    n_before = round(BEFORE_S * fps)
    n_after = round(SECONDS * fps) - n_before - len(dive)
    with VideoWriter(path, width_px=SIZE_PX[0], height_px=SIZE_PX[1], fps=fps) as writer:
        for index, frame in enumerate([*[dive[0]] * n_before, *dive, *[dive[-1]] * n_after]):
            writer.write(frame, index / fps)
    return path


@pytest.fixture(scope="module", autouse=True)
def _parsed_once():
    with parsed_once():
        yield


def test_sample_dive_from_clip_to_files(fineparser, recording, tmp_path):
    outputs = {"--json": tmp_path / "a.json", "--masks": tmp_path / "m.npz", "--annotated": tmp_path / "a.mp4"}
    outputs |= {"--csv": tmp_path / "t.csv", "--report": tmp_path / "r.html"}
    files = (word for pair in outputs.items() for word in pair)
    outcome = fineparser("score", recording, *DIVE, *files)
    assert outcome.code == 0, outcome.err
    # Anything but progress, and what was cut off, would be noise: a warning, say. Here this clip is parsed first.
    told = [line for line in outcome.err.splitlines() if not line.startswith("The dive ")]
    assert len(told) == len(outcome.err.splitlines()) - 1
    assert {line.split()[0] for line in told} <= {"scan", "read", "coarse", "parse", "compare", "write"}

    data = json.loads(outputs["--json"].read_text(encoding="utf-8"))
    assert data["format"] == FORMAT
    analysis = analysis_from_dict(data, read_masks_npz(outputs["--masks"]))
    scoring = analysis.scoring
    votes = scoring.exemplars
    with ExemplarStore.open() as bundled:
        assert len(votes) == min(10, sum(one.dive_number == SAMPLE["dive_number"] for one in bundled.exemplars()))
    points = sum(part.points for part in scoring.contributions)
    assert points + statistics.fmean(vote.score for vote in votes) == pytest.approx(scoring.score, abs=1e-6)
    assert scoring.spread == pytest.approx(statistics.pstdev(vote.vote for vote in votes), abs=1e-6)
    assert scoring.award == pytest.approx(scoring.score / (3 * scoring.difficulty))
    assert len(data["probabilities"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.mp4", "m.npz", "r.html", "t.csv"]

    for shown in (
        f"Score {scoring.score:.2f} for {SAMPLE['dive_number']}",
        f"Spread {scoring.spread:.2f} (agreement of the exemplars, not accuracy)",
        *(vote.id for vote in votes),
        *(f"Written: {path}" for path in outputs.values()),
    ):
        assert shown in outcome.out
    if analysis.parse.model.synthetic:
        assert "trained on rendered dives only" in outcome.out


@pytest.mark.slow
def test_many_have_the_numbers_of_each(fineparser, recording, tmp_path):
    bad, out = tmp_path / "bad.mp4", tmp_path / "results.jsonl"
    bad.write_text("no video", encoding="utf-8")
    outcome = fineparser("score", recording, bad, SAMPLE_CLIP, *DIVE, "--out", out, "--csv", tmp_path / "table.csv")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("3 clips: 2 with a score, 0 without, 1 failed\n")
    found = read_results(out)
    assert [one.asked.path for one in found] == [recording, bad, SAMPLE_CLIP]
    assert found[1].error.startswith(f"{bad}")
    for one in (found[0], found[2]):
        alone, _ = by_command(fineparser, one.asked.path, tmp_path)
        assert without_samples(analysis_to_dict(one.analysis)) == without_samples(alone)
        assert len(one.quantities) == 6
        assert one.quantities[0].keys() >= {"flight_time", "take_off_speed"}


def by_command(fineparser, path, folder):
    outcome = fineparser("score", path, *DIVE, "--json", folder / "a.json", "--masks", folder / "m.npz")
    assert outcome.code == 0, outcome.err
    return json.loads((folder / "a.json").read_text(encoding="utf-8")), read_masks_npz(folder / "m.npz")


def by_worker(path, folder):
    with subprocess.Popen(
        own_process("fineparser_gui.worker.child", str(folder)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:

        def ask(request):
            worker.stdin.write(encode(request))
            worker.stdin.flush()
            messages = (decode(line, AnyMessage) for line in worker.stdout)
            return next(one for one in messages if isinstance(one, Ending) and one.id == request.id)

        ask(ParseRequest(path=str(path), in_frame=None, out_frame=None, id="parse"))
        details = DiveDetails(dive_number=SAMPLE["dive_number"], board_m=SAMPLE["board_m"])
        scored = ask(ScoreRequest(parse_id="parse", details=details, id="score"))
        worker.stdin.close()
    return scored.analysis, MaskTrack(**read_arrays(Path(scored.record_path), TRACK))


def test_a_file_gives_the_same_however_it_comes_in(fineparser, recording, tmp_path):
    commanded = by_command(fineparser, recording, tmp_path)
    analysis = score_clip(recording, SAMPLE["dive_number"], board_m=SAMPLE["board_m"])
    own, masks = analysis_to_dict(analysis), analysis.parse
    before, after = analysis.parse.clip.n_cut
    assert before > 0
    assert after > 0
    assert own["score"] is not None
    for told, seen in (commanded, by_worker(recording, tmp_path / "cache")):
        assert told == own
        for name in TRACK:
            np.testing.assert_array_equal(getattr(seen, name), getattr(masks, name), name)


def test_moments_and_physics_of_the_sample_are_those_it_was_rendered_with():
    analysis, true = score_clip(SAMPLE_CLIP, SAMPLE["dive_number"], board_m=SAMPLE["board_m"]), SAMPLE["measures"]
    parse = analysis.parse
    found = {"first_water_contact_frame": parse.first_water_contact_frame, **vars(parse.transitions)}
    for moment in ("first_flight_frame", "first_entry_frame", "first_water_contact_frame"):
        assert found[moment] == pytest.approx(SAMPLE[moment], abs=3), moment
    assert next(iter(parse.recognition.numbers)) == SAMPLE["dive_number"]
    measured = {one.name: one.value for one in analysis.measures}
    for name, within in TRUE_WITHIN.items():
        assert measured[name] == pytest.approx(true[name], abs=within), name


def test_without_exemplars_a_dive_has_the_award_of_what_was_measured(fineparser, recording, tmp_path):
    library, outputs = tmp_path / "library.sqlite", {"--json": tmp_path / "a.json", "--csv": tmp_path / "t.csv"}
    ExemplarStore.create(library).close()
    outputs["--report"] = tmp_path / "r.html"
    files = (word for pair in outputs.items() for word in pair)
    outcome = fineparser("score", recording, *DIVE, "--library", library, *files)
    assert outcome.code == 4, outcome.err
    data = json.loads(outputs["--json"].read_text(encoding="utf-8"))
    own = data["own_award"]
    assert (data["score"], data["exemplars"], own["dive_number"]) == (None, [], SAMPLE["dive_number"])
    assert own["score"] == pytest.approx(3 * own["difficulty"] * own["award"])
    assert own["interval"]["low"] < own["score"] < own["interval"]["high"]
    assert "holds no exemplars of" in data["verdict"]["text"]
    assert f"No score: {data['verdict']['text']}" in outcome.out
    assert f"Award {own['award']:.1f} from measures alone; 80 % interval" in outcome.out
    row = next(csv.DictReader(io.StringIO(outputs["--csv"].read_text(encoding="utf-8-sig"))))
    assert (row["score"], float(row["own_award"])) == ("", pytest.approx(own["award"], abs=1e-3))
    page = outputs["--report"].read_text(encoding="utf-8")
    assert f"{own['score']:.1f} points" in page
    assert "from measures alone" in page


def test_a_surely_seen_number_is_taken_and_said_to_be_seen(fineparser, recording):
    outcome = fineparser("score", recording, "--quiet")
    assert outcome.code == 0
    (told,) = outcome.err.splitlines()
    assert told.startswith("The dive is in frames ")
    assert "for 207C from 10 m" in outcome.out
    assert "Note: No dive number was given: the video shows 207C (" in outcome.out


# What is no dive has its JSON on stdout, too.
@pytest.mark.slow
def test_json_on_stdout_is_nothing_but_json(fineparser, recording):
    outcome = fineparser("score", recording, "--dive-number", SAMPLE["dive_number"], "--json", "-", "--exemplars", 3)
    assert outcome.code == 0, outcome.err
    data = json.loads(outcome.out)
    assert len(data["exemplars"]) == 3
    assert (data["difficulty_source"], data["board_m"]) == ("seen", SAMPLE["board_m"])
    assert next(iter(data["recognition"]["numbers"])) == SAMPLE["dive_number"]
    assert data["contradictions"] == []


def test_what_is_no_dive_is_not_scored_and_has_its_exit_code(fineparser, clips):
    # Not `dive.mp4`: whether a square that falls is taken for a dive is chance, and differs between precisions.
    outcome = fineparser("score", clips / "nobody.mp4", "--dive-number", "207C", "--quiet", "--json", "-")
    assert outcome.code == 8, outcome.err
    assert outcome.err == ""
    data = json.loads(outcome.out)
    assert data["score"] is None
    assert data["refusal"]
    assert set(data["evidence"]) == {"take_off", "entry", "shown", "descent", "after"}


@pytest.mark.slow
def test_what_is_no_dive_is_scored_where_that_is_asked_for(fineparser, clips):
    scored = ("--dive-number", "207C", "--quiet", "--force", "--exemplars", 1)
    outcome = fineparser("score", clips / "nobody.mp4", *scored)
    assert outcome.code == 0, outcome.err
    assert "scored as you asked" in outcome.out


def test_cancel_half_way_leaves_nothing(tmp_path):
    outputs = ("--json", tmp_path / "a.json", "--masks", tmp_path / "m.npz", "--annotated", tmp_path / "a.mp4")
    command = [sys.executable, "-m", "fineparser_core.commands.cli", "score", SAMPLE_CLIP, *DIVE, *outputs]
    command = [str(word) for word in command]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **IN_OWN_TERMINAL) as process:
        first = process.stderr.readline()
        assert first.startswith("read ")
        stop(process, signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert rest == "fineparser: Cancelled.\n"
    assert not list(tmp_path.iterdir())
