"""Command lines that cannot be carried out: for every command and option a value that it cannot have."""

import contextlib
import io
import os
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from unittest import mock

from fineparser_core.commands import cli
from fineparser_core.config import TrainConfig
from fineparser_core.errors import ExitCode

# Beside the temporary folder, in which a file would be a stray one.
os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(Path(tempfile.gettempdir()).with_name("inductor"))
USAGE, VIDEO, EXEMPLARS, WEIGHTS, DATA, OUTPUT = map(int, list(ExitCode)[2:8])
NO_NUMBERS = ("nan", "inf", "-inf", "x", "", "1e999", "9" * 5000)
NO_COUNTS = ("0", "-1", "1.5", "99999999999999999999", *NO_NUMBERS)
NO_SEEDS = ("-1", *NO_COUNTS[2:])


@dataclass(frozen=True)
class Refusal:
    """A command line and the exit code that it has to end with."""

    words: tuple[str, ...]
    code: int

    @property
    def name(self):
        return " ".join(word if len(word) < 40 else f"{word[:12]}...({len(word)})" for word in self.words)


def run(path, words):
    """`fineparser WORDS` in this process, with files as `prepare` made them: exit code, stdout, stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    here, environment = Path.cwd(), {"XDG_STATE_HOME": str(Path(tempfile.gettempdir()).with_name("state"))}
    os.chdir(path.parent)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), mock.patch.dict(os.environ, environment):
            code = cli.main(words)
    finally:
        os.chdir(here)
    return int(code), out.buffer.getvalue().decode(), err.buffer.getvalue().decode()


def prepare(folder, write_video):
    """Makes what the command lines name, in an empty folder; returns a video in it."""
    clip = write_video(folder / "dive.mp4", 60)
    (folder / "link.mp4").symlink_to(clip)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "folder").mkdir()
    (folder / "file").write_text("a file\n" * 100, encoding="utf-8")
    return clip


_IMPORT = ("data", "import", "--out", "set.json")


def refusals():
    """All of them."""
    for words in ((), ("juggle",), ("--juggle",), ("",), ("scor",), ("\x1b[31m",), ("score",), ("data",)):
        yield Refusal(words, USAGE)
    for command in cli.COMMANDS:
        words = _IMPORT if command == "data" else (command,)
        yield Refusal((*words, "--no-such-option"), USAGE)
        yield Refusal((*words, "one", "two", "three", "four"), USAGE)
    for part in (_score, _evaluate, _calibrate, _learn, _train, _synthesize, _exemplars, _convert):
        yield from part()
    yield from _bad_folders(("demo", "--out"))
    yield from (case for case in _bad_inputs(_IMPORT, DATA) if case.words[-1] != "file")  # it is a table of no videos


def quick():
    """Those of `fineparser score`, which are refused without the network."""
    return (case for case in _score() if case.code != WEIGHTS)


def _score():
    dive = ("score", "dive.mp4", "--dive-number", "207C")
    yield from _bad_values(dive, "--seed", NO_SEEDS)
    yield from _bad_values(dive, "--exemplars", NO_COUNTS)
    yield from _bad_values(dive, "--board", ("0", "-1", "4", *NO_NUMBERS))
    yield from _bad_values(dive, "--difficulty", ("0", "-1", "99", *NO_NUMBERS))
    yield from _bad_values(
        ("score", "dive.mp4"), "--dive-number", ("", "207", "207E", "1O7B", "٢٠٧E", "\x1b[31m", "9" * 5000, "\udcff")
    )
    for option in ("--start-frame", "--end-frame"):
        yield from _bad_values(dive, option, NO_NUMBERS)
        for frame in ("-1", "60", "999999999999"):
            yield Refusal((*dive, option, frame), VIDEO)
    yield Refusal((*dive, "--start-frame", "50", "--end-frame", "55"), VIDEO)
    yield Refusal(("score", "dive.mp4", "--board", "10"), USAGE)
    points = ("1", "1,2", "1,2,3,4", "1.5,2,3", "-1,2,3", "60,2,3", "1,-1,3", "1,2,99999", "1,nan,3", *NO_NUMBERS)
    yield from _bad_values(dive, "--athlete", points)
    for option in ("--device", "--precision"):
        yield from _bad_values(dive, option, ("abacus", ""))
    for option in ("json", "csv", "masks", "annotated"):
        yield from _bad_outputs((*dive, f"--{option}"))
    for one, other in (("json", "csv"), ("masks", "annotated")):
        for name in ("same", "./same", "folder/../same"):
            yield Refusal((*dive, f"--{one}", "same", f"--{other}", name), USAGE)
    many = ("score", "dive.mp4", "--out", "results.jsonl")
    yield from _bad_values(many, "--workers", NO_COUNTS)
    yield from _bad_outputs(("score", "dive.mp4", "--out"))
    yield from _bad_outputs((*many, "--csv"))
    yield Refusal((*many, "--csv", "./results.jsonl"), USAGE)
    yield from _bad_inputs(("score",), VIDEO)
    yield from _bad_inputs((*dive, "--library"), EXEMPLARS)
    yield from _bad_inputs((*dive, "--profile"), USAGE)
    yield from _bad_inputs((*dive, "--weights"), WEIGHTS)


def _evaluate():
    yield Refusal(("evaluate",), USAGE)
    yield from _bad_values(("evaluate", "--data", "folder"), "--seed", NO_SEEDS)
    for option in ("--exemplars", "--per-number", "--limit"):
        yield from _bad_values(("evaluate", "--data", "folder"), option, NO_COUNTS)
    yield from _bad_folders(("evaluate", "--data", "folder", "--out"))
    yield from _bad_inputs(("evaluate", "--data"), DATA)
    yield from _bad_inputs(("evaluate", "--real"), DATA)
    yield from _bad_inputs(("evaluate", "--data", "folder", "--weights"), WEIGHTS)
    yield from _bad_inputs(("evaluate", "--write-card"), USAGE)  # without --weights, into no card of the program's own


def _calibrate():
    yield Refusal(("calibrate",), USAGE)
    data = ("calibrate", "--dry-run", "--data", "folder")
    yield from _bad_values(data, "--level", ("0", "0.5", "1", "-1", *NO_NUMBERS))
    yield from _bad_values(data, "--limit", ("19", *NO_COUNTS))
    yield from _bad_values(data, "--seed", NO_SEEDS)
    yield from _bad_inputs(("calibrate", "--dry-run", "--data"), DATA)
    yield from _bad_inputs(("calibrate", "--dry-run", "--predictions"), DATA)


def _learn():
    yield Refusal(("learn",), USAGE)
    yield Refusal(("learn", "file"), USAGE)
    yield from _bad_inputs(("learn", "--out", "profile.json"), DATA)


def _train():
    run = ("train", "--data", "folder", "--out", "out")
    config = TrainConfig()
    for field in fields(config):
        if isinstance(getattr(config, field.name), int | float) and field.type not in (bool, "bool"):
            option = f"--{field.name.replace('_', '-')}"
            yield from _bad_values(run, option, ("-1", "nan"))
    for option, values in (("--workers", NO_COUNTS), ("--limit", NO_COUNTS), ("--config", ("", "own", "bundle"))):
        yield from _bad_values(run, option, values)
    yield from _bad_folders(("train", "--data", "folder", "--out"))
    yield from _bad_inputs(("train", "--out", "out", "--data"), DATA)


def _synthesize():
    run = ("synthesize", "--out", "out")
    yield Refusal(("synthesize",), USAGE)
    yield Refusal(run, USAGE)
    for option in ("--train", "--test", "--seed"):
        yield from _bad_values(run, option, NO_SEEDS)
    yield from _bad_values((*run, "--train", "1"), "--workers", ("1000000", *NO_COUNTS))
    yield from _bad_values((*run, "--train", "1"), "--numbers", ("999Z", ",", "\udcff"))
    yield from _bad_folders(("synthesize", "--train", "1", "--out"))


def _exemplars():
    run = ("exemplars", "--out", "out", "--sample", "sample")
    yield from _bad_values(run, "--each", NO_COUNTS)
    yield from _bad_values(run, "--seed", NO_SEEDS)
    yield from _bad_folders(("exemplars", "--sample", "sample", "--out"))
    yield from _bad_folders(("exemplars", "--out", "out", "--sample"))
    yield Refusal(("exemplars", "--out", "folder", "--sample", "sample"), OUTPUT)
    yield Refusal(("exemplars", "--out", "out", "--sample", "out"), USAGE)
    yield from _bad_inputs((*run, "--weights"), WEIGHTS)


def _convert():
    for kind in ("kinetics", "imagenet"):
        yield from _bad_outputs(("convert", kind, "--source", "file"), is_input=False)
        yield Refusal(("convert", kind, "file"), USAGE)
        yield Refusal(("convert", kind, "file", "--source", "./file", "--overwrite"), USAGE)
        yield from _bad_inputs(("convert", kind, "out", "--source"), WEIGHTS)
    yield from _bad_folders(("convert", "release", "file"))
    yield from _bad_inputs(("convert", "release"), WEIGHTS, after=("out",))
    yield Refusal(("convert",), USAGE)
    yield Refusal(("convert", "to-nothing"), USAGE)


def _bad_values(words, option, values):
    for value in values:
        yield Refusal((*words, f"{option}={value}"), USAGE)


def _bad_outputs(words, *, is_input=True):
    for place in ("nowhere/out", "folder", "file/out", "/proc/out", "loop", "loop/out"):
        yield Refusal((*words, place), OUTPUT)
    for place in ("", "a\0b", *(("dive.mp4", "folder/../dive.mp4", "link.mp4") if is_input else ())):
        yield Refusal((*words, place), USAGE)


def _bad_folders(words):
    for place in ("file", "file/out", "/proc/out", "loop", "loop/out"):
        yield Refusal((*words, place), OUTPUT)
    yield from _no_names(words)


def _bad_inputs(words, code, after=()):
    for place in ("missing", "\udcff\x1b[31m", "folder", "file", "file/in", "loop", "/dev/null"):
        yield Refusal((*words, place, *after), code)
    yield from _no_names(words, after)


def _no_names(words, after=()):
    for name in ("", "a\0b", "n" * 300, "n/" * 5000):
        yield Refusal((*words, name, *after), USAGE)


def fault(refusal, found):
    """Why a run was not the refusal that it had to be; None where it was."""
    code, out, err = found
    lines = err.splitlines()
    if code != refusal.code:
        return f"exit code {code}, not {refusal.code}: {err[-300:]!r}"
    if len(lines) != 1 or not lines[0].startswith("fineparser: ") or not lines[0].endswith("."):
        return f"not one sentence: {err[-300:]!r}"
    if len(lines[0]) > 700 or not lines[0].isprintable():
        return f"no sentence for a terminal: {err[-300:]!r}"
    return f"it printed {out[:200]!r}" if out else None
