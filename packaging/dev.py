"""Sets everything up on a fresh machine, then runs what is asked for: `python packaging/dev.py COMMAND`.

Standard library only; Linux, macOS and Windows. This file alone must be readable for any Python, so that one that
is too old or too new says so in a sentence.
"""

import sys

OLDEST_PYTHON = (3, 11)
# The last that packaging/lock.txt has packages for.
NEWEST_PYTHON = (3, 13)


def main(argv):
    """Run one command; return the process's exit code."""
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        sentence = "FineParser needs Python %d.%d to %d.%d and this is %d.%d: run this with one of those.\n"
        sys.stderr.write(sentence % (OLDEST_PYTHON + NEWEST_PYTHON + sys.version_info[:2]))
        return 1
    import tasks

    return tasks.main(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
