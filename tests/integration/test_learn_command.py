"""From a set of judged dives to a profile, to scores by it, and through the tutorial."""

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from club_set import write_set
from simulated_club import club

from fineparser_core.exemplars.records import rendered_facts
from fineparser_core.resources import resource
from fineparser_core.scoring.profile import read_profile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def active(tmp_path, monkeypatch):
    """Where the profile in use would lie."""
    path = tmp_path / "data" / "profile.json"
    for module in ("scoring.profile", "commands.learn"):
        monkeypatch.setattr(f"fineparser_core.{module}.active_path", lambda *_: path)
    return path


@pytest.fixture
def clip(tmp_path, make_video):
    return make_video(tmp_path / "clip.mp4", 30)


def test_a_profile_is_learned_told_used_and_named(clip, active, fineparser):
    out = clip.parent / "profile.json"
    done = fineparser("learn", write_set(clip, club()), "--out", out, "--name", "Friday", "--use")
    assert done.code == 0, done.err
    assert "Friday: 60 judged dives of 12 athletes" in done.out
    assert "12 times without one athlete" in done.out
    assert "it helps, by" in done.out
    profile = read_profile(out)
    assert (profile.name, profile.dives, profile.forced) == ("Friday", 60, False)
    assert read_profile(active) == profile
    table = (clip.parent / "profile.predictions.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert len(rows) == 60
    off = sum(abs(float(row["calibrated"]) - float(row["award"])) for row in rows) / len(rows)
    assert off == pytest.approx(profile.checked.off, abs=1e-3)
    again = fineparser("learn", clip.parent / "club.json", "--out", clip.parent / "again.json", "--name", "Friday")
    assert again.code == 0
    assert replace(read_profile(clip.parent / "again.json"), made_on=profile.made_on).id == profile.id


def test_what_does_not_help_is_written_by_force_alone(clip, fineparser):
    dives, out = write_set(clip, club()[5:10]), clip.parent / "profile.json"
    done = fineparser("learn", dives, "--out", out)
    assert done.code == 0
    assert "that it helps is not shown" in done.out
    assert "No profile is written" in done.out
    assert not out.exists()
    assert fineparser("learn", dives, "--out", out, "--force").code == 0
    assert read_profile(out).forced


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"award": 6.0, "awards": ()}, "do not differ"),
        ({"awards": ()}, "0 judged dives are too few"),
        ({"dive_number": None}, "0 judged dives are too few"),
        ({"start_frame": 0, "end_frame": 20}, "keep one of them"),
    ],
)
def test_marks_that_teach_nothing_are_one_sentence(clip, fineparser, changed, said):
    done = fineparser("learn", write_set(clip, club()[:6], **changed), "--out", clip.parent / "profile.json")
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_profile_of_other_weights_is_refused(tmp_path, clip, fineparser):
    assert fineparser("learn", write_set(clip, club()), "--out", tmp_path / "profile.json").code == 0
    done = fineparser("score", resource("samples", "sample.mp4"), "--profile", tmp_path / "profile.json", "--quiet")
    assert done.code == 2
    assert "learn it again, or score without it" in done.err


@pytest.mark.slow
def test_the_commands_of_the_tutorial_run(tmp_path, fineparser, monkeypatch):
    """On rendered stand-ins for phone clips; those that are measured are too few to help, so `learn` is forced."""
    text = (ROOT / "packaging" / "docs" / "learning.md").read_text(encoding="utf-8")
    facts = rendered_facts()
    numbers = {"103B", "201B", "301B", "401B"}
    chosen = [fact for fact in facts if fact["dive_number"] in numbers and fact["board_m"] == 1]
    rows = ["video,start,end,dive,board,J1,J2,J3,J4,J5,athlete,date"]
    for i, fact in enumerate(chosen):
        shutil.copyfile(resource("exemplars", f"{fact['id']}.mp4"), tmp_path / f"IMG_{i}.mp4")
        mark = round(2 * sum(fact["qualities"]) / 3) / 2
        rows.append(f"IMG_{i}.mp4,,,{fact['dive_number']},1,{','.join([str(mark)] * 5)},Athlete {i},2026-05-02")
    shutil.copyfile(tmp_path / "IMG_0.mp4", tmp_path / "dive.mp4")
    (tmp_path / "dives.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^fineparser (.*)$", text, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["data", "score", "learn", "score"]
    for command in commands:
        words = [*command.split(), *(["--force"] if command.startswith("learn") else [])]
        done = fineparser(*words)
        assert done.code == 0, done.err
    assert re.search(r"Calibrated on ([5-9]|1\d) of your dives: profile club\.", done.out)
