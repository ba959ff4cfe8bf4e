"""Two programs write into one store and are killed at random moments: what they had done is there, always."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from store_kit import dives_of, number_of
from writing_child import N_VIDEOS

from fineparser_gui.store.store import Store, look_after

HERE = Path(__file__).resolve().parent


class Writers:
    """Two writers of a store, each begun again after its kill.

    Args:
        left_s: gives the time that the test may still wait, in seconds.
    """

    def __init__(self, folder, left_s):
        self.path, self._left_s = folder / "dives.sqlite", left_s
        self._logs = [folder / f"{writer}.log" for writer in range(2)]
        self._random, self._running = Random(51), {}
        for writer, log in enumerate(self._logs):
            log.touch()
            self._begin(writer)

    def kill(self):
        """Kill one or both at a random moment, most often after a few changes, and see what the store holds."""
        victims = [0, 1] if self._random.random() < 0.3 else [self._random.randrange(2)]
        if self._random.random() < 0.9:
            for victim in victims:
                self._wait_for_changes(victim, self._random.randrange(1, 8))
        time.sleep(self._random.uniform(0, 0.02))
        self.end(victims)
        self.check()
        for victim in victims:
            self._begin(victim)

    def sleep(self):
        """Stop one or both in the middle of what they do, see what the store holds, and let them go on."""
        sleepers = [0, 1] if self._random.random() < 0.3 else [self._random.randrange(2)]
        for writer in sleepers:
            self._wait_for_changes(writer, self._random.randrange(1, 8))
        time.sleep(self._random.uniform(0, 0.02))
        for writer in sleepers:
            self._running[writer].send_signal(signal.SIGSTOP)
        self.check()
        for writer in sleepers:
            self._running[writer].send_signal(signal.SIGCONT)
        for writer in range(2):
            self._wait_for_changes(writer, 2)

    def end(self, writers):
        for writer in writers:
            assert self._running[writer].poll() is None, "it ended by itself"
            self._running[writer].kill()
        for writer in writers:
            self._running[writer].wait()

    def check(self):
        """Every video has the dive that was last done, or one that was begun since."""
        done = [self._told(writer)[0] for writer in range(2)]
        with closing(Store(self.path)) as store:
            assert store.notice == ""
            found = {number_of(one): one.note for one in dives_of(store).values()}
        for writer in range(2):
            begun = self._told(writer)[1]
            for video in range(writer * N_VIDEOS, (writer + 1) * N_VIDEOS):
                n_done, state = done[writer].get(video, (0, None))
                states = begun.get(video, [])
                allowed = [state, *states[n_done:]]
                if "again" in allowed:
                    allowed += ["", *filter(None, states)]
                assert found.get(video) in allowed, f"clip {video}"

    def _begin(self, writer):
        paths = os.pathsep.join(map(str, [HERE.parents[1], HERE.parent, HERE]))
        command = [sys.executable, str(HERE / "writing_child.py"), str(self.path), str(self._logs[writer]), str(writer)]
        seed = str(self._random.randrange(10**9))
        self._running[writer] = subprocess.Popen([*command, seed], env={**os.environ, "PYTHONPATH": paths})

    def _wait_for_changes(self, writer, n_more):
        n_before = self._logs[writer].read_bytes().count(b"done")
        while self._logs[writer].read_bytes().count(b"done") < n_before + n_more:
            assert self._running[writer].poll() is None, "it ended by itself"
            assert self._left_s(), "it writes nothing"
            time.sleep(0.005)

    def _told(self, writer):
        """By video: how many changes are done, with the state after the last one; and the states that were begun."""
        done: dict[int, tuple[int, Any]] = {}
        begun: dict[int, list[Any]] = {}
        video = -1
        for line in self._logs[writer].read_text(encoding="utf-8").splitlines(keepends=True):
            if line == "done\n":
                done[video] = len(begun[video]), begun[video][-1]
            elif line.endswith("\n"):
                video, state = json.loads(line)
                begun.setdefault(video, []).append(state)
        return done, begun


@pytest.fixture
def writers(folder, left_s):
    made = Writers(folder, left_s)
    yield made
    made.end([0, 1])
    made.check()
    assert look_after(made.path) == ""
    assert not list(folder.glob("*-damaged-*"))


@pytest.mark.parametrize("n", [6, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_kills_lose_nothing_that_was_done(writers, n):
    for _ in range(n):
        writers.kill()


@pytest.mark.skipif(os.name == "nt", reason="Windows stops no process")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("n", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_writers_that_sleep_in_the_middle_of_a_write_go_on(writers, n):
    for _ in range(n):
        writers.sleep()
