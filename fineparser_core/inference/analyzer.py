"""The whole main job: a clip to steps, masks, and a score against exemplars. Loads torch."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import torch

from fineparser_core.checkpoints.build import BackboneFactory, HeadFactory
from fineparser_core.checkpoints.bundle import load_fineparser
from fineparser_core.constants import MASK_SIZE, STEP_NAMES
from fineparser_core.diving.difficulty import Difficulty, unknown_board
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.errors import Cancelled, ConfigError, ExemplarError, NoExemplarsError, VideoError
from fineparser_core.exemplars.facts import ExemplarFacts, check_facts
from fineparser_core.exemplars.records import Exemplar, ExemplarEncoding
from fineparser_core.exemplars.selection import SAME_NUMBER, CandidateRule, select_exemplars
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.inference.blazepose import load_blazepose
from fineparser_core.inference.bodies import body_log_odds
from fineparser_core.inference.clip_validation import (
    Calibration,
    clip_evidence,
    refusal,
    several_divers,
    slow_motion,
    trimmed,
    warnings,
)
from fineparser_core.inference.encoder import ClipEncoder, EncodedClip
from fineparser_core.inference.samples import Samples, read_samples
from fineparser_core.joints.finding import BestLook, find_joints, fuse_masks
from fineparser_core.language import Phrase
from fineparser_core.measures import measure_dive
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.folding import fold_batch_norms
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.moments import find_moments, network_alone, place_moments
from fineparser_core.motion.readings import transition_prior
from fineparser_core.motion.recording import Recording
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.recognition.boards import with_seen_board
from fineparser_core.recognition.contradictions import contradictions, held_back
from fineparser_core.recognition.recognize import recognize
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.evidence import missing_evidence
from fineparser_core.scoring.measured_stream import add_measures, calibrated_notes, measured, measured_stream
from fineparser_core.scoring.profile import Profile, check_model
from fineparser_core.scoring.rescore import aggregate_votes, correct_transitions
from fineparser_core.support.device import choose_device, choose_precision
from fineparser_core.types import (
    Analysis,
    Clip,
    ClipEncoding,
    Contribution,
    DiveParse,
    ExemplarVote,
    ModelIdentity,
    Scoring,
)
from fineparser_core.video.clips import make_clip

log = logging.getLogger(__name__)

#: Cancelled parses of which the samples are kept, some 30 MB each.
_MOST_UNFINISHED = 3
#: Real time before the take-off and after the come-out in which BlazePose looks at the diver, too.
_LOOKED_AT_S = (0.35, 0.6)


class Choice(TypedDict, total=False):
    """Which exemplars vote on a dive, as `Analyzer.score` takes it: how many, drawn by which seed, by which rule."""

    n_exemplars: int
    seed: int
    rule: CandidateRule


def joints_in_source(joints: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Map joints (n, j, 3) from pixels of the samples to pixels of the source, float32.

    Args:
        crops: (n, 4) source pixels x0, y0, x1, y1 of each sample.
    """
    corner, size = crops[:, None, :2], (crops[:, 2:] - crops[:, :2])[:, None]
    return np.concatenate([corner + joints[..., :2] * size / MASK_SIZE, joints[..., 2:]], axis=-1).astype(np.float32)


class Analyzer:
    """Weights, exemplar library and device together; analyses a clip at a time."""

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
        self._blazepose = load_blazepose()
        #: Looks for bodies where it is not clear who the diver is.
        self.find_body: FindBody = partial(body_log_odds, self._blazepose)
        self._encodings: dict[str, ExemplarEncoding] = {}
        # Samples of clips whose parse was cancelled, by clip and modification time of the file.
        self._unfinished: dict[tuple[Clip, float], Samples] = {}

    @classmethod
    def open(
        cls,
        *,
        weights: str | Path | None = None,
        library: str | Path | ExemplarStore | None = None,
        profile: Profile | None = None,
        device: str = "auto",
        precision: str = "auto",
        static_backbone: BackboneFactory | None = None,
        head: HeadFactory | None = None,
    ) -> "Analyzer":
        """Load weights and open an exemplar library, by default those of the program.

        Args:
            weights: the folder of a bundle.
            library: the path of a library, or an open store.
            profile: profile of the judges whose scale scores use; None: as shipped.
            static_backbone, head: of `load_model`.

        Raises:
            CheckpointError, ExemplarError, ConfigError: for what is missing, damaged or unknown, or a profile that was
                learned with other weights.
        """
        torch_device = choose_device(device)
        chosen_precision = choose_precision(torch_device, precision)
        folder = bundled_weights() if weights is None else Path(weights)
        network, card = load_fineparser(folder, static_backbone=static_backbone, head=head)
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
        analyzer = cls(fold_batch_norms(network), identity, library, calibration)
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
    ) -> tuple[DiveParse, ClipEncoding]:
        """Return steps and masks of a clip, and the encoding that `score` compares.

        Once it was cancelled, what was read of the clip by then is not read again.

        Args:
            recording: what was read of the clip's file, see `find_clip`; without it the clip is read.

        Raises:
            VideoError: where the clip cannot be read.
            ConfigError: where nothing moves at the clip's point on the diver.
            Cancelled: once the token is set.
        """
        samples, (encoding, masks, seen) = self._encoded(clip, recording, progress, cancel)
        clip = replace(clip, divers=samples.divers)
        sampled, times = samples.sampled, samples.times_s
        diver, decoded, descent = samples.diver, encoding.transition_samples, 0.0
        if diver is not None:
            decoded = self.encoder.decode(encoding.probabilities, prior=transition_prior(diver.fall, times))
        joints, looks = (None, {}) if seen is None else self._find_joints(samples, seen, masks, decoded, cancel)
        if diver is None:
            moments = network_alone((float(times[decoded[0]]), float(times[decoded[1]])))
        else:
            network_s = float(times[decoded[0]]), float(times[decoded[1]])
            moments = find_moments(diver, network_s, times, masks, samples.crops, joints)
            descent = diver.fall.height_share
        transitions, placed, contact_frame, moments = place_moments(moments, decoded, sampled, times)
        encoding = replace(encoding, transition_samples=placed)
        evidence = clip_evidence(encoding.probabilities, placed, masks, descent, int(samples.valid.sum()))
        # Moments and evidence are read from the network's masks, which end at the water; a look goes on below it.
        end_s = (moments.contact or moments.come_out).time_s
        masks = fuse_masks(masks, {at: one for at, one in looks.items() if times[at] < end_s}, self._blazepose)
        parse = DiveParse(
            clip=clip,
            sampled_frames=sampled,
            sampled_times_s=times,
            probabilities=encoding.probabilities,
            transitions=transitions,
            moments=moments,
            mask_probability=masks,
            crop_xyxy=samples.crops,
            joints=joints,
            model=self.model,
            evidence=evidence,
            refusal=refusal(evidence, self.calibration.domain),
            first_water_contact_frame=contact_frame,
            motion=None if diver is None else diver.motion,
            notes=(
                *samples.notes,
                *several_divers(clip),
                *trimmed(clip),
                *slow_motion(diver.fall.slowed if diver else 1.0),
                *warnings(
                    evidence,
                    self.calibration.domain,
                    moments,
                    diver.fall.slowed if diver else 1.0,
                    moments.take_off.time_s - float(times[0]),
                ),
            ),
        )
        return replace(parse, recognition=recognize(parse)), encoding

    def _find_joints(
        self,
        samples: Samples,
        seen: np.ndarray,
        masks: np.ndarray,
        decoded: tuple[int, int],
        cancel: CancelToken | None,
    ) -> tuple[np.ndarray, dict[int, BestLook]]:
        """Return the joints (96, 16, 3) in source pixels, as the network and, in the air, BlazePose see them.

        And the best looks of the latter.
        """
        looks: dict[int, BestLook] = {}
        if samples.wide is not None:
            slowed = 1.0 if samples.diver is None else samples.diver.fall.slowed
            first, last = (samples.times_s[sample] for sample in decoded)
            in_air = samples.times_s >= first - _LOOKED_AT_S[0] * slowed
            in_air &= samples.times_s <= last + _LOOKED_AT_S[1] * slowed
            seen, looks = find_joints(seen, samples.wide, masks, in_air & samples.valid, self._blazepose, cancel)
        return joints_in_source(seen, samples.crops), looks

    def _encoded(
        self, clip: Clip, recording: Recording | None, progress: ProgressCallback, cancel: CancelToken | None
    ) -> tuple[Samples, EncodedClip]:
        changed_s = clip.path.stat().st_mtime if clip.path.is_file() else 0.0
        known_as = (clip, changed_s)
        samples = self._unfinished.pop(known_as, None) or read_samples(
            clip, self.model.preprocessing, self.encoder, recording, self.find_body, progress=progress, cancel=cancel
        )
        try:
            return samples, self.encoder.encode(
                samples.frames, seconds=samples.seconds, valid=samples.valid, progress=progress, cancel=cancel
            )
        except Cancelled:
            self._unfinished[known_as] = samples
            while len(self._unfinished) > _MOST_UNFINISHED:
                del self._unfinished[next(iter(self._unfinished))]
            raise

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
        compact = self.compact(encoding)
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
        parsed: tuple[DiveParse, ClipEncoding] | None = None,
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
            parse, facts, self.compact(encoding), corrected=corrected, progress=progress, cancel=cancel
        )

    def compact(self, encoding: ClipEncoding) -> ExemplarEncoding:
        """Return the part of an encoding that a library stores."""
        return ExemplarEncoding(
            gated=encoding.gated,
            static_tokens=self.encoder.static_tokens(encoding),
            transition_samples=encoding.transition_samples,
        )

    def score(
        self,
        encoding: ClipEncoding,
        dive: DiveNumber,
        difficulty: Difficulty,
        *,
        n_exemplars: int = 10,
        seed: int = 0,
        rule: CandidateRule = SAME_NUMBER,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Scoring:
        """Score an encoded clip against exemplars of its dive number (Eq. 6 and 12).

        The network's streams alone: see `add_measures` for the third.

        With other transitions or without some exemplars: see `fineparser_core.scoring.rescore`.

        Raises:
            ConfigError: for fewer than 1 requested exemplar.
            NoExemplarsError: where the library holds none that the rule allows.
            ExemplarError: where none of them can be used.
            Cancelled: once the token is set.
        """
        if n_exemplars < 1:
            raise ConfigError("{0} exemplars cannot vote: ask for at least 1.", n_exemplars)
        known = self.library.exemplars(cancel=cancel)
        chosen, notes = select_exemplars(
            known, dive, difficulty, n_exemplars, seed=seed, rule=rule, path=self.library.path
        )
        usable, unusable = [], []
        for done, exemplar in enumerate(chosen, start=1):
            try:
                self.exemplar_encoding(exemplar, cancel=cancel)
                usable.append(exemplar)
            except ExemplarError as error:
                unusable.append(error)
            progress(Progress("compare", done, len(chosen)))
            if cancel is not None:
                cancel.raise_if_cancelled()
        if not usable:
            raise unusable[0]
        if unusable:
            left_out = Phrase("{0} of {1} exemplars could not be used: {2}", len(unusable), len(chosen), unusable[0])
            notes = (*notes, left_out)
        # No rule was measured for exemplars of other numbers.
        same = all(exemplar.dive_number == str(dive) for exemplar in usable)
        votes = self.compare(encoding, usable)
        return aggregate_votes(
            votes, str(dive), difficulty, seed=seed, notes=notes, rule=self.calibration.interval if same else None
        )

    def compare(self, encoding: ClipEncoding, exemplars: Sequence[Exemplar]) -> tuple[ExemplarVote, ...]:
        """Return the vote of each exemplar on an encoded clip."""
        encodings = [self.exemplar_encoding(exemplar) for exemplar in exemplars]
        relative = self.encoder.compare(self.compact(encoding), encodings)
        dynamic = relative.dynamic.cpu().double().numpy()  # MPS has no float64
        static = relative.static.cpu().double().numpy()
        votes = []
        for i, exemplar in enumerate(exemplars):
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
        recording: Recording | None = None,
        *,
        force: bool = False,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
        **choice: Unpack[Choice],
    ) -> Analysis:
        """Parse a clip and, where dive number and difficulty are known, score it if it looks like a whole dive.

        Without exemplars there is no score, and what was measured stands alone: see `score_parse`.

        Args:
            difficulty: None where no board was given and no record says which is usual: the fall has to show it.
            force: score also what does not look like a whole dive, lacks what a score rests on, or shows another dive
                than the number.

        Raises: what `parse` and `score_parse` raise.
        """
        parsed = self.parse(clip, recording, progress=progress, cancel=cancel)
        parse = parsed[0]
        if parse.refusal and not force:  # a clip without a dive has no measures
            return Analysis(parse=replace(parse, recognition=None), scoring=None, measures=())
        if dive is None:
            return _measured_alone(parse)
        return self.score_parse(parsed, dive, difficulty, force=force, progress=progress, cancel=cancel, **choice)

    def score_parse(
        self,
        parsed: tuple[DiveParse, ClipEncoding],
        dive: DiveNumber,
        difficulty: Difficulty | None,
        *,
        force: bool = False,
        confirmed: bool = False,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
        **choice: Unpack[Choice],
    ) -> Analysis:
        """Measure a parse, and score it by all three streams.

        Where no board was given, the board that the fall shows counts before the commonest of the number. Where there
        are no exemplars, `Analysis.unscored` says so, and where a score has too little to rest on or the video surely
        shows another dive, `Analysis.withheld`; what was measured stands alone.

        Args:
            difficulty: as of `analyze`.
            force: score it all the same.
            confirmed: a person has confirmed the number though the video may speak against it.

        Raises: what `score` raises, but of missing exemplars.
        """
        parse, encoding = parsed
        seen = parse.recognition
        difficulty = with_seen_board(difficulty, dive, seen)
        if difficulty is None:
            return _measured_alone(parse, unscored=unknown_board(dive))
        given_board_m = difficulty.board_m if difficulty.source in ("board", "typed") else None
        against = () if seen is None else contradictions(seen, str(dive), given_board_m)
        analysis = replace(measured(parse, dive, difficulty, self.stream), contradictions=against)
        parse = analysis.parse
        withheld = missing_evidence(parse) or (None if confirmed else held_back(str(dive), against))
        if withheld is not None and not force:
            return replace(analysis, own_award=None, withheld=withheld)
        if choice.get("rule", SAME_NUMBER).synchro:  # the award of a single body is not that of two
            analysis = replace(analysis, own_award=None)
        try:
            scoring = self.score(encoding, dive, difficulty, progress=progress, cancel=cancel, **choice)
        except NoExemplarsError as error:
            notes = (*analysis.measured_notes, *calibrated_notes(self.stream.profile))
            return replace(analysis, unscored=error.phrase, measured_notes=notes)
        return replace(analysis, scoring=add_measures(scoring, parse, dive, difficulty, self.stream))


def _measured_alone(parse: DiveParse, *, unscored: str = "") -> Analysis:
    """Return what was measured of a dive without a known difficulty."""
    found = measure_dive(parse)
    return Analysis(parse=parse, scoring=None, measures=found.measures, measured_notes=found.notes, unscored=unscored)
