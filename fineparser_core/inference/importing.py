"""A clip becomes an exemplar of the coach's own: checked, copied, encoded, and stored in one piece."""

from typing import Protocol

from fineparser_core.inference.exemplar_facts import ExemplarFacts, check_facts
from fineparser_core.inference.library import Exemplar, ExemplarEncoding, ExemplarMask
from fineparser_core.inference.own_library import OwnLibrary
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress
from fineparser_core.resources import resource
from fineparser_core.types import Clip, DiveParse, Encoding, ModelIdentity


class ExemplarEncoder(Protocol):
    """What of an `Analyzer` a library needs; named here, as that one brings torch along."""

    model: ModelIdentity

    def parse(
        self, clip: Clip, *, progress: ProgressCallback = ..., cancel: CancelToken | None = ...
    ) -> tuple[DiveParse, Encoding]: ...

    def compact(self, encoding: Encoding) -> ExemplarEncoding: ...

    def exemplar_encoding(
        self, exemplar: Exemplar, *, progress: ProgressCallback = ..., cancel: CancelToken | None = ...
    ) -> ExemplarEncoding: ...


def import_exemplar(
    analyzer: ExemplarEncoder,
    library: OwnLibrary,
    clip: Clip,
    facts: ExemplarFacts,
    *,
    parsed: tuple[DiveParse, Encoding] | None = None,
    corrected: bool = False,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Exemplar:
    """Adds a clip with its official score to the library.

    Args:
        parsed: what `Analyzer.parse` found in the clip, where that is known.
        corrected: a person placed the transitions of `parsed`, and other weights shall not move them.
        progress: called with the stages "copy", and "read" and "parse" where the clip is not parsed yet.

    Raises:
        ConfigError: for facts that cannot be.
        VideoError: where the clip cannot be read.
        ExemplarError: where the library cannot be written.
        Cancelled: once the token is set; the library is as it was.
    """
    facts = check_facts(facts)
    parse, encoding = parsed or analyzer.parse(clip, progress=progress, cancel=cancel)
    exemplar = Exemplar(
        id=library.new_id(clip.path.stem),
        dive_number=facts.dive_number,
        board_m=facts.board_m,
        score=facts.score,
        clip_path=library.store_clip(clip.path, progress=progress, cancel=cancel),
        in_frame=clip.in_frame,
        out_frame=clip.out_frame,
        first_flight_frame=parse.transitions.first_flight_frame,
        first_entry_frame=parse.transitions.first_entry_frame,
        synthetic=resource() in clip.path.resolve().parents,  # the sample dive
        diver=facts.diver,
        dived_on=facts.dived_on,
        synchro=facts.synchro,
        corrected=corrected,
    )
    library.add_new(exemplar, ExemplarMask.of(parse), analyzer.model.id, analyzer.compact(encoding))
    return exemplar
