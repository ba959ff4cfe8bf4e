"""Sets everything up on a fresh machine, then runs what is asked for: `python packaging/dev.py COMMAND`.

Standard library only; Linux, macOS and Windows. This file alone must be readable for any Python, so that one that
is too old says so in a sentence.
"""

import sys

OLDEST_PYTHON = (3, 11)


def main(argv):
    """Runs one command; returns the process's exit code."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        sentence = "FineParser needs Python %d.%d or newer and this is %d.%d: run this with a newer one.\n"
        sys.stderr.write(sentence % (OLDEST_PYTHON + sys.version_info[:2]))
        return 1
    import tasks

    return tasks.main(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
