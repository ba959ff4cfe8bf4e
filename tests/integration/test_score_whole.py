"""`fineparser score` from the clip to the files, with the bundled weights and exemplars."""

import csv
import io
import json
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.export.analysis_json import FORMAT, analysis_from_dict, read_masks_npz
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.resources import resource
from fineparser_core.types import Clip, ClipEncoding, DiveParse

WEIGHTS = resource("weights", "fineparser")
if not (WEIGHTS / "card.json").is_file() or not resource("samples", "sample.json").is_file():
    pytest.skip("there are no bundled weights or no sample dive yet", allow_module_level=True)

Fineparser = Callable[..., Any]
SAMPLE = json.loads(resource("samples", "sample.json").read_text(encoding="utf-8"))
SAMPLE_CLIP = resource("samples", SAMPLE["file"])
DIVE = ("--dive-number", SAMPLE["dive_number"], "--board", SAMPLE["board_m"])


@pytest.fixture(scope="module", autouse=True)
def _parsed_once() -> Iterator[None]:
    """A clip is parsed by the first test that asks for it; the others see what else is made of the same parse."""
    parse, known = Analyzer.parse, {}

    def once(analyzer: Analyzer, clip: Clip, *read: Any, **options: Any) -> tuple[DiveParse, ClipEncoding]:
        asked = (clip, analyzer.model)
        if asked not in known:
            known[asked] = parse(analyzer, clip, *read, **options)
        return known[asked]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Analyzer, "parse", once)
        yield


def test_sample_dive_from_clip_to_files(fineparser: Fineparser, tmp_path: Path) -> None:
    outputs = {"--json": tmp_path / "a.json", "--masks": tmp_path / "m.npz", "--annotated": tmp_path / "a.mp4"}
    outputs |= {"--contact-sheet": tmp_path / "s.png", "--csv": tmp_path / "t.csv", "--report": tmp_path / "r.html"}
    files = (word for pair in outputs.items() for word in pair)
    outcome = fineparser("score", SAMPLE_CLIP, *DIVE, "--compare-with", "best", *files)
    assert outcome.code == 0, outcome.err
    # Anything but progress would be noise: a warning, say. The first test of this clip, which is thus parsed here.
    assert {line.split()[0] for line in outcome.err.splitlines()} <= {
        "scan",
        "read",
        "coarse",
        "parse",
        "compare",
        "write",
    }

    data = json.loads(outputs["--json"].read_text(encoding="utf-8"))
    assert data["format"] == FORMAT
    analysis = analysis_from_dict(data, read_masks_npz(outputs["--masks"]))
    scoring = analysis.scoring
    assert scoring is not None
    votes = scoring.exemplars
    with ExemplarStore.open() as bundled:
        assert len(votes) == min(10, sum(one.dive_number == SAMPLE["dive_number"] for one in bundled.exemplars()))
    points = sum(part.points for part in scoring.contributions)
    assert points + statistics.fmean(vote.score for vote in votes) == pytest.approx(scoring.score, abs=1e-6)
    assert scoring.spread == pytest.approx(statistics.pstdev(vote.vote for vote in votes), abs=1e-6)
    assert scoring.award == pytest.approx(scoring.score / (3 * scoring.difficulty))
    assert len(data["probabilities"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.mp4", "m.npz", "r.html", "s.png", "t.csv"]

    for shown in (
        f"Score {scoring.score:.2f} for {SAMPLE['dive_number']}",
        f"Spread {scoring.spread:.2f} (agreement of the exemplars, not accuracy)",
        *(vote.id for vote in votes),
        *(f"Written: {path}" for path in outputs.values()),
    ):
        assert shown in outcome.out
    if analysis.parse.model.synthetic:
        assert "trained on rendered dives only" in outcome.out


def test_without_exemplars_a_dive_has_the_award_of_what_was_measured(fineparser: Fineparser, tmp_path: Path) -> None:
    library, outputs = tmp_path / "library.sqlite", {"--json": tmp_path / "a.json", "--csv": tmp_path / "t.csv"}
    ExemplarStore.create(library).close()
    outputs["--report"] = tmp_path / "r.html"
    files = (word for pair in outputs.items() for word in pair)
    outcome = fineparser("score", SAMPLE_CLIP, *DIVE, "--library", library, *files)
    assert outcome.code == 4, outcome.err
    data = json.loads(outputs["--json"].read_text(encoding="utf-8"))
    own = data["own_award"]
    assert (data["score"], data["exemplars"], own["dive_number"]) == (None, [], SAMPLE["dive_number"])
    assert own["score"] == pytest.approx(3 * own["difficulty"] * own["award"])
    assert own["interval"]["low"] < own["score"] < own["interval"]["high"]
    assert "holds no exemplars of" in data["unscored"]
    assert f"No score: {data['unscored']}" in outcome.out
    assert f"Award {own['award']:.1f} from measures alone; 80 % interval" in outcome.out
    row = next(csv.DictReader(io.StringIO(outputs["--csv"].read_text(encoding="utf-8-sig"))))
    assert (row["score"], float(row["own_award"])) == ("", pytest.approx(own["award"], abs=1e-3))
    page = outputs["--report"].read_text(encoding="utf-8")
    assert f"<b>{own['score']:.1f}</b>" in page
    assert "from measures alone" in page


def test_without_a_dive_number_the_steps_alone(fineparser: Fineparser) -> None:
    outcome = fineparser("score", SAMPLE_CLIP, "--quiet")
    assert outcome.code == 0
    assert outcome.err == ""
    assert "a score needs the dive number" in outcome.out
    assert "first frame" in outcome.out


# What is no dive has its JSON on stdout, too.
@pytest.mark.slow
def test_json_on_stdout_is_nothing_but_json(fineparser: Fineparser) -> None:
    outcome = fineparser("score", SAMPLE_CLIP, "--dive-number", SAMPLE["dive_number"], "--json", "-", "--exemplars", 3)
    assert outcome.code == 0, outcome.err
    data = json.loads(outcome.out)
    assert len(data["exemplars"]) == 3
    assert data["difficulty_source"] == "commonest board"


def test_what_is_no_dive_is_not_scored_and_has_its_exit_code(fineparser: Fineparser, clips: Path) -> None:
    # Not `dive.mp4`: whether a square that falls is taken for a dive is chance, and differs between precisions.
    outcome = fineparser("score", clips / "nobody.mp4", "--dive-number", "207C", "--quiet", "--json", "-")
    assert outcome.code == 8, outcome.err
    assert outcome.err == ""
    data = json.loads(outcome.out)
    assert data["score"] is None
    assert data["refusal"]
    assert set(data["evidence"]) == {"take_off", "entry", "shown", "descent", "after"}


@pytest.mark.slow
def test_what_is_no_dive_is_scored_where_that_is_asked_for(fineparser: Fineparser, clips: Path) -> None:
    scored = ("--dive-number", "207C", "--quiet", "--force", "--exemplars", 1)
    outcome = fineparser("score", clips / "nobody.mp4", *scored)
    assert outcome.code == 0, outcome.err
    assert "scored as you asked" in outcome.out


def test_damaged_weights(fineparser: Fineparser, clips: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "weights")
    shard = sorted(folder.glob("*.safetensors"))[-1]
    damaged = bytearray(shard.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    shard.write_bytes(damaged)
    outcome = fineparser("score", clips / "dive.mp4", "--weights", folder)
    assert outcome.code == 5
    assert shard.name in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_cancel_half_way_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    outputs = ("--json", tmp_path / "a.json", "--masks", tmp_path / "m.npz", "--annotated", tmp_path / "a.mp4")
    command = [sys.executable, "-m", "fineparser_core.commands.cli", "score", SAMPLE_CLIP, *DIVE, *outputs]
    with subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert first.startswith("read ")
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert rest == "fineparser: Cancelled.\n"
    assert not list(tmp_path.iterdir())
