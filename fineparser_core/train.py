"""`python -m fineparser_core.train`: the command `fineparser train`; torchrun may start it."""

import sys

from fineparser_core.commands.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
