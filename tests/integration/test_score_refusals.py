"""`fineparser score` on what it cannot do: one sentence, the right exit code, nothing on stdout and no file left."""

import pytest

from fineparser_core.errors import CheckpointError


def assert_refused(outcome, code, *words):
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    lines = outcome.err.strip().splitlines()
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("fineparser: ")
    assert lines[0].endswith(".")
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [(("--brief",), 2, "--annotated"), (("--skeleton",), 2, "--skeleton"), (("--name", "A"), 2, "--report")],
)
def test_export_options_that_cannot_be(fineparser, clips, options, code, word):
    assert_refused(fineparser("score", clips / "dive.mp4", *options), code, word)


@pytest.mark.parametrize("option", [("--json", "a.json"), ("--report", "r.pdf"), ("--athlete", "1,2,3")])
def test_what_is_of_one_clip_is_not_of_several(fineparser, clips, tmp_path, option):
    clip, out = clips / "dive.mp4", tmp_path / "results.jsonl"
    assert_refused(fineparser("score", clip, clips / "nobody.mp4", "--out", out, *option), 2, option[0], "one clip")
    assert not out.exists()


def test_weights_that_are_none_cost_more_than_a_line(fineparser, clips, tmp_path):
    outcome = fineparser("score", clips / "dive.mp4", "--out", tmp_path / "o.jsonl", "--weights", tmp_path / "nothing")
    assert_refused(outcome, CheckpointError.exit_code, "nothing")
    assert_refused(fineparser("score", tmp_path, "--out", tmp_path / "o.jsonl"), 2, str(tmp_path), "no video")


def test_an_own_library_that_cannot_be_read_is_said_and_the_bundled_one_is_used(fineparser, clips, tmp_path):
    (tmp_path / "no-own-library").mkdir()
    (tmp_path / "no-own-library" / "library.sqlite").write_text("This is no library." * 100, encoding="utf-8")
    outcome = fineparser("score", clips / "dive.mp4", "--dive-number", "207C", "--synchro")
    assert outcome.code == 4
    first, second = outcome.err.strip().splitlines()
    assert "was damaged" in first
    assert "no exemplars of 207C by two divers" in second
