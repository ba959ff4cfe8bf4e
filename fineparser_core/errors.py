"""Errors a person can act on: one sentence with the file, the value and the way out.

Every error carries the process exit code that the command line returns for it.
"""


class FineParserError(Exception):
    """Base of all expected failures; its text is shown to the user as it is."""

    exit_code = 1


class ConfigError(FineParserError):
    """A setting, an option or a dive number that cannot be used."""

    exit_code = 2


class VideoError(FineParserError):
    """A file that is missing, is not a video, or holds too little of one."""

    exit_code = 3


class ExemplarError(FineParserError):
    """No exemplar dive to compare with, or an exemplar library that cannot be read."""

    exit_code = 4


class NoExemplarsError(ExemplarError):
    """The libraries are fine, but hold none of that dive number."""


class CheckpointError(FineParserError):
    """Weights that are missing, damaged, or of another architecture."""

    exit_code = 5


class AnnotationError(FineParserError):
    """An annotation file that is missing, damaged, or holds something it must not."""

    exit_code = 6


class ExportError(FineParserError):
    """A result that could not be written."""

    exit_code = 7


class Cancelled(FineParserError):
    """The user asked to stop; nothing is left behind."""

    exit_code = 130

    def __init__(self, message: str = "Cancelled.") -> None:
        super().__init__(message)
