"""The dependencies of the pipeline, opened: weights, exemplars and device; the face for Python. Loads torch."""

import logging
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Unpack

import torch

from fineparser_core.checkpoints.bundle import load_fineparser
from fineparser_core.diving.difficulty import Difficulty, asked_dive
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.errors import CheckpointError, ExemplarError, VideoError
from fineparser_core.exemplars.records import Exemplar, ExemplarEncoding, ExemplarFacts, check_facts
from fineparser_core.exemplars.store import ExemplarStore, own_folder
from fineparser_core.export.results import AskedClip
from fineparser_core.inference import pipeline
from fineparser_core.inference.clip_validation import Calibration
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.pipeline import Choice, Parsed
from fineparser_core.inference.samples import UnfinishedSamples
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.folding import fold_batch_norms
from fineparser_core.models.int8 import quantize_i3ds
from fineparser_core.motion.clips import FoundClip
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.recording import Recording
from fineparser_core.pose.blazepose import body_log_odds, load_blazepose
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress
from fineparser_core.records import NOT_ASKED, Analysis, Clip, ClipEncoding, ModelIdentity, Scoring, VerdictCode
from fineparser_core.resources import weights_folder
from fineparser_core.scoring.measured_stream import measured_stream
from fineparser_core.scoring.profile import Profile, active_profile, check_model
from fineparser_core.scoring.rescore import correct_transitions
from fineparser_core.support.device import INT8, choose_device, has_vnni, inference_precision
from fineparser_core.video.clips import make_clip

log = logging.getLogger(__name__)


class Analyzer:
    """Weights, exemplar library and device together, the `Tools` of the pipeline; analyses a clip at a time.

    Example:
        >>> analyzer = Analyzer.open(device="cpu")
        >>> analyzer.model.synthetic
        True
    """

    def __init__(
        self, model: FineParser, identity: ModelIdentity, library: ExemplarStore, calibration: Calibration | None = None
    ) -> None:
        self.model = identity
        self.calibration = calibration or Calibration()
        self.library = library
        #: The bundled measured stream, or that of a profile by which this analyzer scores.
        self.stream = measured_stream()
        self.encoder = ClipEncoder(
            model, torch.device(identity.device), precision=identity.precision, decoding=identity.decoding
        )
        self.blazepose = load_blazepose()
        self.find_body: FindBody = partial(body_log_odds, self.blazepose)
        self.unfinished = UnfinishedSamples()
        self._encodings: dict[str, ExemplarEncoding] = {}

    @classmethod
    def open(
        cls,
        *,
        weights: str | Path | None = None,
        library: str | Path | ExemplarStore | None = None,
        profile: Profile | None = None,
        device: str = "auto",
        precision: str = "auto",
    ) -> "Analyzer":
        """Load weights and open an exemplar library, by default those of the program.

        Args:
            weights: the folder of a bundle, or "bundled".
            library: the path of a library, or an open store.
            profile: profile of the judges whose scale scores use; None: as shipped.

        Raises:
            CheckpointError, ExemplarError, ConfigError: for what is missing, damaged or unknown, or a profile that was
                learned with other weights.
        """
        torch_device = choose_device(device)
        folder = weights_folder(weights)
        network, card = load_fineparser(folder)
        chosen_precision = inference_precision(torch_device, precision, has_activations=bool(card.activations))
        fold_batch_norms(network)
        if chosen_precision == INT8:
            try:
                quantize_i3ds(network, card.activations, vnni=has_vnni())
            except ValueError as error:
                raise CheckpointError(
                    "{0} does not know the activations of {1}: run fineparser calibrate.", folder, str(error)
                ) from None
        identity = ModelIdentity(
            id=card.id,
            trained_on=card.trained_on,
            synthetic=card.synthetic,
            preprocessing=card.preprocessing,
            decoding=card.decoding,
            precision=chosen_precision,
            device=torch_device.type,
        )
        if not isinstance(library, ExemplarStore):
            library = ExemplarStore.open(None if library is None else Path(library))
        calibration = Calibration.from_card(card.calibration, str(folder))
        analyzer = cls(network, identity, library, calibration)
        analyzer.use_profile(profile)
        return analyzer

    def use_profile(self, profile: Profile | None) -> None:
        """Score on the scale of a profile's judges from now on; None: as shipped.

        Raises:
            ConfigError: it was learned with other weights.
        """
        if profile is not None:
            check_model(profile, self.model.id)
        self.stream = measured_stream() if profile is None else profile.stream()

    def parse(
        self,
        clip: Clip,
        recording: Recording | None = None,
        *,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Parsed:
        """Find steps, masks, joints and moments of a clip, and its encoding: see `pipeline.parse_clip`."""
        return pipeline.parse_clip(self, clip, recording, progress=progress, cancel=cancel)

    def analyze(
        self,
        clip: Clip,
        dive: DiveNumber | None,
        difficulty: Difficulty | None = None,
        recording: Recording | None = None,
        *,
        force: bool = False,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
        **choice: Unpack[Choice],
    ) -> Analysis:
        """Parse a clip and score it where its number is known: see `pipeline.analyze_clip`."""
        return pipeline.analyze_clip(
            self, clip, dive, difficulty, recording, force=force, progress=progress, cancel=cancel, **choice
        )

    def analyze_file(
        self,
        asked: AskedClip,
        *,
        trim: bool = True,
        force: bool = False,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
        **choice: Unpack[Choice],
    ) -> tuple[FoundClip, Analysis]:
        """Find the dive of a file and analyze it: see `pipeline.analyze_file`."""
        return pipeline.analyze_file(self, asked, trim=trim, force=force, progress=progress, cancel=cancel, **choice)

    def score_parse(
        self,
        parsed: Parsed,
        dive: DiveNumber | None,
        difficulty: Difficulty | None,
        overruled: Collection[VerdictCode] = NOT_ASKED,
        *,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
        **choice: Unpack[Choice],
    ) -> Analysis:
        """Measure a parse and score it by all three streams: see `pipeline.score_parse`."""
        return pipeline.score_parse(
            self, parsed, dive, difficulty, overruled, progress=progress, cancel=cancel, **choice
        )

    def exemplar_encoding(
        self, exemplar: Exemplar, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
    ) -> ExemplarEncoding:
        """Return the encoding of an exemplar by these weights: from the library, or made once from its clip.

        Raises:
            ExemplarError: where its clip is needed and cannot be read.
            Cancelled: once the token is set.
        """
        cached = self._encodings.get(exemplar.id)
        if cached is None:
            cached = self.library.encoding(exemplar.id, self.model.id, cancel=cancel)
        if cached is None:
            cached = self._encode_exemplar(exemplar, progress, cancel)
        self._encodings[exemplar.id] = cached
        return cached

    def _encode_exemplar(
        self, exemplar: Exemplar, progress: ProgressCallback, cancel: CancelToken | None
    ) -> ExemplarEncoding:
        """Encode an exemplar from its clip; encoding and masks are stored where the library can store them."""
        try:
            clip = make_clip(exemplar.clip_path, exemplar.in_frame, exemplar.out_frame)
            parse, encoding = self.parse(clip, progress=progress, cancel=cancel)
        except VideoError as error:
            reason = str(error).rstrip(".")
            raise ExemplarError(
                "{0}: the clip of exemplar '{1}' cannot be used ({2}): copy the "
                "library again together with its clips, or choose another one.",
                self.library.path,
                exemplar.id,
                reason,
            ) from None
        own = (parse.transitions.first_flight_frame, parse.transitions.first_entry_frame)
        if exemplar.corrected:
            placed = replace(
                parse.transitions,
                first_flight_frame=exemplar.first_flight_frame,
                first_entry_frame=exemplar.first_entry_frame,
            )
            parse, encoding = correct_transitions(parse, encoding, placed)
        compact = self.encoder.compact(encoding)
        try:
            self.library.keep_parse(exemplar.id, self.model.id, compact, parse, own)
        except ExemplarError as error:  # read-only, say: it is made again next time
            log.info("%s", error)
        return compact

    def add_exemplar(
        self,
        clip: Clip,
        facts: ExemplarFacts,
        *,
        parsed: Parsed | None = None,
        corrected: bool = False,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Exemplar:
        """Add a clip with its official score to the coach's own exemplars.

        Args:
            parsed: what `parse` found in the clip, where that is known.
            corrected: a person placed the transitions of `parsed`, and other weights shall not move them.
            progress: called with the stage "copy", and before it with those of `parse` where the clip is not parsed.

        Raises:
            ConfigError: for facts that cannot be.
            VideoError: where the clip cannot be read.
            ExemplarError: where the library cannot be written.
            Cancelled: once the token is set; the library is as it was.
        """
        facts = check_facts(facts)
        parse, encoding = parsed or self.parse(clip, progress=progress, cancel=cancel)
        return self.library.add_clip(
            parse, facts, self.encoder.compact(encoding), corrected=corrected, progress=progress, cancel=cancel
        )

    def score(
        self,
        encoding: ClipEncoding,
        dive: DiveNumber,
        difficulty: Difficulty,
        *,
        cancel: CancelToken | None = None,
        **choice: Unpack[Choice],
    ) -> Scoring:
        """Score an encoded clip by the network's streams alone (Eq. 6 and 12); `score_parse` adds the third.

        With other transitions or without some exemplars: see `fineparser_core.scoring.rescore`.

        Raises: what `pipeline.compare` raises.
        """
        return pipeline.compare(self, encoding, dive, difficulty, cancel=cancel, **choice)


def score_clip(
    path: str | Path,
    dive_number: str | None = None,
    *,
    board_m: float | None = None,
    start_frame: int | None = None,
    end_frame: int | None = None,
    trim: bool = True,
    force: bool = False,
    analyzer: Analyzer | None = None,
) -> Analysis:
    """Analyze a dive: its phases, its masks and, with a dive number, its score.

    Args:
        path: the video file.
        dive_number: e.g. "207C"; None: the number that the video surely shows; without one `Analysis.scoring` is None.
        board_m: 1, 3, 5, 7.5 or 10; None takes the board that the fall shows, or else the number's commonest.
        start_frame, end_frame: first and last frame of the dive in the file, both included; without them the dive is
            found in it.
        trim: without `start_frame` and `end_frame`, whether to look for the dive; if not, the whole file is analyzed.
        force: score also a clip that does not look like a whole dive, or surely shows another dive.
        analyzer: weights, exemplars and device; None takes the bundled weights, which are loaded once in a process,
            with the bundled exemplars, the user's own and the profile in use, as the command and the window do. Calls
            of several threads without an analyzer wait for each other.

    Returns:
        The analysis. `scoring` is None as well for a clip that is not a whole dive, or that surely shows another dive
        than was given, see `verdict`.

    Raises:
        FineParserError: with a sentence, for a clip, a dive number or weights that cannot be used.

    Example:
        >>> analysis = score_clip(sample, "207C", board_m=10, analyzer=analyzer)
        >>> analysis.scoring.dive_number, len(analysis.parse.steps), analysis.parse.mask_probability.shape
        ('207C', 3, (96, 112, 112))
    """
    asked = AskedClip(
        path=Path(path), dive_number=dive_number, board_m=board_m, start_frame=start_frame, end_frame=end_frame
    )
    asked_dive(asked)  # before anything is loaded
    if analyzer is not None:
        return analyzer.analyze_file(asked, trim=trim, force=force)[1]
    with _own_lock, ExemplarStore.open_all(own_folder()) as library:
        return _own_analyzer(library).analyze_file(asked, trim=trim, force=force)[1]


_own_lock = Lock()
_own_analyzers: list[Analyzer] = []


def _own_analyzer(library: ExemplarStore) -> Analyzer:
    """Return the analyzer of `score_clip` by the bundled weights, which it keeps, and the profile in use."""
    if not _own_analyzers:
        _own_analyzers.append(Analyzer.open(library=library))
    (analyzer,) = _own_analyzers
    analyzer.library = library
    analyzer.use_profile(active_profile())
    return analyzer
