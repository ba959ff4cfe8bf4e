"""Entry of the frozen app."""

import multiprocessing
import sys

from fineparser_gui.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
