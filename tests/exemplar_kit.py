"""Exemplars without a network: random encodings, empty masks."""

from pathlib import Path

import numpy as np

from fineparser_core.exemplars.records import Exemplar, ExemplarEncoding
from fineparser_core.exemplars.store import CLIPS_NAME, ExemplarStore
from fineparser_core.records import MaskTrack

MODEL_ID = "golden-0"


def exemplar(folder: Path, name: str, **changes) -> Exemplar:
    values = {
        "id": name,
        "dive_number": "207C",
        "board_m": 10.0,
        "score": 70.0,
        "clip_path": folder / CLIPS_NAME / f"{name}.mp4",
        "in_frame": 0,
        "out_frame": 95,
        "first_flight_frame": 20,
        "first_entry_frame": 60,
        "synthetic": False,
    }
    return Exemplar(**{**values, **changes})


def mask() -> MaskTrack:
    return MaskTrack(
        sampled_frames=np.arange(96),
        mask_probability=np.zeros((96, 112, 112), np.float16),
        crop_xyxy=np.zeros((96, 4), np.float32),
    )


def encoding(seed: int = 0) -> ExemplarEncoding:
    draw = np.random.default_rng(seed)
    return ExemplarEncoding(
        gated=draw.standard_normal((9, 1024), dtype=np.float32),
        static_tokens=draw.standard_normal((3, 4, 64), dtype=np.float32),
        transition_samples=(20, 60),
    )


def add(store: ExemplarStore, name: str, **changes) -> Exemplar:
    made = exemplar(store.folder, name, **changes)
    store.add(made, mask(), {MODEL_ID: encoding()})
    return made
