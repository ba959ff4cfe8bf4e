"""`fineparser licences`: what others wrote that the program needs, and what their licenses ask for."""

from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands.options import parse
from fineparser_core.commands.output_paths import make_output_folder
from fineparser_core.commands.printing import say, say_written
from fineparser_core.support.atomic import write_whole
from fineparser_core.support.licenses import PAGE_NAME, TEXTS_NAME, license_page, license_texts


@dataclass(frozen=True, kw_only=True)
class LicencesOptions:
    """Prints all packages that the program is made with, their licences, and what these ask for.

    Attributes:
        texts: print the licence texts themselves instead.
        out: folder for both as files, instead of printing.
    """

    texts: bool = False
    out: Path | None = None


def main(argv: list[str]) -> int:
    """Run `fineparser licences`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(LicencesOptions, "licences", argv)
    if args.out is None:
        say(license_texts() if args.texts else license_page())
        return 0
    make_output_folder(args.out)
    for name, text in ((PAGE_NAME, license_page()), (TEXTS_NAME, license_texts())):
        write_whole(args.out / name, text)
        say_written(args.out / name)
    return 0
