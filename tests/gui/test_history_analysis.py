"""What the history keeps of an analysis comes back, with masks where the cache has them; not where it is damaged."""

import numpy as np
import pytest
from made_answers import dive_parse, scoring

from fineparser_core.export.analysis_json import measures_of
from fineparser_core.records import Analysis
from fineparser_gui.store.records import packed, unpacked
from fineparser_gui.worker.analysis_cache import AnalysisCache
from fineparser_gui.worker.records import parse_record


@pytest.fixture
def analysis(tmp_path):
    return Analysis(parse=dive_parse(tmp_path / "before.mp4", 120), scoring=scoring())


def test_an_analysis_comes_back_small(analysis, tmp_path):
    content = packed(analysis)
    assert len(content) < 4000
    found = unpacked(content, tmp_path / "now.mp4", None, "")
    assert found.scoring == analysis.scoring
    assert found.measures == measures_of(analysis)
    assert found.parse.steps == analysis.parse.steps
    assert found.parse.clip.path == tmp_path / "now.mp4"
    assert not len(found.parse.mask_probability)


def test_masks_come_from_the_cache_and_do_without_it(analysis, tmp_path):
    cache = AnalysisCache(tmp_path / "cache")
    cache.put("p", *parse_record(analysis.parse, None))
    found = unpacked(packed(analysis), tmp_path / "now.mp4", cache, "p")
    assert np.array_equal(np.asarray(found.parse.mask_probability), analysis.parse.mask_probability)
    assert np.array_equal(found.parse.sampled_frames, analysis.parse.sampled_frames)
    cache.put("p", {"analysis": {}})
    assert not len(unpacked(packed(analysis), tmp_path / "now.mp4", cache, "p").parse.mask_probability)


@pytest.mark.parametrize("content", [b"", b"junk", b"x\x9c", packed.__doc__.encode()])
def test_a_damaged_one_is_none(content, tmp_path):
    assert unpacked(content, tmp_path / "now.mp4", None, "") is None
