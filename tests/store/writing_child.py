"""Changes dives of a store at random until it is killed; its log tells which changes were begun, and which are done."""

import json
import sys
from pathlib import Path
from random import Random

from store_kit import add, dives_of, number_of, set_note

from fineparser_gui.store.store import Store

#: Videos of a writer.
N_VIDEOS = 20


def main(path, log, writer, seed):
    """Log a line of JSON before each change (the video, and the note of its dive) and "done" after it.

    Of a dive that comes back, "again" stands for what it had before.
    """
    random, store = Random(seed), Store(path)
    with log.open("a", encoding="utf-8", buffering=1) as told:
        while True:
            video = writer * N_VIDEOS + random.randrange(N_VIDEOS)
            dive = next((one for one in dives_of(store).values() if number_of(one) == video), None)
            note = f"note {random.random()}"
            if dive is None:
                print(json.dumps([video, "again"]), file=told)
                add(store, video)
            elif (way := random.randrange(3)) == 0:
                print(json.dumps([video, note]), file=told)
                set_note(store, dive, note)
            else:
                print(json.dumps([video, None]), file=told)
                store.remove([dive.id])
                if way == 2:
                    print("done", json.dumps([video, dive.note]), sep="\n", file=told)
                    store.restore([dive.id])
            print("done", file=told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
