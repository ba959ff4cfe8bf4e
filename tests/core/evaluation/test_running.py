import shutil
from dataclasses import replace

import numpy as np
import pytest
from stand_in import StandIn

from fineparser_core.data.dataset import load_dataset
from fineparser_core.evaluation import results
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.results import ResultCache
from fineparser_core.evaluation.running import first_usable, prepare
from fineparser_core.progress import CancelToken, ignore_progress


@pytest.fixture(scope="module")
def data(rendered_root):
    return load_dataset(rendered_root)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def prepared(data, cache):
    def of(model, preprocessing, decoding="joint"):
        protocol = Protocol(preprocessing=preprocessing, decoding=decoding, exemplars=5)
        return prepare(
            model, data, data.split("test"), data.split("train"), protocol,
            cache=cache, progress=ignore_progress, cancel=CancelToken(),
        )  # fmt: skip

    return of


def measured(evaluation):
    (result,) = evaluation.evaluator.run(evaluation.dives)
    return result


@pytest.mark.parametrize("preprocessing", ["release", "whole", "follow"])
def test_dives_are_measured_in_every_preprocessing(prepared, preprocessing):
    network = StandIn()
    evaluation = prepared(network, preprocessing)
    result = measured(evaluation)
    assert result.transitions == (28, 62)
    assert result.n_exemplars == 2
    assert result.contributions == ((0.5, 0.5, 0.5),) * 2
    assert result.predicted == pytest.approx(result.exemplar_mean + 1.5)
    if preprocessing != "release":  # whose rows the athlete may leave
        assert result.masks["iou"] > 0.7
        assert result.masks["iou"] > 2 * result.masks["disc iou"]
    assert evaluation.median_transitions is not None
    # Masks are computed of the dive alone; where the crop follows the athlete, a coarse pass goes before each.
    assert network.windows == (36 if preprocessing == "follow" else 9)


def test_every_run_of_an_evaluator_is_by_the_present_weights_and_measures_baselines_once(prepared, monkeypatch):
    class Weighed(StandIn):
        def relative_to(self, query, exemplars):
            return super().relative_to(query, exemplars)._replace(static=self.weight + exemplars["gated"][:, 0, :3])

        def encode(self, video, decode, **options):
            asked.append((len(video), options.get("masks", True)))
            found = super().encode(video, decode, **options)
            return replace(found, encoding=found.encoding | {"gated": found.encoding["gated"] * 0 + self.weight})

    discs, asked = [], []
    monkeypatch.setattr(results, "center_disc", lambda *shape: discs.append(shape) or np.zeros(shape))
    network = Weighed()
    evaluation = prepared(network, "whole")
    first = measured(evaluation)
    network.train()
    network.weight.data.fill_(2.0)
    second = measured(evaluation)
    assert second.predicted - first.predicted == pytest.approx(3 * (2 + 2))  # of three phases, weight and encodings
    assert second.masks == first.masks
    assert len(discs) == 1
    assert asked == [(1, True), (2, False)] * 2  # both exemplars at once, without masks


def test_a_dive_whose_result_is_kept_is_not_measured_again(prepared, tmp_path):
    protocol = Protocol(preprocessing="follow", decoding="joint", exemplars=5)
    evaluation = prepared(StandIn(), "follow")
    (first,) = evaluation.evaluator.run(evaluation.dives, result_cache=ResultCache(tmp_path, protocol, {}))
    network = StandIn()
    evaluation = prepared(network, "follow")
    (again,) = evaluation.evaluator.run(evaluation.dives, result_cache=ResultCache(tmp_path, protocol, {}))
    assert again == first
    assert network.windows == 0


def test_only_the_dives_that_count_and_their_exemplars_are_decoded(finediving_root, tmp_path):
    data = load_dataset(finediving_root)
    train, test = data.split("train"), data.split("test")
    shutil.rmtree(data.frame_folder(test[0]))
    damaged = data.frame_paths(train[2])[3]
    damaged.write_bytes(damaged.read_bytes()[:50])
    protocol = Protocol(preprocessing="whole", decoding="joint", exemplars=1, seed=2)

    def of(pool):
        return prepare(
            StandIn(), data, first_usable(data, test, 1, "whole", tmp_path), pool, protocol,
            cache=tmp_path, progress=ignore_progress, cancel=CancelToken(),
        )  # fmt: skip

    evaluation = of(train)
    assert [dive.record for dive in evaluation.dives] == [test[1]]
    (result,) = evaluation.evaluator.run(evaluation.dives)
    cached = {path.name.partition("-whole")[0] for path in tmp_path.glob("*.npy")}
    assert cached == {"B_3m-2", result.exemplars[0].replace("/", "-")}
    # A damaged dive that would be drawn is left out of the pool, not of the vote.
    assert of([train[2]]).pool == []
