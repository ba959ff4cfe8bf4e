"""A second program at the same library: `python second_writer.py FOLDER NAME COUNT`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from exemplar_kit import MODEL_ID, add, encoding, mask

from fineparser_core.exemplars.records import ExemplarFacts
from fineparser_core.exemplars.store import ExemplarStore


def main():
    folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with ExemplarStore.open_own(folder) as library:
        print("open", flush=True)
        sys.stdin.readline()  # both begin together
        for i in range(count):
            made = add(library, f"{name}-{i:02d}")
            library.edit(made.id, ExemplarFacts(dive_number="207c", board_m=10.0, score=50.0 + i, diver=name))
            if i % 3 == 2:
                library.remove(made.id)
            library.keep_parse(made.id, MODEL_ID, encoding(i), mask(), (21, 61))


if __name__ == "__main__":
    main()
