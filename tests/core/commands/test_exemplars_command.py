from dataclasses import replace

import pytest

from fineparser_core.commands import exemplars
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.progress import CancelToken, ignore_progress

SETTINGS = {"weights": "w", "each": 1, "seed": 407}


def small_draws(count):
    draws = list(exemplars.draws(1, 407))[:count]
    return [(name, replace(spec, height_px=96), seed) for name, spec, seed in draws]


def test_dives_that_are_finished_are_not_rendered_again(tmp_path):
    folder = tmp_path / "new.part"
    exemplars._begin(folder, SETTINGS)
    cancel = CancelToken()

    def stop_after_one(progress):
        cancel.cancel()

    with pytest.raises(Cancelled):
        exemplars.build_library(folder, small_draws(2), stop_after_one, cancel)
    (first,) = folder.glob("*.mp4")
    first.write_bytes(b"kept")
    exemplars._begin(folder, SETTINGS)
    exemplars.build_library(folder, small_draws(2), ignore_progress, CancelToken())
    assert first.read_bytes() == b"kept"
    assert len(list(folder.glob("*.mp4"))) == 2
    with pytest.raises(ConfigError, match=r"new\.part holds dives of .*'each': 1.*delete it"):
        exemplars._begin(folder, {**SETTINGS, "each": 2})
