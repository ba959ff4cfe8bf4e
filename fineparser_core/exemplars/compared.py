"""Converts exemplars to records that can be shown beside a dive."""

from fineparser_core.exemplars.records import Exemplar
from fineparser_core.types import ComparedDive, MaskTrack, step_spans


def compared_exemplar(exemplar: Exemplar, masks: MaskTrack | None) -> ComparedDive:
    """An exemplar as a `ComparedDive`, with masks if they are known; the title says whether the dive is rendered."""
    steps = step_spans(
        exemplar.in_frame, exemplar.first_flight_frame, exemplar.first_entry_frame, exemplar.out_frame + 1
    )
    who = f"{exemplar.diver} · " if exemplar.diver else ""
    rendered = ", rendered" if exemplar.synthetic else ""
    title = f"{who}{exemplar.id} · exemplar of {exemplar.score:.1f} points{rendered}"
    return ComparedDive(path=exemplar.clip_path, title=title, steps=steps, masks=masks)
