"""The bundled exemplars and the coach's own as one: dives of both are candidates."""

from pathlib import Path
from typing import Protocol

from fineparser_core.errors import ExemplarError
from fineparser_core.inference.library import Exemplar, ExemplarEncoding, ExemplarMask, Library
from fineparser_core.inference.own_library import OwnLibrary


class ExemplarSource(Protocol):
    """What comparing needs of one library or of several."""

    @property
    def path(self) -> Path:
        """The file to name in a message."""
        ...

    def dive_numbers(self) -> dict[str, int]: ...

    def exemplars(self, dive_number: str | None = None) -> list[Exemplar]: ...

    def get(self, exemplar_id: str) -> Exemplar: ...

    def mask(self, exemplar_id: str) -> ExemplarMask | None: ...

    def encoding(self, exemplar_id: str, model_id: str) -> ExemplarEncoding | None: ...

    def encoded(self, model_id: str) -> set[str]: ...

    def keep_parse(
        self,
        exemplar_id: str,
        model_id: str,
        encoding: ExemplarEncoding,
        mask: ExemplarMask,
        transitions: tuple[int, int],
    ) -> None: ...

    def close(self) -> None: ...


def open_libraries(folder: Path | None, *, make: bool = False) -> tuple["Libraries", str]:
    """The bundled library and that of a folder, and one sentence where something is amiss with the latter, or "".

    Args:
        folder: of the coach's own library; None: there is none.
        make: make it where it is not there yet.

    Raises: ExemplarError where the bundled one cannot be read.
    """
    own, notice = None, ""
    bundled = Library.open()
    if folder is not None and (make or folder.is_dir()):
        try:
            own = OwnLibrary.open_own(folder)
            notice = own.notice
        except ExemplarError as error:
            notice = str(error)
    return Libraries(bundled, own), notice


class Libraries:
    """A bundled library and one that is edited, read as one.

    Where both have an exemplar of one id, the coach's own counts.

    Attributes:
        own: the coach's; None where it could not be opened.
    """

    def __init__(self, bundled: Library, own: OwnLibrary | None) -> None:
        self.bundled, self.own = bundled, own

    @property
    def path(self) -> Path:
        return self.bundled.path

    @property
    def _all(self) -> list[Library]:
        return [self.bundled, *([self.own] if self.own else [])]

    def dive_numbers(self) -> dict[str, int]:
        """Number of exemplars by dive number."""
        counts: dict[str, int] = {}
        for exemplar in self.exemplars():
            counts[exemplar.dive_number] = counts.get(exemplar.dive_number, 0) + 1
        return dict(sorted(counts.items()))

    def exemplars(self, dive_number: str | None = None) -> list[Exemplar]:
        """As `Library.exemplars`, of both."""
        found = {exemplar.id: exemplar for library in self._all for exemplar in library.exemplars(dive_number)}
        return [found[key] for key in sorted(found)]

    def is_own(self, exemplar_id: str) -> bool:
        """Whether the coach added it, and may change it."""
        return self._holder(exemplar_id) is self.own

    def get(self, exemplar_id: str) -> Exemplar:
        """Raises: ExemplarError where neither has one of that id."""
        return self._holder(exemplar_id).get(exemplar_id)

    def mask(self, exemplar_id: str) -> ExemplarMask | None:
        """The masks of an exemplar; None where none were stored."""
        return self._holder(exemplar_id).mask(exemplar_id)

    def encoding(self, exemplar_id: str, model_id: str) -> ExemplarEncoding | None:
        """The encoding of an exemplar by a model; None where that model has not encoded it yet."""
        return self._holder(exemplar_id).encoding(exemplar_id, model_id)

    def encoded(self, model_id: str) -> set[str]:
        """Ids of the exemplars that a model has encoded."""
        return set().union(*(library.encoded(model_id) for library in self._all))

    def keep_parse(
        self,
        exemplar_id: str,
        model_id: str,
        encoding: ExemplarEncoding,
        mask: ExemplarMask,
        transitions: tuple[int, int],
    ) -> None:
        """As `OwnLibrary.keep_parse`; of a bundled exemplar nothing is kept."""
        self._holder(exemplar_id).keep_parse(exemplar_id, model_id, encoding, mask, transitions)

    def close(self) -> None:
        for library in self._all:
            library.close()

    def _holder(self, exemplar_id: str) -> Library:
        if self.own is not None:
            try:
                self.own.get(exemplar_id)
            except ExemplarError:
                return self.bundled
            return self.own
        return self.bundled
