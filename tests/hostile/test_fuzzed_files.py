"""Valid small files of every kind that is read from strangers, with seeded damage: read, or refused in one sentence."""

import hashlib
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numbered_video import write_video
from odd_videos import AVI_BASE
from sandbox import REFUSED, RIGHT, Sandbox, Tally
from test_bundles import small_bundle
from test_pickles import DIVE, KEYS
from test_videos import read_video

from fineparser_core.checkpoints.bundle import CARD_NAME, read_card
from fineparser_core.data.finediving import AQA_FILE, SPLIT_FILES
from fineparser_core.evaluation.calibration import read_scored
from fineparser_core.evaluation.protocol import POOL_FILE, read_pool
from fineparser_core.evaluation.real_clips import read_labels
from fineparser_core.export.analysis_json import read_masks_npz

ROUNDS = 500
FIXED_ROUNDS = 60
_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF)
_WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\xff" * 8)
_JSON = (b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"NaN", b"true", b'"\\ud800"', b"[" * 50, b"9" * 400)

torch.set_num_threads(1)


def read_fuzzed(path: Path) -> Any:
    """What the reader of a file's kind makes of it, in short."""
    return READERS[path.name](path)


def _bundle(path: Path) -> int:
    from test_bundles import read_bundle

    return int(read_bundle(path.parent)[0])


def _shard(path: Path) -> int:
    """The bundle of a shard whose checksum its card is told."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = path.with_name(CARD_NAME)
    card.write_text(json.dumps(json.loads(card.read_text()) | {"shards": {path.name: digest}}))
    return _bundle(path)


def _annotations(path: Path) -> int:
    from test_pickles import read_annotations

    return read_annotations(path)


READERS: dict[str, Callable[[Path], Any]] = {
    "a.mp4": lambda path: read_video(path)["n_frames"],
    "a.mkv": lambda path: read_video(path)["n_frames"],
    "a.avi": lambda path: read_video(path)["n_frames"],
    "a.webm": lambda path: read_video(path)["n_frames"],
    CARD_NAME: lambda path: read_card(path.parent).id,
    "weights.safetensors": _shard,
    AQA_FILE: _annotations,
    "labels.json": lambda path: len(read_labels(path.parent)),
    "predictions.json": lambda path: len(read_scored(path).error),
    POOL_FILE: lambda path: len(read_pool(path.parent) or ()),
    "masks.npz": lambda path: list(read_masks_npz(path).probability.shape),
}


def write_valid(folder: Path) -> None:
    """A good file of each kind, and what it needs beside it."""
    write_video(folder / "a.mp4", 24, encoder={"g": "8"}, container={"movflags": "faststart"})
    write_video(folder / "a.mkv", 24, encoder={"g": "8", "bf": "2"})
    write_video(folder / "a.avi", 24, codec="mpeg4", encoder={"g": "8"}, **AVI_BASE)
    write_video(folder / "a.webm", 24, codec="libvpx", encoder={"g": "8"})
    small_bundle(folder)
    (folder / AQA_FILE).write_bytes(pickle.dumps(dict.fromkeys(KEYS, DIVE), protocol=4))
    for name, file in SPLIT_FILES.items():
        (folder / file).write_bytes(pickle.dumps([KEYS[name == "test"]]))
    labels = {"a.mp4": {"in": 0, "out": 20, "first_flight_frame": 5, "first_entry_frame": 12}}
    (folder / "labels.json").write_text(json.dumps(labels))
    rows = [{"predicted": 60.5, "score": 61.0, "spread": 2.5, "difficulty": 3.2}] * 3
    (folder / "predictions.json").write_text(json.dumps(rows))
    (folder / POOL_FILE).write_text(json.dumps({"A_10m": [1, 2], "B_3m": [3]}))
    np.savez_compressed(
        folder / "masks.npz",
        frame=np.arange(96),
        probability=np.zeros((96, 112, 112), np.float16),
        crop_xyxy=np.zeros((96, 4), np.float32),
    )


def damaged(data: bytes, generator: np.random.Generator, *, text: bool) -> bytes:
    """A change or two: bytes, numbers, parts left out, repeated or moved, an early end."""
    changed = bytearray(data)
    for _ in range(generator.integers(1, 3)):
        # Headers, where most of the meaning is, are hit as often as all the rest.
        reach = min(len(changed), 1000) if generator.random() < 0.5 else len(changed)
        at = int(generator.integers(0, max(reach, 1)))
        length = int(generator.integers(1, 40))
        match int(generator.integers(0, 8)):
            case 0:
                changed[at : at + 1] = bytes([int(generator.integers(256))])
            case 1:
                changed[at : at + 1] = bytes([int(generator.choice(_NUMBERS))])
            case 2:
                word = _WORDS[int(generator.integers(len(_WORDS)))]
                changed[at : at + len(word)] = word
            case 3:
                del changed[at : at + length]
            case 4:
                changed[at:at] = changed[at : at + length] * int(generator.integers(1, 20))
            case 5:
                other = int(generator.integers(0, max(len(changed), 1)))
                changed[at : at + length] = changed[other : other + length]
            case 6:
                del changed[max(at, 8) :]
            case 7:
                word = _JSON[int(generator.integers(len(_JSON)))]
                if text:
                    changed[at : at + length // 4] = word
                else:
                    changed[at : at + length] = bytes(length)
    return bytes(changed)


def run_rounds(rounds: range, sandbox: Sandbox, tally: Tally, root: Path) -> list[str]:
    valid = root / "valid"
    valid.mkdir()
    write_valid(valid)
    names, wrong = list(READERS), []
    for number in rounds:
        name = names[number % len(names)]
        folder = root / "case"
        shutil.copytree(valid, folder)
        generator = np.random.default_rng(number)
        text = name.endswith(".json")
        (folder / name).write_bytes(damaged((valid / name).read_bytes(), generator, text=text))
        outcome = tally.add("fuzzed files", name, sandbox.run("test_fuzzed_files:read_fuzzed", folder / name))
        if outcome.kind not in (RIGHT, REFUSED):
            wrong.append(f"{number} {name}: {outcome.kind}: {outcome.detail}")
        shutil.rmtree(folder)
    return wrong


def test_good_files_are_read(sandbox, tally, tmp_path):
    write_valid(tmp_path)
    for name in READERS:
        assert (
            tally.add("good files", name, sandbox.run("test_fuzzed_files:read_fuzzed", tmp_path / name)).kind == RIGHT
        )


def test_some_fuzzed_files(sandbox, tally, tmp_path):
    assert not run_rounds(range(FIXED_ROUNDS), sandbox, tally, tmp_path)


@pytest.mark.hostile
@pytest.mark.timeout(1800)
def test_five_hundred_fuzzed_files(sandbox, tally, tmp_path):
    wrong = run_rounds(range(ROUNDS), sandbox, tally, tmp_path)
    assert not wrong, "\n".join(wrong)
