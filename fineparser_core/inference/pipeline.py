"""The pipeline of a dive, from the file to the analysis.

    find -> sample -> encode -> joints -> moments -> masks -> recognition -> measures -> compare -> score

Each step is a function that is called once for a dive; its result has a name and is final. `find_clip` finds the dive;
`parse_clip` goes from the samples to the recognized dive, without a number; `score_parse` measures, compares and scores
it. The window, the commands, Python, `evaluate` and the live package run it, each clip by itself. Loads torch.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypedDict, Unpack

import numpy as np

from fineparser_core.constants import MASK_SIZE, STEP_NAMES
from fineparser_core.diving.details import AnnouncedDive
from fineparser_core.diving.difficulty import Difficulty, asked_dive
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.errors import Cancelled, ConfigError, ExemplarError, NoExemplarsError
from fineparser_core.exemplars.judged import judged_exemplars
from fineparser_core.exemplars.records import Exemplar, ExemplarEncoding
from fineparser_core.exemplars.selection import SAME_NUMBER, CandidateRule, select_exemplars
from fineparser_core.exemplars.store import ExemplarStore
from fineparser_core.export.results import AskedClip
from fineparser_core.inference.clip_validation import Calibration, clip_evidence, clip_notes, doubts, refusal
from fineparser_core.inference.encoder import ClipEncoder, EncodedClip
from fineparser_core.inference.samples import Samples, UnfinishedSamples, read_samples
from fineparser_core.measures import measure_dive
from fineparser_core.motion.body import lowest_points
from fineparser_core.motion.clips import FoundClip, find_clip
from fineparser_core.motion.divers import FindBody
from fineparser_core.motion.moments import PlacedMoments, find_moments, hands_leave, network_alone, place_moments
from fineparser_core.motion.readings import transition_prior
from fineparser_core.motion.recording import DiveSearch, Recording
from fineparser_core.motion.splash import find_splash, splash_map
from fineparser_core.pose.finding import BestLook, Look, find_joints, fuse_masks
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.recognition.boards import with_seen_board
from fineparser_core.recognition.contradictions import contradictions
from fineparser_core.recognition.numbers import seen_number
from fineparser_core.recognition.posture import likely_armstand
from fineparser_core.recognition.recognize import recognize
from fineparser_core.records import (
    FORCED,
    NOT_ASKED,
    Analysis,
    Clip,
    ClipEncoding,
    Contribution,
    DiveMotion,
    DiveParse,
    ExemplarVote,
    ModelIdentity,
    Moment,
    Note,
    NoteCode,
    Scoring,
    Verdict,
    VerdictCode,
)
from fineparser_core.scoring.measured_stream import MeasuredStream, calibrated_notes, measured, with_measured_stream
from fineparser_core.scoring.readout import read_armstand, read_awards, windows_after_contact
from fineparser_core.scoring.rescore import aggregate_votes
from fineparser_core.scoring.verdict import verdict_of

#: Time before the take-off and after the come-out in which BlazePose looks at the diver, too, real seconds.
_LOOKED_AT_S = (0.35, 0.6)

#: The parse of a clip, and the encoding that is compared with exemplars.
Parsed = tuple[DiveParse, ClipEncoding]


class Tools(Protocol):
    """Dependencies of the pipeline, as `Analyzer` opens them.

    Attributes:
        blazepose: finds joints and masks of a person in a picture.
        find_body: looks for bodies where it is not clear who the diver is.
        library: exemplars.
        stream: the measured stream, as shipped or on the scale of a profile's judges.
        unfinished: samples of clips whose parse was cancelled.
    """

    model: ModelIdentity
    calibration: Calibration
    encoder: ClipEncoder
    blazepose: Look
    find_body: FindBody
    library: ExemplarStore
    stream: MeasuredStream
    unfinished: UnfinishedSamples

    def exemplar_encoding(self, exemplar: Exemplar, *, cancel: CancelToken | None = None) -> ExemplarEncoding:
        """Return the encoding of an exemplar by these weights."""


class Choice(TypedDict, total=False):
    """Which exemplars vote on a dive: how many, drawn by which seed, by which rule."""

    n_exemplars: int
    seed: int
    rule: CandidateRule


def analyze_file(
    tools: Tools,
    asked: AskedClip,
    *,
    trim: bool = True,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    **choice: Unpack[Choice],
) -> tuple[FoundClip, Analysis]:
    """Find the dive of a file, see `find_clip`, and analyze it, see `analyze_clip`.

    Raises: what `asked_dive`, `find_clip` and `analyze_clip` raise.
    """
    dive, difficulty = asked_dive(asked)
    found = find_clip(
        asked.path,
        start_frame=asked.start_frame,
        end_frame=asked.end_frame,
        trim=trim,
        progress=progress,
        cancel=cancel,
        search=DiveSearch(asked.path, find_body=tools.find_body),
    )
    clip, recording = found.clip, found.recording
    return found, analyze_clip(
        tools, clip, dive, difficulty, recording, force=force, progress=progress, cancel=cancel, **choice
    )


def analyze_clip(
    tools: Tools,
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
    """Parse a clip and, where dive number and difficulty are known, score it: see `parse_clip` and `score_parse`.

    Args:
        dive: None: the dive that the video surely shows, if any and if it is clear who the diver is.
        difficulty: None where no board was given and no record says which is usual: the fall has to show it.
        force: score also what does not look like a whole dive, lacks what a score rests on, or shows another dive
            than the number.

    Raises: what `parse_clip` and `score_parse` raise.
    """
    parsed = parse_clip(tools, clip, recording, progress=progress, cancel=cancel)
    parse, _ = parsed
    given, seen = dive is not None, parse.recognition
    if dive is None and not parse.clip.diver_is_unsure and (number := seen_number(seen)) is not None:
        dive, difficulty = asked_dive(AnnouncedDive(dive_number=number))
    overruled = FORCED if force else NOT_ASKED
    scored = score_parse(tools, parsed, dive, difficulty, overruled, progress=progress, cancel=cancel, **choice)
    if given or dive is None or seen is None or not scored.verdict.shows_dive:
        return scored
    note = Note(NoteCode.NUMBER_SEEN, (str(dive), 100 * seen.numbers[str(dive)]))
    return replace(scored, measured_notes=(note, *scored.measured_notes))


def parse_clip(
    tools: Tools,
    clip: Clip,
    recording: Recording | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Parsed:
    """Return steps, masks, joints and moments of a clip, and the encoding that is compared.

    Once it was cancelled, what was read of the clip by then is not read again.

    Args:
        recording: what was read of the clip's file, see `find_clip`; without it the clip is read.

    Raises:
        VideoError: the clip cannot be read.
        ConfigError: nothing moves at the clip's point on the diver.
        CheckpointError: the weights give no finite number.
        Cancelled: `cancel` was set.
    """
    samples = tools.unfinished.take(clip) or sample(tools, clip, recording, progress=progress, cancel=cancel)
    try:
        encoded = encode(tools, samples, progress=progress, cancel=cancel)
        joints, looks = see_joints(tools, samples, encoded, cancel=cancel)
    except Cancelled:
        tools.unfinished.keep(clip, samples)
        raise
    placed, armstand = place(tools, samples, encoded, joints)
    masks = fuse(tools, samples, encoded, looks, placed)
    parse = _assembled(tools, replace(clip, divers=samples.divers), samples, encoded, joints, placed, masks)
    encoding = replace(encoded.encoding, transition_samples=placed.samples)
    windows_s = windows_after_contact(parse.moments, samples.times_s, _slowed(samples))
    awards = read_awards(tools.model.id, windows_s, encoding.gated, splash_seen(samples, parse))
    recognition = recognize(parse, armstand)
    return replace(parse, recognition=recognition, read_awards=awards), encoding


def sample(
    tools: Tools, clip: Clip, recording: Recording | None, *, progress: ProgressCallback, cancel: CancelToken | None
) -> Samples:
    """Read the 96 samples of a clip, around the diver whom the free fall shows."""
    preprocessing = tools.model.preprocessing
    return read_samples(
        clip, preprocessing, tools.encoder, recording, tools.find_body, progress=progress, cancel=cancel
    )


def encode(tools: Tools, samples: Samples, *, progress: ProgressCallback, cancel: CancelToken | None) -> EncodedClip:
    """Run the network: features, masks, keypoints, and the transitions, which the fall makes likelier or not."""
    prior = None if samples.diver is None else transition_prior(samples.diver.fall, samples.times_s)
    return tools.encoder.encode(
        samples.frames, seconds=samples.seconds, valid=samples.valid, prior=prior, progress=progress, cancel=cancel
    )


def see_joints(
    tools: Tools, samples: Samples, encoded: EncodedClip, *, cancel: CancelToken | None
) -> tuple[np.ndarray | None, dict[int, BestLook]]:
    """Find the joints by what the network and, in the air, BlazePose see.

    Returns:
        (96, 16, 3) float32, x and y in source pixels and confidence, None where the network sees no poses; and the best
        looks of BlazePose, by their samples.
    """
    if encoded.joints is None:
        return None, {}
    if samples.wide is None:
        return joints_in_source(encoded.joints, samples.crops), {}
    slowed = _slowed(samples)
    first_s, last_s = (samples.times_s[at] for at in encoded.encoding.transition_samples)
    in_air = samples.times_s >= first_s - _LOOKED_AT_S[0] * slowed
    in_air &= samples.times_s <= last_s + _LOOKED_AT_S[1] * slowed
    joints, looks = find_joints(
        encoded.joints, samples.wide, encoded.masks, in_air & samples.valid, tools.blazepose, cancel
    )
    return joints_in_source(joints, samples.crops), looks


def place(
    tools: Tools, samples: Samples, encoded: EncodedClip, joints: np.ndarray | None
) -> tuple[PlacedMoments, float | None]:
    """Estimate the moments by all their sources, and place them on frames and samples.

    Returns:
        The moments, and the log odds of an armstand, which changes the take-off; None where nothing tells of it.
    """
    decoded, times_s = encoded.encoding.transition_samples, samples.times_s
    network_s = float(times_s[decoded[0]]), float(times_s[decoded[1]])
    if samples.diver is None:
        estimated = network_alone(network_s)
    else:
        estimated = find_moments(samples.diver, network_s, times_s, encoded.masks, samples.crops, joints)
    slowed = _slowed(samples)
    windows_s = windows_after_contact(estimated, times_s, slowed)
    armstand = read_armstand(tools.model.id, windows_s, encoded.encoding.gated)
    if armstand is not None and likely_armstand(armstand):
        estimated = hands_leave(estimated, slowed)
    return place_moments(estimated, decoded, samples.sampled, times_s), armstand


def _slowed(samples: Samples) -> float:
    return 1.0 if samples.diver is None else samples.diver.fall.slowed


def fuse(
    tools: Tools, samples: Samples, encoded: EncodedClip, looks: Mapping[int, BestLook], placed: PlacedMoments
) -> np.ndarray:
    """Return the masks (96, 112, 112) of the network and BlazePose together, the latter's as far as the water.

    The network's masks end at the water, where a look of BlazePose goes on.
    """
    end_s = (placed.moments.contact or placed.moments.come_out).time_s
    above_water = {at: look for at, look in looks.items() if samples.times_s[at] < end_s}
    return fuse_masks(encoded.masks, above_water, tools.blazepose)


def _assembled(
    tools: Tools,
    clip: Clip,
    samples: Samples,
    encoded: EncodedClip,
    joints: np.ndarray | None,
    placed: PlacedMoments,
    masks: np.ndarray,
) -> DiveParse:
    """Put the results of the steps together, with the evidence that the network and the fall give of a whole dive."""
    diver, probabilities, moments = samples.diver, encoded.encoding.probabilities, placed.moments
    slowed, descent = _slowed(samples), 0.0 if diver is None else diver.fall.height_share
    evidence = clip_evidence(probabilities, placed.samples, encoded.masks, descent, int(samples.valid.sum()))
    least, approach_s = tools.calibration.domain, moments.take_off.time_s - float(samples.times_s[0])
    return DiveParse(
        clip=clip,
        sampled_frames=samples.sampled,
        sampled_times_s=samples.times_s,
        probabilities=probabilities,
        transitions=placed.transitions,
        moments=moments,
        mask_probability=masks,
        crop_xyxy=samples.crops,
        joints=joints,
        model=tools.model,
        evidence=evidence,
        refusal=refusal(evidence, least),
        first_water_contact_frame=placed.contact_frame,
        motion=_motion(samples, placed, masks),
        notes=(*samples.notes, *clip_notes(clip, slowed), *doubts(evidence, least, moments, slowed, approach_s)),
    )


def _motion(samples: Samples, placed: PlacedMoments, masks: np.ndarray) -> DiveMotion | None:
    """Return the diver's fall and the camera's motion, with the splash where the mask is lowest at the contact."""
    motion = None if samples.diver is None else samples.diver.motion
    contact, views = placed.moments.contact, samples.water
    if motion is None or contact is None or views is None:
        return motion
    return replace(motion, splash_px=find_splash(views, *_entry(samples, motion, contact, masks)))


def splash_seen(samples: Samples, parse: DiveParse) -> np.ndarray | None:
    """Return the map of the splash, see `splash_map`; None where fall, contact or water were not seen."""
    motion, contact = parse.motion, parse.moments.contact
    if motion is None or contact is None or samples.water is None:
        return None
    return splash_map(samples.water, *_entry(samples, motion, contact, parse.mask_probability))


def _entry(samples: Samples, motion: DiveMotion, contact: Moment, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the real times (m,) of the views of the water after the contact, and its place (2,) in the scene."""
    assert samples.water is not None
    at = np.array([np.abs(samples.times_s - contact.time_s).argmin()])
    entry = motion.in_scene(lowest_points(masks[at], samples.crops[at]), at)[0]
    return (samples.times_s[samples.water.samples] - contact.time_s) / motion.slowed, entry


def joints_in_source(joints: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Map joints (n, j, 3) from pixels of the samples to pixels of the source, float32.

    Args:
        crops: (n, 4) source pixels x0, y0, x1, y1 of each sample.
    """
    corner, size = crops[:, None, :2], (crops[:, 2:] - crops[:, :2])[:, None]
    return np.concatenate([corner + joints[..., :2] * size / MASK_SIZE, joints[..., 2:]], axis=-1).astype(np.float32)


def score_parse(
    tools: Tools,
    parsed: Parsed,
    dive: DiveNumber | None,
    difficulty: Difficulty | None,
    overruled: Collection[VerdictCode] = NOT_ASKED,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    **choice: Unpack[Choice],
) -> Analysis:
    """Measure a parse, compare it with exemplars, and score it by all three streams.

    Where no board was given, the board that the fall shows counts before the commonest of the number. Without a score
    what was measured stands alone, and `Analysis.verdict` says why; a clip without a dive has no measures.

    Args:
        difficulty: as of `analyze_clip`.
        overruled: verdicts that a person has overruled, so that the dive is scored all the same.

    Raises: what `compare` raises, but of missing exemplars.
    """
    parse, encoding = parsed
    seen = parse.recognition
    dived = None if dive is None else with_seen_board(difficulty, dive, seen)
    number = None if dive is None else str(dive)
    given_board_m = dived.board_m if dived is not None and dived.source in ("board", "typed") else None
    verdict = verdict_of(parse, number, given_board_m, overruled, has_difficulty=dived is not None)
    if not verdict.shows_dive:
        return Analysis(parse=replace(parse, recognition=None), scoring=None, measures=(), verdict=verdict)
    if dive is None or dived is None:
        found = measure_dive(parse)
        return Analysis(parse=parse, scoring=None, measures=found.measures, measured_notes=found.notes, verdict=verdict)
    against = () if seen is None else contradictions(seen, str(dive), given_board_m)
    alone = replace(measured(parse, dive, dived, tools.stream), contradictions=against)
    verdict = verdict_of(alone.parse, number, given_board_m, overruled)  # gravity may contradict a moment
    if verdict.code is not VerdictCode.SCORED:
        return replace(alone, own_award=None, verdict=verdict)
    synchro = choice.get("rule", SAME_NUMBER).synchro
    own_award = None if synchro else alone.own_award  # that of a single body is not that of two
    try:
        scoring = compare(tools, encoding, dive, dived, progress=progress, cancel=cancel, **choice)
    except NoExemplarsError as error:
        notes = (*alone.measured_notes, *calibrated_notes(tools.stream.profile))
        verdict = Verdict(code=VerdictCode.NO_EXEMPLARS, reason=error.phrase)
        return replace(alone, own_award=own_award, verdict=verdict, measured_notes=notes)
    scoring = with_measured_stream(scoring, alone.parse, dive, dived, tools.stream)
    return replace(alone, own_award=own_award, scoring=scoring, verdict=verdict)


def compare(
    tools: Tools,
    encoding: ClipEncoding,
    dive: DiveNumber,
    difficulty: Difficulty,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
    **choice: Unpack[Choice],
) -> Scoring:
    """Score an encoded clip against exemplars of its dive number, by the network's streams alone (Eq. 6 and 12).

    Args:
        progress: receives the stage "compare" after every exemplar.

    Raises:
        ConfigError: fewer than 1 exemplar is requested.
        NoExemplarsError: the library holds none that the rule allows.
        ExemplarError: none of them can be used.
        Cancelled: `cancel` was set.
    """
    n_exemplars, seed = choice.get("n_exemplars", 10), choice.get("seed", 0)
    if n_exemplars < 1:
        raise ConfigError("{0} exemplars cannot vote: ask for at least 1.", n_exemplars)
    judged = judged_exemplars(tools.model.id) if tools.library.with_judged else ()
    known = [*tools.library.exemplars(cancel=cancel), *judged]
    chosen, notes = select_exemplars(
        known, dive, difficulty, n_exemplars, seed=seed, rule=choice.get("rule", SAME_NUMBER), path=tools.library.path
    )
    usable, unusable = [], []
    for done, exemplar in enumerate(chosen, start=1):
        try:
            if exemplar.has_clip:
                tools.exemplar_encoding(exemplar, cancel=cancel)
            usable.append(exemplar)
        except ExemplarError as error:
            unusable.append(error)
        progress(Progress("compare", done, len(chosen)))
        if cancel is not None:
            cancel.raise_if_cancelled()
    if not usable:
        raise unusable[0]
    if unusable:
        left_out = Note(NoteCode.EXEMPLARS_UNUSABLE, (len(unusable), len(chosen), unusable[0].phrase))
        notes = (*notes, left_out)
    # No rule was measured for exemplars of other numbers.
    rule = tools.calibration.interval if all(one.dive_number == str(dive) for one in usable) else None
    return aggregate_votes(votes(tools, encoding, usable), str(dive), difficulty, seed=seed, notes=notes, rule=rule)


def votes(tools: Tools, encoding: ClipEncoding, exemplars: Sequence[Exemplar]) -> tuple[ExemplarVote, ...]:
    """Return the vote of each exemplar on an encoded clip, by the network's streams.

    These say nothing of judged dives without a clip, whose awards the measured stream compares.
    """
    encoded = [at for at, exemplar in enumerate(exemplars) if exemplar.has_clip]
    dynamic, static = np.zeros((2, len(exemplars), len(STEP_NAMES)))
    if encoded:
        encodings = [tools.exemplar_encoding(exemplars[at]) for at in encoded]
        relative = tools.encoder.compare(tools.encoder.compact(encoding), encodings)
        dynamic[encoded] = relative.dynamic.cpu().double().numpy()  # MPS has no float64
        static[encoded] = relative.static.cpu().double().numpy()
    return tuple(map(_vote, exemplars, dynamic, static))


def _vote(exemplar: Exemplar, dynamic: np.ndarray, static: np.ndarray) -> ExemplarVote:
    contributions = tuple(
        Contribution(step=step, points=float(d + s), dynamic=float(d), static=float(s))
        for step, d, s in zip(STEP_NAMES, dynamic, static, strict=True)
    )
    return ExemplarVote(
        id=exemplar.id,
        dive_number=exemplar.dive_number,
        board_m=exemplar.board_m,
        score=exemplar.score,
        vote=exemplar.score + sum(c.points for c in contributions),
        contributions=contributions,
    )
