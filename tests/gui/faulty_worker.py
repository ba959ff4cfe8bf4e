"""The real worker process with a fault: `python faulty_worker.py FAULT STARTS` and what `worker.child` takes.

FAULT names a type of request on which it kills itself, with the action after a colon where it changes the library;
"deaf": a parse computes for ever and hears no cancel. What it is asked otherwise it answers without weights. Each start
adds a line to the file STARTS.
"""

import os
import sys
from pathlib import Path

import numpy as np
from answers_kit import dive_parse, result_message, scoring

from fineparser_core.types import Analysis
from fineparser_gui.worker import child
from fineparser_gui.worker.protocol import (
    Answer,
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    LibraryReport,
    ParseRequest,
    Ready,
    Request,
    ScoreRequest,
    Segments,
    TrimRequest,
)

OWN = {
    "id": "mine-1",
    "dive_number": "207C",
    "board_m": 10.0,
    "score": 70.0,
    "clip_path": "/nowhere/mine-1.mp4",
    "in_frame": 0,
    "out_frame": 95,
    "first_flight_frame": 20,
    "first_entry_frame": 60,
    "synthetic": False,
}
fault, starts = sys.argv[1], Path(sys.argv[2])
encoded: set[str] = set()
asked: dict[str, Path] = {}  # videos by the id of their parse


def name(request: Request) -> str:
    return f"change:{request.action}" if isinstance(request, ChangeLibraryRequest) else type(request).__name__


def answer(request: Request, folder: Path) -> Answer:
    if isinstance(request, ParseRequest):
        asked[request.id] = Path(request.path)
        return result_message(request.id, Analysis(parse=dive_parse(Path(request.path), 120), scoring=None), folder)
    if isinstance(request, ScoreRequest):
        parse = dive_parse(asked.get(request.parse_id, Path("a.mp4")), 120)
        return result_message(request.id, Analysis(parse=parse, scoring=scoring()), folder)
    if isinstance(request, TrimRequest):
        return Segments(id=request.id, segments=[])
    if isinstance(request, EncodeExemplarRequest):
        encoded.add(request.exemplar_id)
    state = "ready" if OWN["id"] in encoded else "waiting"
    entries = [{"own": True, "state": state, "exemplar": OWN}]
    return LibraryReport(id=request.id, entries=entries, writable=True, notice="")


class FaultyWorker(child.Worker):
    def _tell_devices(self) -> None:
        pass

    def _open(self) -> None:
        if self._analyzer is None:
            self._analyzer = self
            self._send(Ready(device="cpu", precision="fp32", card={"id": "m-1"}))

    def _answer(self, request: Request) -> None:
        if name(request) == fault:
            os.abort()
        while fault == "deaf" and isinstance(request, ParseRequest):
            np.ones(1000).sum()
        self._send(answer(request, self._folder))


with starts.open("a", encoding="ascii") as file:
    file.write("start\n")
child.Worker = FaultyWorker
del sys.argv[1:3]
child.main()
