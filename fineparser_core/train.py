"""`python -m fineparser_core.train`, which `torchrun` can start: the command `fineparser train`."""

import sys

from fineparser_core.commands.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
