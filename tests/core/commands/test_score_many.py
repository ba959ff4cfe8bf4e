"""`fineparser score --out`: which clips, a line each, in order, gone on with after a kill. No weights are opened."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import scripted_scorer
from platforms import IN_OWN_TERMINAL, KILLED, stop

from fineparser_core.commands.cli import main
from fineparser_core.commands.score_many import asked_clips, score_many
from fineparser_core.commands.scorer import ScoringOptions
from fineparser_core.errors import ConfigError, ExportError, FineParserError
from fineparser_core.export.results import AskedClip, read_results
from fineparser_core.live.caught import DIVES_FILE, RECORDING, CaughtClip, caught_fields
from fineparser_core.progress import CancelToken
from fineparser_core.support.atomic import is_running

USUAL = AskedClip(path=Path("none"), dive_number="207C", board_m=10.0)
TESTS = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(Path(scripted_scorer.__file__)), "score", "--dive-number", "207C", "--board", "10"]
MODULES = os.pathsep.join(map(str, (TESTS.parent, TESTS, Path(scripted_scorer.__file__).parent)))
ENVIRONMENT = os.environ | {"PYTHONPATH": MODULES, "XDG_DATA_HOME": "none"}


@pytest.fixture(autouse=True)
def processes_find_the_scorer(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", MODULES)


@pytest.fixture
def make_clips(tmp_path, make_video):
    """Makes clips of these names, each of another content, in a folder of their own."""
    (tmp_path / "clips").mkdir()

    def make(*names):
        return [make_video(tmp_path / "clips" / f"{name}.mp4", 20 + n) for n, name in enumerate(names)]

    return make


def run(clips, out, workers=1, seed=0, **more):
    asked = [replace(USUAL, path=path) for path in clips]
    options = ScoringOptions(seed=seed)
    score_many(asked, options, out, CancelToken(), workers=workers, scorer="scripted_scorer", **more)


def asked_of(folder):
    """Names of the clips that were scored since it was asked last."""
    log = folder / "asked.log"
    text = log.read_text(encoding="utf-8") if log.exists() else ""
    log.unlink(missing_ok=True)
    return re.findall(r"(\S+)\.mp4", text)


def test_a_bad_clip_costs_its_line_and_what_died_is_tried_again(make_clips, tmp_path, capsys):
    clips, out = make_clips("slow", "fails", "dies", "d", "e"), tmp_path / "results.jsonl"
    run(clips, out, workers=2, table=tmp_path / "table.csv")
    results = read_results(out)
    assert [one.asked.path for one in results] == clips
    assert [one.error for one in results if one.error] == [
        f"{clips[1]} fails.",
        f"{clips[2]}: the process that scored it ended unexpectedly (code {KILLED}).",
    ]
    rows = (tmp_path / "table.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[2] for row in rows[1:]] == [path.name for path in clips]
    told = capsys.readouterr()
    assert told.out.startswith("5 clips: 3 with a score, 0 without, 2 failed\n")
    assert re.search(r"^5/5 .*; 0 s left$", told.err, re.MULTILINE)
    assert sorted(asked_of(clips[0].parent)) == ["d", "dies", "e", "fails", "slow"]

    before = out.read_bytes().splitlines()
    run(clips, out, workers=2)
    assert asked_of(clips[0].parent) == ["dies"]
    after = out.read_bytes().splitlines()
    assert [n for n in range(5) if before[n] != after[n]] == [2]
    assert "4 of 5 clips are done already." in capsys.readouterr().err


def test_a_table_overwrites_neither_the_list_of_clips_nor_a_file_of_another_kind(make_clips, tmp_path, capsys):
    [clip] = make_clips("a")
    inputs = tmp_path / "clips.csv"
    inputs.write_text(f"video,dive,board\n{clip},207C,10\n", encoding="utf-8")
    (tmp_path / "dives.json").write_text("{}", encoding="utf-8")
    (tmp_path / "a.mp4").write_bytes(clip.read_bytes())
    for name, reason in (("clips.csv", "is one of the inputs"), ("dives.json", "no .csv file"), ("a.mp4", "no .csv")):
        before = (tmp_path / name).read_bytes()
        outputs = ["--out", str(tmp_path / "results.jsonl"), "--csv", str(tmp_path / name)]
        assert main(["score", str(inputs), *outputs]) == 2
        assert reason in capsys.readouterr().err
        assert (tmp_path / name).read_bytes() == before


def test_what_is_done_stays_whatever_else_changes(make_clips, tmp_path):
    clips, out = make_clips("a", "b", "c"), tmp_path / "results.jsonl"
    run([clips[0], clips[2]], out)
    whole = out.read_bytes()
    assert asked_of(clips[0].parent) == ["a", "c"]
    out.write_bytes(whole[:-100])  # as a kill while it is written leaves it
    run([clips[0], clips[2]], out)
    assert (asked_of(clips[0].parent), out.read_bytes()) == (["c"], whole)
    run(clips, out)  # one more, between them
    assert asked_of(clips[0].parent) == ["b"]
    assert [one.asked.path for one in read_results(out)] == clips
    moved = [path.rename(tmp_path / path.name) for path in clips]
    with pytest.raises(ConfigError, match="not among these clips"):
        run(clips[:1], out)
    (tmp_path / "asked.log").touch()
    run(moved, out)
    assert asked_of(tmp_path) == []
    found = [one.analysis.parse.clip.path for one in read_results(out) if one.analysis]
    assert found == [one.asked.path for one in read_results(out)] == moved
    run(moved, out, seed=7)  # has other results
    assert asked_of(tmp_path) == ["a", "b", "c"]
    with pytest.raises(ConfigError, match="13 opens nothing"):
        run(moved, out, seed=13)
    with pytest.raises(FineParserError, match=rf"ended before it could begin \(code {KILLED}\)"):
        run(moved, out, seed=14)
    with pytest.raises(ConfigError, match="one of the clips"):
        run(moved, moved[0])
    (tmp_path / "text.jsonl").write_bytes(b"{}\n")
    with pytest.raises(ExportError, match=r"Line 1 of .*text\.jsonl is no result"):
        run(moved, tmp_path / "text.jsonl")
    assert (tmp_path / "text.jsonl").read_text(encoding="utf-8") == "{}\n"


def test_two_of_one_content_are_scored_once(make_clips, tmp_path):
    (clip,) = make_clips("a")
    copy = clip.with_name("copy.mp4")
    copy.write_bytes(clip.read_bytes())
    run([clip, copy], tmp_path / "results.jsonl")
    assert len(asked_of(clip.parent)) == 1
    assert [one.asked.path for one in read_results(tmp_path / "results.jsonl")] == [clip, copy]


def processes(folder):
    return [int(pid) for pid in re.findall(r"\d+$", (folder / "asked.log").read_text(encoding="utf-8"), re.MULTILINE)]


def begun(clips, out, n_lines):
    """A command with two processes that has written so many lines and is at further clips."""
    command = subprocess.Popen(
        [*COMMAND, *map(str, clips), "--out", str(out), "--workers", "2"],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
        **IN_OWN_TERMINAL,
    )
    while not out.exists() or out.read_bytes().count(b"\n") < n_lines or "long" not in log_of(clips):
        assert command.poll() is None
        time.sleep(0.05)
    return command


def log_of(clips):
    log = clips[0].parent / "asked.log"
    return log.read_text(encoding="utf-8") if log.exists() else ""


def wait_for_ends(pids):
    while any(map(is_running, pids)):
        time.sleep(0.05)


def test_a_killed_command_leaves_no_process_and_is_gone_on_with(make_clips, tmp_path):
    clips, out = make_clips("a", "long", "c", "d"), tmp_path / "results.jsonl"
    with begun(clips, out, 3) as command:
        command.kill()
    wait_for_ends(processes(clips[0].parent))
    asked_of(clips[0].parent)
    clips[1] = clips[1].rename(clips[1].with_name("quick.mp4"))
    run(clips, out)
    assert asked_of(clips[0].parent) == ["quick"]
    assert [one.asked.path for one in read_results(out)] == clips


def test_ctrl_c_stops_at_once(make_clips, tmp_path):
    clips, out = make_clips("a", "long", "long too"), tmp_path / "results.jsonl"
    with begun(clips, out, 1) as command:
        stop(command, signal.SIGINT)
        assert command.wait() == 130  # the clips take an hour
        *_, last = command.stderr.read().splitlines()
    assert last == (f"fineparser: Cancelled: 1 of 3 clips are in {out}, and the same command goes on with the others.")
    wait_for_ends(processes(clips[0].parent))


def test_the_clips_of_folders_lists_and_tables(make_clips, tmp_path):
    two, ten, one = make_clips("dive 2", "dive 10", "dive 1")
    folder = one.parent
    assert asked_clips([ten, two], USUAL) == [replace(USUAL, path=ten), replace(USUAL, path=two)]
    (folder / "notes.md").write_bytes(b"no video")
    assert [asked.path for asked in asked_clips([folder], USUAL)] == [one, two, ten]
    (folder / "labels.json").write_text(
        '{"dive 2.mp4": {"dive_number": "103B", "board_m": 1, "in": 3, "out": 18}}', encoding="utf-8"
    )
    labeled = AskedClip(path=two, dive_number="103B", board_m=1.0)  # is looked for
    assert asked_clips([folder], USUAL) == [replace(USUAL, path=one), labeled, replace(USUAL, path=ten)]
    (tmp_path / "list.txt").write_text(f"clips/dive 10.mp4\r\n\n{one}\n", encoding="utf-8")
    assert [asked.path for asked in asked_clips([tmp_path / "list.txt"], USUAL)] == [ten, one]
    (tmp_path / "dives.csv").write_text(
        "video,number,board,start,end,name\nclips/dive 1.mp4,305C,3,2,17,Anna\nclips/dive 2.mp4,,,,,\n",
        encoding="utf-8",
    )
    known = AskedClip(path=one, athlete="Anna", dive_number="305C", board_m=3.0, start_frame=2, end_frame=17)
    assert asked_clips([tmp_path / "dives.csv"], USUAL) == [known, replace(USUAL, path=two)]
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe")
    for nothing in (tmp_path / "list.txt", tmp_path / "none.txt"):
        with pytest.raises(ConfigError, match=re.escape(str(nothing))):
            asked_clips([nothing], USUAL)


def test_of_a_watch_only_its_dives_are_scored(make_clips):
    hurdle, dive = make_clips("hurdle", "dive")
    folder = dive.parent
    (folder / RECORDING).mkdir()
    (folder / RECORDING / "1.ts").write_bytes(b"recorded")
    caught = CaughtClip(hurdle, 1.0), CaughtClip(dive, 1.0, instead_of=hurdle)
    lines = [json.dumps(caught_fields(one, one.clip.name)) for one in caught]
    (folder / DIVES_FILE).write_text("\n".join([*lines, '{"cli']), encoding="utf-8")
    assert [asked.path for asked in asked_clips([folder], USUAL)] == [dive]
