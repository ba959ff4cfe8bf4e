"""One file gives the same moments, body, measures and score by Python, by the command and by the window's worker."""

import json
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fineparser_core.export.analysis_json import MaskArrays, analysis_to_dict, read_masks_npz
from fineparser_core.inference.score_clip import score_clip
from fineparser_core.resources import resource
from fineparser_core.support.array_file import read_arrays
from fineparser_core.support.own_process import own_process
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter
from fineparser_gui.worker.protocol import Ending, ParseRequest, Request, ScoreRequest, decode, encode

SAMPLE = json.loads(resource("samples", "sample.json").read_text(encoding="utf-8"))
SECONDS, SIZE_PX = 10, (640, 360)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample dive within ten seconds, with waiting before and after it."""
    path = tmp_path_factory.mktemp("recording") / "recording.mp4"
    with VideoReader(resource("samples", SAMPLE["file"])) as reader:
        fps = reader.info.fps
        dive = [cv2.resize(frame, SIZE_PX) for _, frame in reader.frames(range(reader.info.n_frames))]
    n_before = round(3 * fps)
    n_after = round(SECONDS * fps) - n_before - len(dive)
    with VideoWriter(path, width_px=SIZE_PX[0], height_px=SIZE_PX[1], fps=fps) as writer:
        for index, frame in enumerate([*[dive[0]] * n_before, *dive, *[dive[-1]] * n_after]):
            writer.write(frame, index / fps)
    return path


def by_command(fineparser, path: Path, folder: Path) -> tuple[dict[str, Any], MaskArrays]:
    number, board = ("--dive-number", SAMPLE["dive_number"]), ("--board", SAMPLE["board_m"])
    outcome = fineparser("score", path, *number, *board, "--json", folder / "a.json", "--masks", folder / "m.npz")
    assert outcome.code == 0, outcome.err
    return json.loads((folder / "a.json").read_text(encoding="utf-8")), read_masks_npz(folder / "m.npz")


def by_worker(path: Path, folder: Path) -> tuple[dict[str, Any], MaskArrays]:
    with subprocess.Popen(
        own_process("fineparser_gui.worker.child", str(folder)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None

        def ask(request: Request) -> Any:
            worker.stdin.write(encode(request))
            worker.stdin.flush()
            messages = (decode(line) for line in worker.stdout)
            return next(one for one in messages if isinstance(one, Ending) and one.id == request.id)

        ask(ParseRequest(path=str(path), in_frame=None, out_frame=None, id="parse"))
        named = {"dive_number": SAMPLE["dive_number"], "board_m": SAMPLE["board_m"], "difficulty": None}
        scored = ask(ScoreRequest(parse_id="parse", **named, id="score"))
        worker.stdin.close()
    return scored.analysis, MaskArrays(**read_arrays(Path(scored.record_path), MaskArrays._fields))


def test_a_file_gives_the_same_however_it_comes_in(fineparser, recording: Path, tmp_path: Path) -> None:
    analysis = score_clip(recording, SAMPLE["dive_number"], board_m=SAMPLE["board_m"])
    own, masks = analysis_to_dict(analysis), MaskArrays.of(analysis.parse)
    before, after = analysis.parse.clip.n_cut
    assert before > 0
    assert after > 0
    assert own["score"] is not None
    for told, seen in (by_command(fineparser, recording, tmp_path), by_worker(recording, tmp_path / "cache")):
        assert told == own
        for name in MaskArrays._fields:
            np.testing.assert_array_equal(getattr(seen, name), getattr(masks, name), name)
