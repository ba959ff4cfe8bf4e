from pathlib import Path

import numpy as np
import pytest

from fineparser_core.exemplars.records import Exemplar
from fineparser_core.records import DiveSegment, Transitions
from fineparser_core.support.processes import decode, encode
from fineparser_gui.library.library import LibraryEntry
from fineparser_gui.worker.protocol import (
    AnyMessage,
    BegunReport,
    CancelRequest,
    Failure,
    LibraryReport,
    ParseRequest,
    Ping,
    ProgressReport,
    Result,
    ScoreRequest,
    Segments,
    TrimRequest,
)

SEGMENT = DiveSegment(in_frame=3, out_frame=90, first_flight_frame=30, first_entry_frame=60, confidence=np.float64(0.5))
TRANSITIONS = Transitions(first_flight_frame=3, first_entry_frame=9, first_flight_s=0.1, first_entry_s=0.3)
EXEMPLAR = Exemplar(
    id="mine",
    dive_number="107B",
    board_m=3,
    score=50.0,
    clip_path=Path("a\udcff.mp4"),
    in_frame=0,
    out_frame=95,
    first_flight_frame=20,
    first_entry_frame=60,
    synthetic=False,
)
ENTRY = LibraryEntry(exemplar=EXEMPLAR, own=True, state="ready")


@pytest.mark.parametrize(
    "message",
    [
        ParseRequest(id="p1", path="/ö/a\nb.mp4", in_frame=1, out_frame=None),
        ScoreRequest(id="s2", parse_id="p1", dive_number="207C", board_m=None, difficulty=3.3),
        ScoreRequest(
            id="r1", parse_id="p1", dive_number="207C", board_m=10.0, difficulty=None, transitions=TRANSITIONS
        ),
        TrimRequest(id="t1", path="/training.mp4"),
        Segments(id="t1", segments=[SEGMENT]),
        CancelRequest(id="p1"),
        Ping(),
        BegunReport(id="p1"),
        ProgressReport(id="p1", stage="read", done=3, total=96),
        Result(id="p1", analysis={"score": None}, record_path="x.kept"),
        Failure(id=None, kind="CheckpointError", message="gone"),
        LibraryReport(id="l1", entries=[ENTRY], writable=True, notice=""),
    ],
)
def test_a_message_is_one_line_and_comes_back(message):
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line, AnyMessage) == message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b'{"type": "x"}',
        b'{"type": "CancelRequest"}',
        b'{"type": "CancelRequest", "id": 3}',
        encode(CancelRequest(id="p1"))[:-5],
        b"\xff",
        b"Warning: torch",
    ],
)
def test_what_is_no_message_is_refused(line):
    with pytest.raises(ValueError, match="not a message"):
        decode(line, AnyMessage)
