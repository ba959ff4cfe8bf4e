"""`python -m fineparser_core.eval`, which `torchrun` can start: the command `fineparser eval`."""

import sys

from fineparser_core.commands.cli import main

if __name__ == "__main__":
    sys.exit(main(["eval", *sys.argv[1:]]))
