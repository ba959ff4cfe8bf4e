"""The whole main job: a clip to steps, masks, and a score against exemplars. Loads torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from fineparser_core.checkpoints.bundle import load_network
from fineparser_core.diving.difficulty import Difficulty
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.errors import ConfigError, ExemplarError, VideoError
from fineparser_core.inference.clips import make_clip
from fineparser_core.inference.device import choose_device, choose_precision
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.library import Exemplar, ExemplarEncoding, Library
from fineparser_core.inference.rescore import gather_votes
from fineparser_core.models.fineparser import FineParser
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.resources import resource
from fineparser_core.types import (
    STEP_NAMES,
    Analysis,
    Clip,
    Contribution,
    DiveParse,
    Encoding,
    ExemplarVote,
    ModelIdentity,
    Scoring,
    Transitions,
)
from fineparser_core.video.preprocess import get_preprocessing
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.sampling import sample_frames


def bundled_weights() -> Path:
    """The folder of the weights that come with the program."""
    return resource("weights", "fineparser")


def read_samples(
    clip: Clip,
    preprocessing: str,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Reads the 96 samples of a clip as the network sees them.

    Returns:
        frames (96, 112, 112, 3) uint8, source frames (96,) int64, times (96,) float64 in seconds from the start of
        the file, and crops (96, 4) float32 in source pixels.

    Raises:
        VideoError: where the file cannot be read.
        Cancelled: once the token is set.
    """
    shape = get_preprocessing(preprocessing)
    with VideoReader(clip.path) as reader:
        sampled = sample_frames(reader.info, clip.in_frame, clip.out_frame)
        needed = np.unique(sampled)
        small = {}
        for done, (index, frame) in enumerate(reader.frames(needed.tolist()), start=1):
            small[index] = shape.apply(frame)
            progress(Progress("read", done, len(needed)))
            if cancel is not None:
                cancel.raise_if_cancelled()
        crop = shape.crop_xyxy(reader.info.width_px, reader.info.height_px)
        times = reader.info.pts_s[sampled]
    frames = np.stack([small[i] for i in sampled.tolist()])
    return frames, sampled, times, np.tile(np.asarray(crop, np.float32), (len(sampled), 1))


def choose_exemplars(
    candidates: Sequence[Exemplar], board_m: float | None, n_exemplars: int, seed: int, *, board_given: bool = True
) -> tuple[list[Exemplar], tuple[str, ...]]:
    """Up to n exemplars of one dive number, seeded, and what the coach must be told about the choice.

    Exemplars from the dive's own board come first: another board changes the difficulty and with it the points.

    Args:
        board_given: False where the board is an assumption, of which nobody needs to hear that others differ.

    Source: section 3.3 (E exemplars of the same action type).
    Deviation: the release takes the first ten of a list shuffled in place, so its exemplars drift between runs.
    """
    ordered = sorted(candidates, key=lambda e: e.id)
    shuffled = [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]
    if board_m is not None:
        shuffled.sort(key=lambda e: e.board_m != board_m)  # stable: keeps the shuffled order within each group
    chosen = shuffled[:n_exemplars]
    notes = []
    if len(chosen) < n_exemplars:
        exemplars = "exemplar" if len(chosen) == 1 else "exemplars"
        notes.append(f"Only {len(chosen)} {exemplars} of this dive number, not {n_exemplars}.")
    other = sum(e.board_m != board_m for e in chosen) if board_m is not None and board_given else 0
    if other:
        are = "exemplars is" if other == 1 else "exemplars are"
        notes.append(f"{other} of {len(chosen)} {are} from another board, where the difficulty may differ.")
    return chosen, tuple(notes)


class Analyzer:
    """Weights, exemplar library and device in one place; one clip at a time."""

    def __init__(self, model: FineParser, identity: ModelIdentity, library: Library) -> None:
        self.model = identity
        self.library = library
        self.encoder = ClipEncoder(
            model, torch.device(identity.device), precision=identity.precision, decoding=identity.decoding
        )
        self._encodings: dict[str, ExemplarEncoding] = {}

    @classmethod
    def open(
        cls,
        *,
        weights: Path | None = None,
        library: Path | None = None,
        device: str = "auto",
        precision: str = "auto",
    ) -> "Analyzer":
        """Loads weights (default: the bundled ones) and opens an exemplar library (default: the bundled one).

        Raises:
            CheckpointError, ExemplarError, ConfigError: for what is missing, damaged or unknown.
        """
        torch_device = choose_device(device)
        chosen_precision = choose_precision(torch_device, precision)
        folder = weights or bundled_weights()
        network, card = load_network(folder)
        identity = ModelIdentity(
            id=card.id,
            trained_on=card.trained_on,
            synthetic=card.synthetic,
            preprocessing=card.preprocessing,
            decoding=card.decoding,
            precision=chosen_precision,
            device=torch_device.type,
        )
        return cls(network, identity, Library.open(library))

    def parse(
        self,
        clip: Clip,
        *,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> tuple[DiveParse, Encoding]:
        """Steps and masks of a clip, and the encoding that `score` compares.

        Raises:
            VideoError: where the clip cannot be read.
            Cancelled: once the token is set.
        """
        frames, sampled, times, crop = read_samples(clip, self.model.preprocessing, progress=progress, cancel=cancel)
        encoding, masks = self.encoder.encode(frames, progress=progress, cancel=cancel)
        st, ed = encoding.transition_samples
        parse = DiveParse(
            clip=clip,
            sampled_frames=sampled,
            sampled_times_s=times,
            probabilities=encoding.probabilities,
            transitions=Transitions(
                first_flight_frame=int(sampled[st]),
                first_entry_frame=int(sampled[ed]),
                first_flight_s=float(times[st]),
                first_entry_s=float(times[ed]),
            ),
            mask_probability=masks,
            crop_xyxy=crop,
            model=self.model,
        )
        return parse, encoding

    def exemplar_encoding(self, exemplar: Exemplar, *, cancel: CancelToken | None = None) -> ExemplarEncoding:
        """The encoding of an exemplar by these weights: from the library, or made once from its clip.

        Raises:
            ExemplarError: where its clip is needed and cannot be read.
            Cancelled: once the token is set.
        """
        cached = self._encodings.get(exemplar.id)
        if cached is None:
            cached = self.library.encoding(exemplar.id, self.model.id)
        if cached is None:
            try:
                clip = make_clip(exemplar.clip_path, exemplar.in_frame, exemplar.out_frame)
                _, encoding = self.parse(clip, cancel=cancel)
            except VideoError as error:
                reason = str(error).rstrip(".")
                raise ExemplarError(
                    f"{self.library.path}: the clip of exemplar '{exemplar.id}' cannot be used ({reason}): copy the "
                    "library again together with its clips, or choose another one."
                ) from None
            cached = self.compact(encoding)
        self._encodings[exemplar.id] = cached
        return cached

    def compact(self, encoding: Encoding) -> ExemplarEncoding:
        """What a library keeps of an encoding."""
        return ExemplarEncoding(
            gated=encoding.gated,
            static_tokens=self.encoder.static_tokens(encoding),
            transition_samples=encoding.transition_samples,
        )

    def score(
        self,
        encoding: Encoding,
        dive: DiveNumber,
        difficulty: Difficulty,
        *,
        n_exemplars: int = 10,
        seed: int = 0,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Scoring:
        """Scores an encoded clip against exemplars of its dive number (Eq. 6 and 12).

        With other transitions or without some exemplars: see `fineparser_core.inference.rescore`.

        Raises:
            ConfigError: for fewer than one exemplar asked for.
            ExemplarError: where the library holds none of that number, or the clip of one cannot be read.
            Cancelled: once the token is set.
        """
        if n_exemplars < 1:
            raise ConfigError(f"{n_exemplars} exemplars cannot vote: ask for at least 1.")
        candidates = self.library.candidates(str(dive))
        board_given = difficulty.source != "commonest board"
        chosen, notes = choose_exemplars(candidates, difficulty.board_m, n_exemplars, seed, board_given=board_given)
        for done, exemplar in enumerate(chosen, start=1):
            self.exemplar_encoding(exemplar, cancel=cancel)
            progress(Progress("compare", done, len(chosen)))
            if cancel is not None:
                cancel.raise_if_cancelled()
        return gather_votes(self.votes(encoding, chosen), str(dive), difficulty, seed=seed, notes=notes)

    @torch.inference_mode()
    def votes(self, encoding: Encoding, chosen: Sequence[Exemplar]) -> tuple[ExemplarVote, ...]:
        """What each exemplar says of an encoded clip, all compared in one pass."""
        device, n = self.encoder.device, len(chosen)
        encodings = [self.exemplar_encoding(exemplar) for exemplar in chosen]

        def repeated(array: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(array).to(device).expand(n, *array.shape)

        def stacked(arrays: list[np.ndarray]) -> torch.Tensor:
            return torch.from_numpy(np.stack(arrays)).to(device)

        relative = self.encoder.model.compare(
            (repeated(encoding.gated), stacked([e.gated for e in encodings])),
            (repeated(self.encoder.static_tokens(encoding)), stacked([e.static_tokens for e in encodings])),
            ([encoding.transition_samples] * n, [e.transition_samples for e in encodings]),
        )
        dynamic = relative.dynamic.cpu().double().numpy()  # MPS has no float64
        static = relative.static.cpu().double().numpy()
        votes = []
        for i, exemplar in enumerate(chosen):
            contributions = tuple(
                Contribution(step=step, points=float(d + s), dynamic=float(d), static=float(s))
                for step, d, s in zip(STEP_NAMES, dynamic[i], static[i], strict=True)
            )
            votes.append(
                ExemplarVote(
                    id=exemplar.id,
                    dive_number=exemplar.dive_number,
                    board_m=exemplar.board_m,
                    score=exemplar.score,
                    vote=exemplar.score + sum(c.points for c in contributions),
                    contributions=contributions,
                )
            )
        return tuple(votes)

    def analyze(
        self,
        clip: Clip,
        dive: DiveNumber | None,
        difficulty: Difficulty | None = None,
        *,
        n_exemplars: int = 10,
        seed: int = 0,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Analysis:
        """Parses a clip and, where dive number and difficulty are known, scores it.

        Raises: what `parse` and `score` raise; that there are no exemplars before the clip is read.
        """
        if dive is not None:
            self.library.candidates(str(dive))
        parse, encoding = self.parse(clip, progress=progress, cancel=cancel)
        if dive is None or difficulty is None:
            return Analysis(parse=parse, scoring=None)
        scoring = self.score(
            encoding, dive, difficulty, n_exemplars=n_exemplars, seed=seed, progress=progress, cancel=cancel
        )
        return Analysis(parse=parse, scoring=scoring)
