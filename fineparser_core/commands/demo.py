"""`fineparser demo`: analyses the bundled sample dive, as `fineparser score` would, and keeps what comes out of it."""

import json
from dataclasses import dataclass
from pathlib import Path

from fineparser_core.commands import score
from fineparser_core.commands.options import parse
from fineparser_core.commands.output_paths import make_output_folder
from fineparser_core.errors import VideoError
from fineparser_core.resources import resource


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Analyses the bundled sample dive and writes an annotated clip, the masks and the JSON of it.

    Attributes:
        out: folder for what is written.
    """

    out: Path = Path("demo-output")


def main(argv: list[str]) -> int:
    """Run `fineparser demo`.

    Raises:
        FineParserError: with the sentence for the user and the exit code.
    """
    args = parse(DemoOptions, "demo", argv)
    description = resource("samples", "sample.json")
    if not description.is_file():
        raise VideoError(f"The bundled sample dive {description} is missing: install FineParser again.")
    sample = json.loads(description.read_text(encoding="utf-8"))
    make_output_folder(args.out)
    dive = [str(resource("samples", sample["file"])), "--dive-number", sample["dive_number"]]
    dive += ["--board", str(sample["board_m"])]
    outputs = {"--annotated": "annotated.mp4", "--masks": "masks.npz", "--json": "analysis.json"}
    return score.main(dive + [word for option, name in outputs.items() for word in (option, str(args.out / name))])
