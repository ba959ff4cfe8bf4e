"""Evaluation of a network on dives: each is read and encoded once, then compared with exemplars from training."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.data.exemplars import draw_exemplars
from fineparser_core.data.records import DatasetDive, DiveRecord, DiveSet, Key
from fineparser_core.data.transforms import plain_view, view_frames, view_masks
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.protocol import Protocol
from fineparser_core.evaluation.results import DiveResult, ResultCache, dive_result, mask_results
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.samples import coarse_pass, crop_frames, follow_masks, squares_around_body
from fineparser_core.models.aqa_model import AQAModel, EncodedVideo, VideoEncoding, normalize
from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.video.athlete_crop import crop_mask
from fineparser_core.video.preprocess import WHOLE

_ALL = np.arange(N_SAMPLES)
_ATHLETE = 128
#: Exemplars that are encoded at once.
_AT_ONCE = 2


class EvalInput(NamedTuple):
    """The 96 samples of a dive at the input size of a network.

    Attributes:
        frames: (96, 112, 112, 3) uint8 RGB.
        truth: (96, 112, 112) bool, true on the athlete; None where the data set has no masks.
        missed: (96,) bool, true where the athlete is in the source frame but outside the input; None likewise.
    """

    frames: np.ndarray
    truth: np.ndarray | None
    missed: np.ndarray | None


InputSource = Callable[[DatasetDive], EvalInput]


def stored_inputs(preprocessing: str) -> InputSource:
    """Return inputs from the frame cache. In an athlete crop these are cut around the true masks."""

    def read(dive: DatasetDive) -> EvalInput:
        view = plain_view(dive, preprocessing)
        truth = None if dive.masks is None else view_masks(dive, view, _ALL) >= _ATHLETE
        return EvalInput(view_frames(dive, view, _ALL), truth, None if truth is None else np.zeros(N_SAMPLES, bool))

    return read


def athlete_crop_inputs(data: DiveSet, encoder: ClipEncoder) -> InputSource:
    """Return inputs cut from the source images around the masks of the encoder's coarse pass, as in inference."""

    def read(dive: DatasetDive) -> EvalInput:
        chosen = plain_view(dive, WHOLE.name).sampled.tolist()
        images = list(data.frames(dive.record, chosen))
        squares = follow_masks(coarse_pass(images, encoder)[1], images[0])
        squares = squares_around_body(images, squares, encoder)
        ((frames, crops),) = crop_frames(images, squares, (MASK_SIZE, 1.0))
        whole = list(data.masks(dive.record, chosen))
        if not whole:
            return EvalInput(frames, None, None)
        places = [(int(x0), int(y0), int(x1), int(y1)) for x0, y0, x1, y1 in crops]
        shares = np.stack([crop_mask(mask, place, MASK_SIZE) for mask, place in zip(whole, places, strict=True)])
        # A sliver inside the crop that fills less than half of a pixel leaves the truth empty, but is not missed.
        missed = np.array([mask.any() for mask in whole]) & ~shares.any(axis=(1, 2))
        return EvalInput(frames, shares > 0.5, missed)

    return read


class Evaluator:
    """Evaluates a network on dives; exemplars come from a pool of training dives and are encoded once each.

    Args:
        model: on its device; put into evaluation mode.
        pool: training dives that may be drawn as exemplars.
        exemplars: those of them that are drawn for the dives to measure, or all.
        inputs: gives the network input of a dive; by default what the frame cache stores.
        stretch: whether to measure stretched masks, too.
    """

    def __init__(
        self,
        model: AQAModel,
        pool: Sequence[DiveRecord],
        exemplars: Sequence[DatasetDive],
        protocol: Protocol,
        *,
        inputs: InputSource | None = None,
        stretch: bool = True,
    ) -> None:
        self._model = model.eval()
        self._device = next(model.parameters()).device
        self._protocol, self._stretch = protocol, stretch
        self._inputs = inputs or stored_inputs(protocol.preprocessing)
        self._exemplars = {dive.record.key: dive for dive in exemplars}
        self._records = list(pool)
        self._encodings: dict[Key, VideoEncoding] = {}
        self._mask_baselines: defaultdict[Key, dict[str, float]] = defaultdict(dict)

    def run(
        self,
        dives: Sequence[DatasetDive],
        *,
        result_cache: ResultCache | None = None,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> list[DiveResult]:
        """Return the results of dives by the present weights, in order.

        Args:
            result_cache: stores results as they come; dives whose results are in it are not measured again.

        Raises:
            ConfigError: there is no dive to measure.
            ExportError: a result cannot be stored.
            Cancelled: once the token is set.
        """
        if not dives:
            raise ConfigError("There is no dive to measure: choose another split, or check the data set.")
        self._model.eval()
        self._encodings.clear()  # of earlier weights
        if result_cache is None:
            result_cache = ResultCache(None, self._protocol, {})
        results = []
        for done, dive in enumerate(dives, start=1):
            if cancel is not None:
                cancel.raise_if_cancelled()
            result = result_cache.get(dive.record.id)
            if result is None:
                result = self._measure(dive)
                result_cache.add(result)
            results.append(result)
            progress(Progress("evaluate", done, len(dives)))
        return results

    def encode(self, dive: DatasetDive) -> tuple[EvalInput, EncodedVideo]:
        """Return the network input of a dive, and the encoding with everything predicted along with it."""
        given = self._inputs(dive)
        return given, self._encoded([given], [dive.seconds])

    @torch.inference_mode()
    def _encoded(self, inputs: Sequence[EvalInput], seconds: Sequence[float], **options: bool) -> EncodedVideo:
        frames = normalize(torch.from_numpy(np.concatenate([each.frames for each in inputs])).to(self._device))
        video = frames.unflatten(0, (len(inputs), -1)).transpose(1, 2)
        lengths = cycle(seconds)

        def decode(probabilities: np.ndarray) -> tuple[int, int]:
            return DECODERS[self._protocol.decoding](probabilities, seconds=next(lengths))

        return self._model.encode(video, decode, **options)

    def _facts(self, dive: DatasetDive) -> VideoEncoding:
        facts = torch.tensor([dive.record.difficulty, dive.score], device=self._device, dtype=torch.float32)
        return {"difficulty": facts[:1], "score": facts[1:]}

    def _encode_exemplars(self, keys: Sequence[Key]) -> None:
        """Encode those that are new, some at a time and without masks."""
        new = [self._exemplars[key] for key in keys if key not in self._encodings]
        options = {"masks": False} if isinstance(self._model, FineParser) else {}
        for dives in (new[i : i + _AT_ONCE] for i in range(0, len(new), _AT_ONCE)):
            inputs = [self._inputs(dive) for dive in dives]
            encoding = self._encoded(inputs, [dive.seconds for dive in dives], **options).encoding
            for row, dive in enumerate(dives):
                own = {name: values[row : row + 1] for name, values in encoding.items()}
                self._encodings[dive.record.key] = own | self._facts(dive)

    @torch.inference_mode()
    def _votes(
        self, dive: DatasetDive, observed: EncodedVideo, chosen: Sequence[Key]
    ) -> tuple[Tensor | None, Tensor | None]:
        """Return votes (E,) and the contributions (E, 3) they are made of, each None where there are none."""
        query = observed.encoding | self._facts(dive)
        del query["score"]  # what is to be predicted
        if not self._model.contrastive:
            return self._model.predict_scores(query, {}), None
        if not chosen:
            return None, None
        self._encode_exemplars(chosen)
        each = [self._encodings[key] for key in chosen]
        exemplars = {name: torch.cat([one[name] for one in each]) for name in each[0]}
        if not isinstance(self._model, FineParser):
            return self._model.predict_scores(query, exemplars), None
        relative = self._model.relative_to(query, exemplars)
        return relative.delta + exemplars["score"], relative.dynamic + relative.static

    def _measure(self, dive: DatasetDive) -> DiveResult:
        record, protocol = dive.record, self._protocol
        given, observed = self.encode(dive)
        chosen = (
            draw_exemplars(record, self._records, protocol.pairing, protocol.exemplars, protocol.seed)
            if self._model.contrastive
            else []
        )
        votes, contributions = self._votes(dive, observed, [exemplar.key for exemplar in chosen])
        true = plain_view(dive).transitions(dive) if dive.first_flight_frame is not None else None
        found = observed.transitions[0] if observed.transitions is not None and true is not None else None
        masks = None
        if observed.mask_probability is not None and given.truth is not None:
            found_masks = observed.mask_probability[0].float().cpu().numpy()
            baselines = self._mask_baselines[record.key]
            masks = mask_results(found_masks, given.truth, given.missed, baselines, stretch=self._stretch)
        return dive_result(
            record,
            self._records,
            predicted=None if votes is None else float(votes.mean()),
            # A single number has no spread; draws have one as votes of exemplars do.
            spread=None if votes is None or not (chosen or len(votes) > 1) else float(votes.std(correction=0)),
            n_exemplars=len(chosen),
            exemplar_mean=float(np.mean([exemplar.score for exemplar in chosen])) if chosen else None,
            transitions=found,
            true_transitions=true,
            masks=masks,
            exemplars=tuple(exemplar.id for exemplar in chosen),
            contributions=None if contributions is None else _triples(contributions),
        )


def _triples(points: Tensor) -> tuple[tuple[float, float, float], ...]:
    return tuple((first, second, third) for first, second, third in points.cpu().tolist())
