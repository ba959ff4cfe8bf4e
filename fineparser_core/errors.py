"""Expected failures, each with a message for the user: the file, the value, and what to do about it.

Every class carries the process exit code that the command line returns for it; `ExitCode` has them all.
"""

from enum import IntEnum

from fineparser_core.language import Phrase
from fineparser_core.printable import printable


class ExitCode(IntEnum):
    """Exit codes of a command; `meaning` is the text of the documents."""

    meaning: str

    DONE = 0, "done"
    UNEXPECTED = 1, "unexpected failure; the message names the log file"
    USAGE = (
        2,
        "usage: an option, a setting or a dive number that cannot be used, or a run's folder that holds another run",
    )
    VIDEO = 3, "bad video: missing, not a video, truncated, fewer than 16 frames"
    EXEMPLARS = (
        4,
        "no exemplars of the dive number (what was measured is there, a score is not), or no exemplar library",
    )
    WEIGHTS = 5, "weights missing, damaged or of another architecture"
    ANNOTATIONS = 6, "data set: annotations missing or damaged, or no dive that can be read"
    OUTPUT = 7, "output that cannot be written, or no space for the cache"
    NOT_A_DIVE = (
        8,
        "the clip is not a dive, is cut wrongly, shows no diver or surely another dive than was given: phases and "
        "masks are there, a score is not (`--force` gives one)",
    )
    CANCELLED = 130, "cancelled (Ctrl+C, SIGTERM); no half-written file is left"
    READER_GONE = 141, "the reader of a pipe went away"

    def __new__(cls, code: int, meaning: str) -> "ExitCode":
        """Return a code with its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member


class FineParserError(Exception):
    """Base of all expected failures: a template and its values, see `Phrase`; its text is shown to the user."""

    exit_code: int = ExitCode.UNEXPECTED

    def __init__(self, template: str = "", *values: object) -> None:
        self.phrase = template if isinstance(template, Phrase) else Phrase(printable(template), *values)
        super().__init__(self.phrase)


#: Beginnings of what PyTorch, CUDA and OpenCV say where NumPy and Python raise MemoryError.
_NO_MEMORY = (
    "[enforce fail at alloc",
    "CUDA out of memory",
    "Insufficient memory",
    "Failed to allocate",
    "bad allocation",
)


def no_memory(error: Exception) -> FineParserError | None:
    """Return the error of a computer without enough memory if an exception says so, else None."""
    told = str(error)
    if not (isinstance(error, MemoryError) or any(words in told for words in _NO_MEMORY)):
        return None
    return FineParserError("There is not enough memory: close other programs, or take a shorter or smaller video.")


class ConfigError(FineParserError):
    """An invalid setting, option or dive number."""

    exit_code = ExitCode.USAGE


class VideoError(FineParserError):
    """A file that is missing, is not a video, or is too short."""

    exit_code = ExitCode.VIDEO


class NoDiveError(VideoError):
    """Error for a recording without a dive that is too long to be analyzed whole."""


class ExemplarError(FineParserError):
    """No exemplar to compare with, or an unreadable exemplar library."""

    exit_code = ExitCode.EXEMPLARS


class NoExemplarsError(ExemplarError):
    """The libraries are readable but hold no exemplar of the dive number."""


class CheckpointError(FineParserError):
    """Weights that are missing, damaged, or belong to another architecture."""

    exit_code = ExitCode.WEIGHTS


class AnnotationError(FineParserError):
    """An annotation file that is missing, damaged, or has invalid content."""

    exit_code = ExitCode.ANNOTATIONS


class ExportError(FineParserError):
    """A result that could not be written."""

    exit_code = ExitCode.OUTPUT


class Cancelled(FineParserError):
    """The user cancelled the job; it leaves no partial files."""

    exit_code = ExitCode.CANCELLED

    def __init__(self, template: str = "Cancelled.", *values: object) -> None:
        super().__init__(template, *values)
