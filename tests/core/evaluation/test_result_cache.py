from dataclasses import replace

import pytest
from made_results import dive

from fineparser_core.data.records import DiveRecord
from fineparser_core.evaluation.protocol import Protocol, protocol_record
from fineparser_core.evaluation.results import ResultCache

PROTOCOL = Protocol(preprocessing="follow", decoding="flight")
FACTS = {"weights": "fineparser-1", "labels": "abc"}


def test_what_was_measured_is_found_again_as_it_was(tmp_path):
    whole = dive(1, exemplars=("Event/7",), contributions=((0.5, -1.25, 0.1),))
    bare = replace(
        dive(2), predicted=None, spread=None, transitions=None, true_transitions=None, interval_iou=None,
        step_ious=None, masks=None, exemplars=(), contributions=None,
    )  # fmt: skip
    first = ResultCache(tmp_path, PROTOCOL, FACTS)
    first.add(whole)
    first.add(bare)
    again = ResultCache(tmp_path, PROTOCOL, FACTS)
    assert len(again) == 2
    assert again.get(whole.id) == whole
    assert again.get(bare.id) == bare
    assert again.get("nobody/3") is None


def test_a_line_that_was_cut_off_is_measured_again(tmp_path):
    cache = ResultCache(tmp_path, PROTOCOL, FACTS)
    cache.add(dive(1))
    cache.add(dive(2))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    again = ResultCache(tmp_path, PROTOCOL, FACTS)
    assert again.get(dive(1).id) is not None
    assert again.get(dive(2).id) is None
    again.add(dive(2))
    assert len(ResultCache(tmp_path, PROTOCOL, FACTS)) == 2


@pytest.mark.parametrize(
    ("protocol", "facts"),
    [
        (replace(PROTOCOL, exemplars=9), FACTS),
        (replace(PROTOCOL, seed=1), FACTS),
        (PROTOCOL, FACTS | {"weights": "fineparser-2"}),
        (PROTOCOL, FACTS | {"labels": "abd"}),
    ],
)
def test_results_of_another_measurement_make_way(tmp_path, protocol, facts):
    ResultCache(tmp_path, PROTOCOL, FACTS).add(dive(1))
    assert len(ResultCache(tmp_path, protocol, facts)) == 0
    assert len(ResultCache(tmp_path, PROTOCOL, FACTS)) == 0


RECORDS = [
    DiveRecord(key=("event", index), dive_number="107B", difficulty=3.0, score=60.0, n_frames=100) for index in range(3)
]
DRAWN = {"event/0": ("a/1", "a/2"), "event/1": ("a/3",)}


def record(records=RECORDS, drawn=DRAWN, protocol=PROTOCOL, **facts):
    return protocol_record(
        records, drawn, protocol, **{"split": "test", "split_by": "data", "labels": "1234", "seed": 0} | facts
    )


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (record(), []),
        (record(RECORDS[::-1]), []),
        (record(RECORDS[:2]), ["split_digest"]),
        (record(labels="other"), ["labels"]),
        (record(split_by="event"), ["split_by"]),
        (record(drawn=DRAWN | {"event/1": ("a/4",)}), ["exemplar_digest"]),
        (record(protocol=replace(PROTOCOL, pairing="random", exemplars=5)), ["pairing", "exemplars"]),
        (record(drawn=None), []),  # of a method without exemplars nothing is known
        (record(seed=7, left_out=2), []),
        (replace(record(), version=1), ["version"]),
    ],
)
def test_what_has_to_be_equal(other, names):
    assert record().differences(other) == names
