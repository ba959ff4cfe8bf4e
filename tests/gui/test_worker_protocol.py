import subprocess
import sys

import pytest

from fineparser_gui.worker.protocol import (
    BegunReport,
    CancelRequest,
    Failure,
    HoldRequest,
    ParseRequest,
    Ping,
    ProgressReport,
    Result,
    ScoreRequest,
    Segments,
    TrimRequest,
    decode,
    encode,
)


@pytest.mark.parametrize(
    "message",
    [
        ParseRequest(id="p1", path="/ö/a\nb.mp4", in_frame=1, out_frame=None),
        ScoreRequest(id="s2", parse_id="p1", dive_number="207C", board_m=None, difficulty=3.3),
        ScoreRequest(
            id="r1",
            parse_id="p1",
            dive_number="207C",
            board_m=10.0,
            difficulty=None,
            transitions={"first_flight_frame": 3, "first_entry_frame": 9},
        ),
        TrimRequest(id="t1", path="/training.mp4"),
        Segments(id="t1", segments=[{"in_frame": 3}]),
        CancelRequest(id="p1"),
        HoldRequest(held=True),
        Ping(),
        BegunReport(id="p1"),
        ProgressReport(id="p1", stage="read", done=3, total=96),
        Result(id="p1", analysis={"score": None}, record_path="x.kept"),
        Failure(id=None, kind="CheckpointError", message="gone"),
    ],
)
def test_a_message_is_one_line_and_comes_back(message):
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == message


@pytest.mark.parametrize(
    "line", [b"", b"null", b"[]", b'{"type": "x"}', b'{"type": "CancelRequest"}', b"Warning: torch"]
)
def test_what_is_no_message_is_refused(line):
    with pytest.raises(ValueError, match="not a message"):
        decode(line)


def test_noise_on_stdout_does_not_reach_the_pipe():
    code = (
        "import os\n"
        "from fineparser_gui.worker.child import _claim_stdout\n"
        "pipe = _claim_stdout()\n"
        "print('python noise', flush=True)\n"
        "os.write(1, b'native noise')\n"
        "pipe.write(b'message'); pipe.flush()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"message"
    assert b"python noise" in done.stderr
    assert b"native noise" in done.stderr
