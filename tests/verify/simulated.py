"""
Pairs as a drifting machine would give them, for the tests of the judge.
"""

from collections.abc import Callable

import numpy as np

from hasten.model import Block


def block(index: int, control: float, candidate: float, requests: int = 0) -> Block:
    """
    A block with one route, and as many single latencies as requests.
    """
    samples = ([control] * requests, [candidate] * requests)
    return Block(
        index=index,
        order="",
        control={"a": control},
        candidate={"a": candidate},
        control_samples={"a": samples[0]} if requests else {},
        candidate_samples={"a": samples[1]} if requests else {},
    )


def machine(effect: float, noise: float, seed: int) -> Callable[[int, bool], Block]:
    """
    Plays pairs whose candidate takes `effect` times as long, with a noise of this deviation per arm.
    """
    random = np.random.default_rng(seed)

    def play(index: int, _control_first: bool) -> Block:
        control, candidate = random.lognormal(0, noise, 2) * (1.0, effect)
        return block(index, float(control), float(candidate))

    return play


class Clock:
    """
    Stands still until it is set.
    """

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        """
        The time now.
        """
        return self.at_s
