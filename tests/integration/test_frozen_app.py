"""The app as one folder, which FINEPARSER_BUNDLE names: no Python, no checkout, and nothing of this user around it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_full_disk import NO_ROOM, on_full_disk
from test_wheel import SCORE_TOLERANCE, readme_score

from fineparser_core.resources import LICENSE_PAGE, LICENSE_TEXTS, resource

_FOLDER = os.environ.get("FINEPARSER_BUNDLE", "") and os.path.abspath(os.environ["FINEPARSER_BUNDLE"])
_SUFFIX = ".exe" if sys.platform == "win32" else ""
#: What Windows cannot start a program without, and Wine neither.
_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "NUMBER_OF_PROCESSORS", "DISPLAY", "KMP_AFFINITY", "ONEDNN_MAX_CPU_ISA")

pytestmark = [
    pytest.mark.bundle,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not _FOLDER, reason="FINEPARSER_BUNDLE names no app"),
]


@pytest.fixture
def home(tmp_path):
    """A new user's, with a space and umlauts in its name; a module in it must not be imported."""
    folder = tmp_path / "Büro der Trainerin"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('a json.py of the coach')", encoding="utf-8")
    return folder


def program(name):
    """Path of one of the two programs."""
    folder = Path(_FOLDER)
    return str((folder / "Contents" / "MacOS" if folder.suffix == ".app" else folder) / f"{name}{_SUFFIX}")


def run(home, name, *arguments, code=0):
    """Runs one of the programs as that user."""
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {"HOME": str(home), "LOCALAPPDATA": str(home), "USERPROFILE": str(home), "TEMP": str(home)}
    environment["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    done = subprocess.run(
        [program(name), *map(str, arguments)],
        cwd=home,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_the_window_analyses_compares_exports_quits_and_shows_it_again(home):
    begun_s = time.time()
    run(home, "fineparser-gui", "--self-test", home)
    report = json.loads((home / "self-test.json").read_text(encoding="utf-8"))
    print(f"window after {report['painted_at_s'] - begun_s:.2f} s, score {report['score']:.2f}")
    assert report["problems"] == []
    assert report["score"] == pytest.approx(readme_score(), abs=SCORE_TOLERANCE)
    assert report["exemplar"].startswith("207C")
    assert (home / "sample-annotated.mp4").stat().st_size > 10_000

    run(home, "fineparser-gui", "--self-test", home)
    again = json.loads((home / "self-test.json").read_text(encoding="utf-8"))
    assert again["score"] == report["score"]
    assert not again["asked_worker"]


def test_the_command_line_scores_the_sample(home):
    said = run(home, "fineparser", "demo", "--out", home / "here").stderr
    assert "Warning" not in said
    analysis = json.loads((home / "here" / "analysis.json").read_text(encoding="utf-8"))
    assert analysis["score"] == pytest.approx(readme_score(), abs=SCORE_TOLERANCE)
    assert (home / "here" / "annotated.mp4").stat().st_size > 10_000


def test_a_report_is_written_as_pdf(home):
    """What the report draws with, fonts among it, is in the folder."""
    clip = resource("samples", "sample.mp4")
    run(home, "fineparser", "score", clip, "--dive-number", "207C", "--board", 10, "--report", home / "dive.pdf")
    assert (home / "dive.pdf").read_bytes().startswith(b"%PDF")


def test_licences_come_with_the_app():
    page, texts = (next(Path(_FOLDER).rglob(name)) for name in (LICENSE_PAGE, LICENSE_TEXTS))
    assert "PySide6" in page.read_text(encoding="utf-8")
    assert "| [torch]" in page.read_text(encoding="utf-8")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in texts.read_text(encoding="utf-8")


def test_processes_of_a_pool_are_the_app_itself(home):
    run(home, "fineparser", "synthesize", "--out", home / "dives", "--train", 2, "--workers", 2)
    assert list((home / "dives").rglob("*.jpg"))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system of its own")
def test_a_full_disk_is_one_sentence(home, tmp_path):
    if on_full_disk(home, "true").returncode != 0:
        pytest.skip("no file system can be mounted here")
    done = on_full_disk(home, program("fineparser-gui"), "--self-test", str(tmp_path))
    assert done.stderr == ""
    assert len(json.loads((tmp_path / "self-test.json").read_text(encoding="utf-8"))["problems"]) == 1
    done = on_full_disk(home, program("fineparser"), "demo", "--out", str(home / "here"))
    assert done.stderr == f"fineparser: {home / 'here'} {NO_ROOM}\n"
