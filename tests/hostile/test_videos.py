"""Every kind of odd video gives the frames that were written, in order, or one sentence."""

import shutil

import av
import numpy as np
import pytest
from numbered_video import read_number
from odd_videos import ALL, PART, REFUSED_KINDS, WHOLE, N
from sandbox import REFUSED

from fineparser_core.video.reader import VideoReader

FIXED = {
    "H.264 in MP4": WHOLE,
    "a title in Latin-1": WHOLE,
    "the second stream is the default": WHOLE,
    "Matroska cut at 60%": PART,
    "H.264 with noise": PART,
    "a pipe": REFUSED_KINDS,
    "a list of files": REFUSED_KINDS,
    "50 million samples of a byte": REFUSED_KINDS,
}


def read_video(path):
    """What the reader makes of a video: read in order, and again in any order.

    Returns:
        `numbers` of the frames; `missing`, `lost` and `damaged` ones; whether `times` ascend; `strays`: frames that
        were others when they were sought.
    """
    with VideoReader(path) as reader:
        info = reader.info
        frames = [frame for _, frame in reader.frames(range(min(info.n_frames, 3 * N)))]
        damaged = sorted(reader.damaged)
        strays = []
        for index in np.random.default_rng(0).integers(0, len(frames), 12).tolist():
            if not np.array_equal(reader.frame(index), frames[index]):
                strays.append(index)
            reader.picture((32, 24)).bgra()
        assert all(frame.shape == (info.height_px, info.width_px, 3) for frame in frames)
        assert info.fps > 0
        assert np.isfinite(info.duration_s)
        return {
            "numbers": [
                read_number(np.rot90(frame, info.rotation_deg // 90)) if frame.size > 1000 else -1 for frame in frames
            ],
            "n_frames": info.n_frames,
            "missing": info.n_frames_missing,
            "lost": info.n_parts_damaged,
            "damaged": damaged,
            "times": bool((np.diff(info.pts_s) > 0).all()),
            "strays": strays,
        }


def fault_of(name, kinds, outcome):
    """What is wrong with an outcome; None where it is what its kind should give."""
    if outcome.fault:
        return f"{outcome.kind}: {outcome.detail}"
    if kinds is REFUSED_KINDS:
        return None if outcome.kind == REFUSED else f"read as {outcome.value}"
    if outcome.kind == REFUSED:
        return None if kinds is PART else f"refused: {outcome.detail}"
    value = outcome.value
    if not value["times"]:
        return "its times do not ascend"
    if kinds is WHOLE:
        expected = {"missing": 0, "lost": 0, "damaged": [], "strays": []}
        wrong = {name: value[name] for name in expected if value[name] != expected[name]}
        if value["numbers"] != ALL[: len(value["numbers"])] or value["n_frames"] not in (16, N):
            wrong["numbers"] = value["numbers"]
        return str(wrong) if wrong else None
    whole = [number for at, number in enumerate(value["numbers"]) if at not in value["damaged"]]
    return f"not in order: {whole}" if "cut" in name and sorted(set(whole)) != whole else None


def run(name, kinds, sandbox, root):
    file_name, make = kinds[name]
    folder = root / "case"
    folder.mkdir()
    try:
        make(folder / file_name)
    except av.codec.codec.UnknownCodecError:  # an FFmpeg without this encoder
        shutil.rmtree(folder)
        return []
    outcome = sandbox.run("test_videos:read_video", folder / file_name)
    fault = fault_of(name, kinds, outcome)
    shutil.rmtree(folder)
    return [f"{name}: {fault}"] if fault else []


def test_odd_videos(sandbox, tmp_path):
    assert not [fault for name, kinds in FIXED.items() for fault in run(name, kinds, sandbox, tmp_path)]


@pytest.mark.hostile
@pytest.mark.timeout(1800)
def test_every_odd_video(sandbox, tmp_path):
    assert len(WHOLE) + len(PART) + len(REFUSED_KINDS) >= 80
    faults = []
    for kinds in (WHOLE, PART, REFUSED_KINDS):
        for name in kinds:
            faults += run(name, kinds, sandbox, tmp_path)
    assert not faults, "\n".join(faults)
