"""Expected failures, each with a message for the user: the file, the value, and what to do about it.

Every class carries the process exit code that the command line returns for it.
"""


class FineParserError(Exception):
    """Base of all expected failures; the message is shown to the user unchanged."""

    exit_code = 1


class ConfigError(FineParserError):
    """An invalid setting, option or dive number."""

    exit_code = 2


class VideoError(FineParserError):
    """A file that is missing, is not a video, or is too short."""

    exit_code = 3


class ExemplarError(FineParserError):
    """No exemplar to compare with, or an unreadable exemplar library."""

    exit_code = 4


class NoExemplarsError(ExemplarError):
    """The libraries are readable but hold no exemplar of the dive number."""


class CheckpointError(FineParserError):
    """Weights that are missing, damaged, or belong to another architecture."""

    exit_code = 5


class AnnotationError(FineParserError):
    """An annotation file that is missing, damaged, or has invalid content."""

    exit_code = 6


class ExportError(FineParserError):
    """A result that could not be written."""

    exit_code = 7


class Cancelled(FineParserError):
    """The user cancelled the job; it leaves no partial files."""

    exit_code = 130

    def __init__(self, message: str = "Cancelled.") -> None:
        super().__init__(message)
