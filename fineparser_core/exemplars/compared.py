"""Converts exemplars to records that can be shown beside a dive."""

from fineparser_core.constants import STEP_NAMES
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.types import ComparedDive, MaskTrack, StepSpan


def compared_exemplar(exemplar: Exemplar, masks: MaskTrack | None) -> ComparedDive:
    """An exemplar as a `ComparedDive`, with masks if they are known; the title says whether the dive is rendered."""
    cuts = (exemplar.in_frame, exemplar.first_flight_frame, exemplar.first_entry_frame, exemplar.out_frame + 1)
    first, second, third = (
        StepSpan(name=name, start_frame=start, end_frame=end)
        for name, start, end in zip(STEP_NAMES, cuts[:-1], cuts[1:], strict=True)
    )
    who = f"{exemplar.diver} · " if exemplar.diver else ""
    rendered = ", rendered" if exemplar.synthetic else ""
    title = f"{who}{exemplar.id} · exemplar of {exemplar.score:.1f} points{rendered}"
    return ComparedDive(path=exemplar.clip_path, title=title, steps=(first, second, third), masks=masks)
