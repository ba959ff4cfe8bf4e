"""`fineparser data`: looks at a data set, or makes a data set of a table and videos."""

import importlib

from fineparser_core.commands.printing import say
from fineparser_core.errors import ConfigError

_USAGE = (
    "usage: fineparser data check|import ...\n\n"
    "fineparser data check DATA      say what a data set has, lacks and gets wrong\n"
    "fineparser data import TABLE    make a data set of a table of judged dives (CSV) and their videos\n"
    "\nEach has a --help of its own."
)


def main(argv: list[str]) -> int:
    """Run `check` or `import`."""
    if argv[:1] in (["--help"], ["-h"]):
        say(_USAGE)
        return 0
    if argv[:1] not in (["check"], ["import"]):
        raise ConfigError(
            "A data set can be checked or imported: write `fineparser data check FOLDER` or `fineparser data import "
            "dives.csv --out dives.json`."
        )
    module = importlib.import_module(f"fineparser_core.commands.data_{argv[0]}")
    return int(module.main(argv[1:]))
