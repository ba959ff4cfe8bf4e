"""Dives and records made by hand."""

import numpy as np
import pytest

from fineparser_core.data.records import DatasetDive, DiveRecord


@pytest.fixture
def make_record():
    def make(event="A", index=1, **values):
        known = {"dive_number": "407C", "difficulty": 3.2, "score": 70.0, "n_frames": 60, "split": "train"}
        return DiveRecord(key=(event, index), **(known | values))

    return make


@pytest.fixture
def dive(make_record):
    """60 squeezed frames of 200 rows whose red channel is the mask, with the flight at 15 and the entry at 40."""
    images = np.random.default_rng(0).integers(0, 256, (60, 200, 112, 3), dtype=np.uint8)
    return DatasetDive(
        record=make_record(first_flight_frame=15, first_entry_frame=40),
        frames=images,
        masks=images[..., 0].copy(),
        first_flight_frame=15,
        first_entry_frame=40,
    )
