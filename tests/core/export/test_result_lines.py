import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_analysis import made_motion

from fineparser_core.errors import ExportError
from fineparser_core.export.results import AskedClip, ClipResult, add_line, read_results, result_to_line
from fineparser_core.export.tables import ExportedDive, write_csv
from fineparser_core.records import Measure


@pytest.fixture
def result(small_video, make_analysis):
    analysis = make_analysis(small_video, 1)
    measure = Measure(name="flight_time", value=1.5, unit="s", uncertainty=0.05, frame=65, step="take-off")
    return ClipResult(
        asked=AskedClip(path=Path("clips/dive 1.mp4"), dive_number="207C", board_m=10.0, start_frame=1, end_frame=119),
        key="0123",
        content="4567",
        analysis=replace(analysis, parse=replace(analysis.parse, motion=made_motion()), measures=(measure,)),
        others=((200, 300),),
        quantities=({"flight_time": (1.4, 0.05)}, {"flight_time": (1.6, 0.05)}),
    )


def test_what_was_found_comes_back_but_for_what_it_has_for_each_sample(result, tmp_path):
    path = tmp_path / "results.jsonl"
    add_line(path, result_to_line(result))
    add_line(path, result_to_line(replace(result, analysis=None, error="It is damaged.")))
    back, failed = read_results(path)
    for name in ("asked", "key", "content", "quantities", "others"):
        assert getattr(back, name) == getattr(result, name)
    assert (failed.analysis, failed.error) == (None, "It is damaged.")
    found, was = back.analysis, result.analysis
    assert (found.scoring, found.measures, found.own_award) == (was.scoring, was.measures, was.own_award)
    for name in ("clip", "transitions", "moments", "model", "evidence", "refusal", "notes"):
        assert getattr(found.parse, name) == getattr(was.parse, name)
    assert found.parse.motion.slowed == 2.9
    assert found.parse.sampled_times_s.tolist() == was.parse.sampled_times_s[[0, -1]].tolist()
    assert found.parse.mask_probability.shape == (0, 112, 112)
    tables = []
    for analysis in (found, was):
        write_csv([ExportedDive(path=result.asked.path, analysis=analysis)], tmp_path / "table.csv")
        tables.append((tmp_path / "table.csv").read_text(encoding="utf-8"))
    assert tables[0] == tables[1]


def test_a_last_line_that_is_not_whole_is_not_there(result, tmp_path):
    path, line = tmp_path / "results.jsonl", result_to_line(result)
    for cut in (0, 1, len(line) // 2, len(line) - 1):
        path.write_bytes(line + line[:cut])
        assert len(read_results(path)) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: b"\n",
        lambda line: b"[]\n",
        lambda line: line[: len(line) // 2] + b"\n",
        lambda line: line.replace(b"fineparser.results/1", b"fineparser.results/9"),
        lambda line: line.replace(b'"score": ', b'"score": "high", "no": ', 1),
        lambda line: json.dumps(json.loads(line) | {"path": 7}).encode() + b"\n",
        lambda line: json.dumps(json.loads(line) | {"analysis": [1]}).encode() + b"\n",
        lambda line: json.dumps(json.loads(line) | {"quantities": [{"flight_time": [1]}]}).encode() + b"\n",
        lambda line: b'"' + b"a" * 2_000_001 + b'"\n',
    ],
)
def test_a_line_that_is_no_result_is_named(result, tmp_path, damage):
    path, line = tmp_path / "results.jsonl", result_to_line(result)
    path.write_bytes(line + damage(line) + line)
    with pytest.raises(ExportError, match=r"Line 2 of .*results\.jsonl is no result"):
        read_results(path)
    with pytest.raises(ExportError, match="cannot be read"):
        read_results(tmp_path)
