"""Which frames of which dives teach the static backbone."""

import numpy as np

from fineparser_core.data.dives import Dive
from fineparser_core.data.records import DiveRecord
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.single_frames import draw_frames
from fineparser_core.training.stage_tools import draws

CONFIG = RecipeConfig(preprocessing="whole", frame_batch=300)
TAKE_OFF = 40


def make_dive() -> Dive:
    record = DiveRecord(key=("A", 1), dive_number="207C", difficulty=3.3, score=70.0, n_frames=96, split="train")
    frames, masks = np.zeros((96, 112, 112, 3), np.uint8), np.zeros((96, 112, 112), np.uint8)
    return Dive(record=record, frames=frames, masks=masks, first_flight_frame=TAKE_OFF, first_entry_frame=75)


def test_frames_around_the_take_off_are_drawn_more_often() -> None:
    dives = [make_dive()]
    drawn = draw_frames(dives, {}, CONFIG, draws(CONFIG, 2, 0))
    assert drawn.images.shape == (300, 9, 112, 112)
    numbers = np.array(drawn.numbers)
    near = (numbers >= TAKE_OFF - 14) & (numbers <= TAKE_OFF + 12)
    assert 0.4 < near.mean() < 0.65  # 0.28 of the frames
    assert numbers.min() < TAKE_OFF - 20
    assert numbers.max() > 80
    assert (drawn.phases == np.searchsorted([TAKE_OFF, 75], numbers, side="right")).float().mean() > 0.95
    again = draw_frames(dives, {}, CONFIG, draws(CONFIG, 2, 0))
    assert list(again.numbers) == list(drawn.numbers)
