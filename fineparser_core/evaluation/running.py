"""Sets up an evaluation: decoded dives, the pool of exemplars and the evaluator of a network."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import Dive
from fineparser_core.data.frame_cache import FrameCache, default_cache, load_dives
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.eval_inputs import athlete_crop_inputs, stored_inputs
from fineparser_core.evaluation.evaluate import Evaluator, median_transitions
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.inference.device import PRECISIONS
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.fineparser import FineParser
from fineparser_core.progress import CancelToken, ProgressCallback
from fineparser_core.video.preprocess import WHOLE, Follow, get_preprocessing


class Evaluation(NamedTuple):
    """Dives to evaluate, and their evaluator.

    Attributes:
        median_transitions: medians of the pool, the naive baseline of transitions; None without labels.
        stored_as: the preprocessing in which `dives` hold their frames.
    """

    evaluator: Evaluator
    dives: list[Dive]
    median_transitions: tuple[float, float] | None
    stored_as: str


def prepare(
    model: AQAModel,
    data: DiveSet,
    records: Sequence[DiveRecord],
    pool: Sequence[DiveRecord],
    protocol: Protocol,
    *,
    cache: Path | None,
    progress: ProgressCallback,
    cancel: CancelToken,
) -> Evaluation:
    """Reads dives and their pool of exemplars; every dive passes the same preprocessing as in inference.

    Args:
        model: on its device, with its precision.
        records: dives to measure.
        pool: training dives.
        cache: folder for decoded frames; None takes the data set's own.

    Raises:
        ConfigError: the preprocessing crops around the athlete, but the network has no masks.
        AnnotationError, ExportError: see `load_dives`.
        Cancelled: once the token is set.
    """
    preprocessing = protocol.preprocessing
    inputs = stored_inputs(preprocessing)
    if isinstance(get_preprocessing(preprocessing), Follow):
        if not isinstance(model, FineParser) or not model.has_masks:
            raise ConfigError(f"Preprocessing '{preprocessing}' needs a network that finds the athlete: use 'whole'.")
        precision = next(name for name, dtype in PRECISIONS.items() if dtype == model.precision)
        inputs = athlete_crop_inputs(data, ClipEncoder(model, next(model.parameters()).device, precision=precision))
        preprocessing = WHOLE.name
    frames = FrameCache(cache or default_cache(data), data, preprocessing)
    dives = load_dives(data, records, frames, cancel, progress=progress)
    # A method without exemplars needs the pool as well, for the naive baselines.
    others = load_dives(data, pool, frames, cancel, progress=progress)
    evaluator = Evaluator(model, others, protocol, inputs=inputs)
    return Evaluation(evaluator, dives, median_transitions(others), preprocessing)
