"""Small video files, good and bad, and a way to run the real command."""

from dataclasses import dataclass

import av
import numpy as np
import pytest

from fineparser_core.commands import cli


@pytest.fixture(autouse=True)
def no_library_of_this_user(tmp_path, monkeypatch):
    """What whoever runs the tests has in his own library is no part of them."""
    for asks in ("commands.score", "commands.learn", "inference.analyzer"):
        monkeypatch.setattr(f"fineparser_core.{asks}.own_folder", lambda: tmp_path / "no-own-library")
    monkeypatch.setattr("fineparser_core.scoring.profile.active_path", lambda *_: tmp_path / "no-profile.json")


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def fineparser(capfd):
    """Runs `fineparser ...` in this process."""

    def run(*argv):
        try:
            code = cli.main([str(word) for word in argv])
        except SystemExit as stop:  # argparse ends the process on wrong usage
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


def write_clip(path, n_frames, *, falls=True):
    """A square that falls over noise, or the noise alone, 160 x 120 at 25 frames per second."""
    rng = np.random.default_rng(7)
    background = rng.integers(0, 255, (120, 160, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for i in range(n_frames):
            frame = background.copy()
            top = 5 + i * 90 // max(n_frames, 1)
            if falls:
                frame[top : top + 20, 70:90] = (255, 200, 150)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """A folder with a good clip, `dive.mp4`, one of nothing at all, `nobody.mp4`, and `three_frames.mp4`."""
    folder = tmp_path_factory.mktemp("clips")
    write_clip(folder / "dive.mp4", 60)
    write_clip(folder / "nobody.mp4", 60, falls=False)
    write_clip(folder / "three_frames.mp4", 3)
    return folder
