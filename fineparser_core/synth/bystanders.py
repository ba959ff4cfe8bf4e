"""Bystanders: people who stand, sit or walk, and other divers who wait. They are never part of a mask."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fineparser_core.synth import body as bodies
from fineparser_core.synth import flight
from fineparser_core.synth.body import pose
from fineparser_core.synth.drawing import Figure


class Bystanders:
    """Creates bystanders.

    Args:
        time_s: (T,) times of the frames.
        draw: makes the figure of a body, its joints (T or 1, J, 3) in meters and the gloss of its skin.
    """

    def __init__(self, time_s: np.ndarray, draw: Callable[[bodies.Body, np.ndarray, float], Figure]) -> None:
        self._time_s, self._draw = time_s, draw

    def person(
        self, body: bodies.Body, poses: np.ndarray, place: np.ndarray, facing: float, gloss: float = 0.05
    ) -> Figure:
        """Return a person with given poses.

        Args:
            poses: (T or 1, len(POSE)).
            place: (T or 1, 3) meters, position of the lowest point of the body.
            facing: heading in radians, 0 along x.
        """
        turned = flight.rotate_body(bodies.joints_in_body_frame(body, poses), facing, np.zeros(len(poses)), 0.0, 0.0)
        turned[..., 2] -= turned[..., 2].min(1, keepdims=True)
        return self._draw(body, turned + place[:, None], gloss)

    def standing(
        self, body: bodies.Body, place: np.ndarray, facing: float, rng: np.random.Generator, *, seated: bool = False
    ) -> Figure:
        """Return a person who stands or sits still."""
        return self.person(body, _stance(seated, rng)[None], place[None], facing)

    def walker(self, body: bodies.Body, place: np.ndarray, facing: float, rng: np.random.Generator) -> Figure:
        """Return a walking person who passes `place` in the middle of the clip."""
        swing = np.sin(2 * np.pi * rng.uniform(0.8, 1.1) * self._time_s)
        still = _stance(False, rng)
        poses = np.array([pose(still, hip_l=0.4 * s, hip_r=-0.4 * s, knee_l=0.2 - 0.2 * s) for s in swing])
        ahead = np.array([np.cos(facing), np.sin(facing), 0.0])
        moved = (self._time_s - self._time_s.mean())[:, None] * rng.uniform(0.8, 1.5) * ahead
        return self.person(body, poses, place + moved, facing)

    def diver(self, athlete: bodies.Body, place: np.ndarray, rng: np.random.Generator) -> Figure:
        """Sample another diver, in 65 % of cases dressed like the athlete, who waits, swings the arms or walks."""
        body = bodies.sample_partner(athlete, rng) if rng.random() < 0.65 else bodies.sample_body(rng)
        if rng.random() < 0.3:
            body = replace(body, skin=athlete.skin, hair=athlete.hair)
        facing = float(rng.uniform(0, 2 * np.pi))
        activity = rng.random()
        if activity < 0.15:
            return self.walker(body, place, facing, rng)
        still = _stance(rng.random() < 0.1, rng)
        if activity < 0.5:
            return self.person(body, still[None], place[None], facing, gloss=0.2)
        turn = 2 * np.pi * (rng.uniform(0.25, 0.8) * self._time_s + rng.random())
        arms, bent = rng.uniform(0.3, 2.6), rng.uniform(0.0, 0.6)
        poses = np.array(
            [pose(still, shoulder=arms * (0.5 + 0.5 * s), hip=0.1 + bent * (1 + s) / 2) for s in np.sin(turn)]
        )
        return self.person(body, poses, place[None], facing, gloss=0.2)


def _stance(seated: bool, rng: np.random.Generator) -> np.ndarray:
    arms = {f"shoulder_{s}": rng.choice([0.0, 0.3, 1.4, 3.0], p=[0.6, 0.2, 0.12, 0.08]) for s in "lr"}
    stance = pose(elbow=rng.choice([0.1, 1.6]), neck=rng.normal(0, 0.2), hip=0.05, **arms)
    return pose(stance, hip=1.5, knee=1.45, shoulder=0.6, elbow=0.8) if seated else stance
