"""The real worker process with a scripted network: `python scripted_worker.py FAULT STARTS` and what `child` takes.

It speaks the protocol and keeps its results as the real one does, and every clip shows it the same dive. FAULT names a
type of request on which it kills itself, with the action after a colon where it changes the library; "deaf": a parse
computes for ever and hears no cancel; "forgetful": what is no longer kept is lost; "": none. Each start adds a line to
the file STARTS, each request one to the file "asked" beside it.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from made_answers import dive_parse, scoring

from fineparser_core.motion.clips import FoundClip
from fineparser_core.progress import Progress
from fineparser_core.records import Analysis, Clip, ClipEncoding
from fineparser_core.video import clips
from fineparser_gui.worker import child
from fineparser_gui.worker.protocol import (
    ChangeLibraryRequest,
    EncodeExemplarRequest,
    LibraryReport,
    ParseRequest,
    Ready,
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


def name(request):
    return f"change:{request.action}" if isinstance(request, ChangeLibraryRequest) else type(request).__name__


class ScriptedAnalyzer:
    """Finds the same dive in every clip, and gives it the same score."""

    model = dive_parse(Path("a.mp4"), 120).model
    find_body = None

    def parse(self, clip, _=None, *, progress, cancel):
        for window in range(1, 10):
            progress(Progress("parse", window, 9))
            cancel.raise_if_cancelled()
        return replace(dive_parse(clip.path, clip.out_frame + 1), clip=clip), encoding()

    def use_profile(self, profile):
        """Its scores are of no profile."""

    def score_parse(self, parsed, *_, **__):
        """By the one exemplar that the library holds, with the score that it has now."""
        vote = replace(scoring().exemplars[0], id=OWN["id"], score=OWN["score"])
        return Analysis(parse=parsed[0], scoring=replace(scoring(), exemplars=(vote,)))


def encoding():
    return ClipEncoding(
        gated=np.zeros((9, 1024), np.float32),
        frame_features=np.zeros((96, 512), np.float32),
        transition_samples=(30, 60),
        probabilities=np.zeros((96, 2), np.float32),
    )


def make_clip(path, in_frame=None, out_frame=None, *_):
    if path.is_file():
        return clips.make_clip(path, in_frame, out_frame)
    return Clip(path=path, in_frame=in_frame or 0, out_frame=119 if out_frame is None else out_frame, fps=30.0)


def find_clip(path, *_, start_frame, end_frame, **__):
    return FoundClip(make_clip(path, start_frame, end_frame))


class ScriptedWorker(child.Worker):
    def _tell_devices(self):
        pass

    def _open(self):
        if self._analyzer is None:
            self._analyzer = ScriptedAnalyzer()
            self._send(Ready(device="cpu", precision="fp32", card={"id": "m-1"}))
        return self._analyzer

    def _answer(self, request):
        with starts.with_name("asked").open("a", encoding="ascii") as file:
            file.write(f"{name(request)}\n")
        if name(request) == fault:
            os.abort()
        while fault == "deaf" and isinstance(request, ParseRequest):
            np.ones(1000).sum()
        super()._answer(request)

    def _encoded(self, parse_id):
        if fault == "forgetful":
            return super()._encoded(parse_id)
        try:
            return super()._encoded(parse_id)
        except child.ParseLost:
            return dive_parse(Path("a.mp4"), 120), encoding()

    def _find_dives(self, request):
        self._keep(request, {"segments": []})
        return []

    def _keep_library(self, request):
        if isinstance(request, ChangeLibraryRequest) and request.action == "edit":
            OWN["score"] = request.facts.score
        if isinstance(request, EncodeExemplarRequest):
            encoded.add(request.exemplar_id)
        own = [OWN["id"]]
        waiting = [one for one in own if one not in encoded]
        return LibraryReport(id=request.id, exemplars=[OWN], own=own, waiting=waiting, writable=True, notice="")


child.make_clip, child.find_clip = make_clip, find_clip
with starts.open("a", encoding="ascii") as file:
    file.write("start\n")
child.Worker = ScriptedWorker
del sys.argv[1:3]
child.main()
