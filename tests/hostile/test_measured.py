"""Untrusted results, labels and masks: a good one of each, and what may be wrong in it."""

import copy
import functools
import json
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from damage import holder_of, places
from sandbox import REFUSED, RIGHT

from fineparser_core.checkpoints.bundle import WeightsCard, read_card, save_bundle
from fineparser_core.data.judged_dives import LABELS_FILE, read_dives, read_masks
from fineparser_core.evaluation.calibration import read_scored
from fineparser_core.evaluation.model_card import EVALUATION, write_model_card
from fineparser_core.export.analysis_json import read_masks_npz

METRIC = {"value": 0.71, "low": 0.6, "high": 0.8, "n": 80, "baselines": {"drawn exemplars": 0.5}}
GOOD = {
    "predictions.json": {
        "format": "fineparser.predictions/1",
        "dives": [{"predicted": 61.5, "score": 60.0, "spread": 2.0, "difficulty": 3.2, "id": "A/1"}] * 3,
    },
    LABELS_FILE: {
        "dive.avi": {
            "in": 5,
            "out": 99,
            "first_flight_frame": 20,
            "first_entry_range": [60, 64],
            "first_water_contact_frame": 70,
            "real_fps": 30,
            "dive_number": "107B",
            "board_m": 3,
            "official_score": 60.5,
            "marks": {"award": 7.0},
        }
    },
    EVALUATION: {
        "weights": "w-",
        "arithmetic": "bf16 on cpu",
        "data": {
            "split": "test",
            "what": "rendered dives, 80 dives",
            "n_dives": 80,
            "metrics": {"aiou_75": METRIC, "mask_iou": METRIC, "score_error": METRIC, "rho": None},
        },
        "real_summary": {"awards, Spearman rho of 3": "+0.70"},
    },
}
WRONG = (None, True, -1, 2.5, 1e308, 10**18, "", "x\ud800\x1b", [], {}, [[]], "../../x", "a\0b")


def read(path):
    """Read a file as its name says."""
    if path.name == "predictions.json":
        read_scored(path)
    elif path.name == EVALUATION:
        with tempfile.TemporaryDirectory() as folder:
            card = WeightsCard(name="w", preprocessing="whole", decoding="joint", trained_on="t", synthetic=True)
            save_bundle({"a": torch.ones(2, 2)}, card, Path(folder) / "bundle")
            content = path.read_bytes().replace(b'"w-', f'"{read_card(Path(folder) / "bundle").id}, '.encode(), 1)
            (Path(folder) / EVALUATION).write_bytes(content)
            write_model_card(Path(folder), Path(folder) / "bundle")
    elif path.name == "masks.npz":
        read_masks_npz(path)
    else:
        for dive in read_dives(path.parent):
            if dive.masks is not None:
                read_masks(dive.masks)


def damaged():
    """(case, name, content) of files in JSON; a good one of each kind first."""
    for name, good in GOOD.items():
        yield "good", name, json.dumps(good).encode()
        text = json.dumps(good)
        yield "cut", name, text[: len(text) // 2].encode()
        yield "empty", name, b""
        yield "UTF-16", name, text.encode("utf-16")
        yield "deep", name, b"[" * 100_000
        yield "NaN", name, text.replace("3", "NaN").encode()
        yield "long number", name, text.replace("3", "9" * 5000).encode()
        yield "other type", name, json.dumps([[good]]).encode()
        for place in places(good):
            where = "/".join(map(str, place))
            for wrong in WRONG:
                yield f"{where} = {wrong!r}", name, json.dumps(_with(good, place, wrong)).encode()
            yield f"without {where}", name, json.dumps(_with(good, place, ...)).encode()
    for wrong in ("../x.avi", "/etc/passwd", "", ".", "a\0b", "n" * 300, "a/b.avi"):
        yield f"clip {wrong!r:.30}", LABELS_FILE, json.dumps({wrong: {}}).encode()


@functools.cache
def archives():
    """(case, content) of archives of arrays; what is good for masks of labels is first."""
    return tuple(_archives())


def _archives():
    frames, masks = np.arange(2), np.ones((2, 6, 8), np.uint8)
    yield "good", _npz(frames=_npy(frames), masks=_npy(masks))
    whole = _npz(frames=_npy(frames), masks=_npy(masks))
    yield "cut", whole[: len(whole) // 2]
    yield "empty", b""
    yield "no archive", b"PK\x03\x04" + bytes(100)
    yield "other names", _npz(a=_npy(frames))
    yield "objects", _npz(frames=_npy(np.array([None, 1], object)), masks=_npy(masks))
    yield "texts", _npz(frames=_npy(np.array(["a", "b"])), masks=_npy(masks))
    yield "floats", _npz(frames=_npy(frames + 0.5), masks=_npy(masks))
    yield "too few", _npz(frames=_npy(frames[:1]), masks=_npy(masks))
    yield "flat", _npz(frames=_npy(frames), masks=_npy(masks.ravel()))
    yield "nothing", _npz(frames=_npy(frames), masks=_npy(masks[:, :0]))
    for shape in ("(2, 1000000, 1000000)", "(-2, 6, 8)", "(2, 6, 9)", f"({'9' * 3000},)", "(2, 6", "2"):
        header = _npy(masks).replace(b"(2, 6, 8)", shape.encode())
        yield f"shape {shape[:24]}", _npz(frames=_npy(frames), masks=header)
    yield "bomb", _npz(frames=_npy(frames), masks=_npy(np.zeros((2, 12_000, 12_000), np.uint8)))


def _npy(array):
    stream = BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def _npz(**members):
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def _with(value, place, new):
    changed = copy.deepcopy(value)
    at = holder_of(changed, place)
    if new is ...:
        del at[place[-1]]
    else:
        at[place[-1]] = new
    return changed


@pytest.mark.hostile
@pytest.mark.timeout(900)
def test_damaged_json(sandbox, tmp_path):
    wrong = []
    for case, name, content in damaged():
        path = tmp_path / name
        path.write_bytes(content)
        outcome = sandbox.run("test_measured:read", path)
        wrong += outcome.unless(f"{name}: {case}", RIGHT, *([] if case == "good" else [REFUSED]))
        path.unlink()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["dive_masks.npz", "masks.npz"])
def test_damaged_archives(name, sandbox, tmp_path):
    (tmp_path / "labels.json").write_text('{"dive.avi": {}}', encoding="utf-8")
    wrong = []
    for case, content in archives():
        path = tmp_path / name
        path.write_bytes(content)
        outcome = sandbox.run("test_measured:read", path)
        wrong += outcome.unless(case, RIGHT if (case, name) == ("good", "dive_masks.npz") else REFUSED)
    assert not wrong, "\n".join(wrong)
