"""Exemplars as what can be shown beside a dive."""

from fineparser_core.inference.library import Exemplar, Library
from fineparser_core.types import STEP_NAMES, Analysis, ComparedDive, MaskTrack, StepSpan


def compared_exemplar(library: Library, exemplar: Exemplar) -> ComparedDive:
    """An exemplar with its steps and, where the library has them, its masks; its title says whether it is rendered.

    Raises:
        ExemplarError: the library cannot be read.
    """
    cuts = (exemplar.in_frame, exemplar.first_flight_frame, exemplar.first_entry_frame, exemplar.out_frame + 1)
    first, second, third = (
        StepSpan(name=name, start_frame=start, end_frame=end)
        for name, start, end in zip(STEP_NAMES, cuts[:-1], cuts[1:], strict=True)
    )
    mask = library.mask(exemplar.id)
    track = mask and MaskTrack(
        sampled_frames=mask.sampled_frames, mask_probability=mask.mask_probability, crop_xyxy=mask.crop_xyxy
    )
    rendered = ", rendered" if exemplar.synthetic else ""
    title = f"{exemplar.id} · exemplar of {exemplar.score:.1f} points{rendered}"
    return ComparedDive(path=exemplar.clip_path, title=title, steps=(first, second, third), masks=track)


def best_exemplar(library: Library, analysis: Analysis) -> Exemplar | None:
    """Of the exemplars that voted the one with the highest score, real before rendered; None without a score.

    Raises:
        ExemplarError: the library cannot be read, or does not hold them.
    """
    if analysis.scoring is None:
        return None
    voted = [library.get(vote.id) for vote in analysis.scoring.exemplars]
    return max(voted, key=lambda exemplar: (not exemplar.synthetic, exemplar.score), default=None)
