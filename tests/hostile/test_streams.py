"""The process of a command: signals, readers that go away, disks that are full, and locales that know no accents."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from platforms import IN_OWN_TERMINAL, STOPS, needs_full_device, stop, windows_has_no

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "samples" / "sample.mp4"
COMMAND = (sys.executable, "-m", "fineparser_core.commands.cli")
# What a command does does not matter to those who stop it, or do not read it.
PROGRAM = (
    "import sys, time\n"
    "from fineparser_core.commands import cli\n"
    "from fineparser_core.commands.printing import say, remark\n"
    "sys.exit(cli.run_guarded(lambda argv: {} or 0, []))\n"
)
CANCELLED, OUTPUT, READER_GONE = 130, 7, 141

# The unprintable name comes first where files are sorted.
NAME = b"a\xff\x1b[31m\xc3\xa9.mp4"
LOCALES = {
    "C": {"LC_ALL": "C"},
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
}


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "LC_CTYPE")}
    return kept | {"PYTHONPATH": str(ROOT)} | more


def program(body, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment()} | options
    return subprocess.Popen([sys.executable, "-c", PROGRAM.format(body)], **options)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_is_a_cancel(number):
    with program("say('works') or cli.flush() or time.sleep(60)", **IN_OWN_TERMINAL) as process:
        assert process.stdout.readline().rstrip() == b"works"
        stop(process, number)
        _, err = process.communicate()
    assert (process.returncode, err.splitlines()) == (CANCELLED, [b"fineparser: Cancelled."])


@windows_has_no("signals that a program inherits as ignored")
def test_a_command_in_the_background_of_a_script_can_be_stopped():
    ignored = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    with program("say('works') or cli.flush() or time.sleep(60)", preexec_fn=ignored) as process:
        assert process.stdout.readline().rstrip() == b"works"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err.splitlines()) == (CANCELLED, [b"fineparser: Cancelled."])


@needs_full_device
def test_a_full_disk_behind_the_output_is_one_sentence():
    with open("/dev/full", "wb") as full, program("say('x' * 10**6)", stdout=full) as process:
        _, err = process.communicate()
    assert process.returncode == OUTPUT
    assert err.startswith(b"fineparser: The output cannot be printed (No space left on device)")
    assert err.count(b"\n") == 1


@windows_has_no("shell that closes the standard streams of a program")
@pytest.mark.parametrize(
    ("body", "code"), [("say('x')", 0), ("remark('x')", 0), ("1 / 0", 1), ("say('x') or remark('y') or 1 / 0", 1)]
)
def test_without_a_terminal_the_code_is_the_same(body, code):
    """As a program that is started with its standard streams closed."""
    command = f'exec "{sys.executable}" -c "$1" >&- 2>&-'
    done = subprocess.run(["sh", "-c", command, "sh", PROGRAM.format(body)], env=environment(XDG_STATE_HOME="/proc"))
    assert done.returncode == code


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("body", ["[(say('x' * 999), remark('x' * 999)) for _ in range(999)]", "cli._run(['--help'])"])
def test_a_reader_that_goes_away_is_no_failure(body, stream):
    if "help" in body and stream == "stderr":
        pytest.skip("help is printed to stdout alone")
    other = {"stdout": "stderr", "stderr": "stdout"}[stream]
    reads, writes = os.pipe()
    os.close(reads)
    with program(body, **{stream: writes, other: subprocess.PIPE}) as process:
        os.close(writes)
        out, err = process.communicate()
    assert process.returncode == READER_GONE
    assert b"Traceback" not in (out or b"") + (err or b"")
    assert b"Exception ignored" not in (err or b"")
    assert "help" not in body or err == b""


@pytest.mark.hostile
@pytest.mark.timeout(600)
@pytest.mark.parametrize("locale", LOCALES)
def test_a_clip_of_any_name_is_analysed_to_the_end(locale, tmp_path):
    clip = tmp_path / os.fsdecode(NAME)
    try:
        shutil.copy(SAMPLE, clip)
    except OSError:
        pytest.skip("this file system takes no such names")
    command = [*COMMAND, "score", clip, "--dive-number", "207C", "--annotated", os.fsdecode(b"o\xff\x1b[1m.mp4")]
    for option, end in (("json", "json"), ("csv", "csv"), ("masks", "npz")):
        command += [f"--{option}", os.fsdecode(f"\xe9\x1b]0;.{end}".encode("latin-1"))]
    done = subprocess.run(command, cwd=tmp_path, env=environment(**LOCALES[locale]), capture_output=True)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
    assert rb"a\xff\x1b[31m" in done.stdout
    assert len(list(tmp_path.iterdir())) == 6
    (table,), (data,) = tmp_path.glob("*.csv"), tmp_path.glob("*.json")
    with table.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["file"].startswith(r"a\xff\x1b[31m")
    assert json.loads(data.read_text(encoding="ascii"))["clip"]["path"].startswith(str(tmp_path))
