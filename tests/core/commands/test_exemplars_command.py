from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.commands import exemplars
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.progress import CancelToken, ignore_progress

SETTINGS = {"weights": "w", "each": 1, "seed": 407}


def small_draws(count):
    draws = list(exemplars._draws(1, 407))[:count]
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


@pytest.mark.slow
def test_encodings_are_made_once(tmp_path, monkeypatch):
    exemplars._begin(tmp_path, SETTINGS)
    draws = [(name, replace(spec, height_px=240), seed) for name, spec, seed in small_draws(1)]
    exemplars.build_library(tmp_path, draws, ignore_progress, CancelToken())
    exemplars.encode_library(tmp_path, None, ignore_progress, CancelToken())
    with ExemplarStore.open(tmp_path / "library.sqlite") as library:
        (found,) = library.exemplars()
        with library.files[0].reading() as db:
            (model_id,) = db.execute("SELECT model_id FROM encoding").fetchone()
        first = library.encoding(found.id, model_id)
    monkeypatch.setattr(exemplars.Analyzer, "parse", None)
    exemplars.encode_library(tmp_path, None, ignore_progress, CancelToken())
    with ExemplarStore.open(tmp_path / "library.sqlite") as library:
        again = library.encoding(found.id, model_id)
        np.testing.assert_array_equal(first.gated, again.gated)
    assert (tmp_path / "library.sqlite").stat().st_size < 100_000
