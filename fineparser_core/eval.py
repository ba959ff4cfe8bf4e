"""`python -m fineparser_core.eval`: the command `fineparser evaluate`."""

import sys

from fineparser_core.commands.cli import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
