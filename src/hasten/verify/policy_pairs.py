"""
A policy's trial while the candidate is in place: the server by itself, and the pairs of arms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from hasten.errors import NoData
from hasten.model import PLANNED_PAIRS, Block, Effect, Where
from hasten.verify import statistics
from hasten.verify.policy_pacing import Pacing, turns_of
from hasten.verify.policy_setting import Setting
from hasten.verify.tally import Tally
from hasten.world.load.duet import Answers, Duet, Turn, duet

#: Pairs of each request straight to the server.
SERVER_PAIRS = 12
TIME_AT_SERVER = "hasten.server.time"


@dataclass(frozen=True)
class Server:
    """
    What the touched requests cost the server, without any network: seconds of each in control, and the effect.
    """

    seconds: list[float]
    effect: Effect | None


def at_the_server(setting: Setting, seed: int) -> Server:
    """
    Each touched request went straight to the server, in pairs one after the other.

    Raises:
        NoData: no request is answered alike by both arms.
    """
    count, seen, blocks = len(setting.touched), Tally(), []
    with duet(setting.plans(setting.app.url), setting.renewing()) as both:
        for index in range(SERVER_PAIRS):
            turns = [Turn(0.0, 2 * request + (index + request) % 2) for request in range(count)]
            told = [each for turn in turns for each in control_first([turn], both.play([turn]))]
            blocks.append(setting.block(seen, turns, told, index))
    names = [name for name in {each.name for each in setting.touched} if all(name in block.control for block in blocks)]
    if not names:
        raise NoData("no request is answered alike by both arms", hint="; ".join(seen.notes()))
    where = Where(kind="process", name="server")
    effect = statistics.effect_of(blocks, {}, seed, metric=TIME_AT_SERVER, where=where)

    def mean_s(name: str) -> float:
        return math.fsum(block.control.get(name, 0.0) for block in blocks) / len(blocks)

    return Server([mean_s(each.name) for each in setting.touched], effect)


def travel(setting: Setting, both: Duet) -> list[float]:
    """
    Seconds of each touched request in control, all of them under way together.
    """
    told = both.play([Turn(0.0, 2 * request) for request in range(len(setting.touched))])
    return [control.seconds for control, _ in told]


class Pairs:
    """
    The pairs of a trial: those up to the next look are asked in one go, and handed out one by one.

    Args:
        most: How many there will be at most.
    """

    def __init__(
        self, setting: Setting, both: Duet, pacing: Pacing, seed: int, *, most: int = PLANNED_PAIRS[-1]
    ) -> None:
        self._setting, self._both, self._pacing, self._seed, self._most = setting, both, pacing, seed, most
        self._ready: dict[int, tuple[list[Turn], Answers]] = {}

    def play(self, index: int, _control_first: bool) -> Block:
        """
        Pair number `index`. The driver's order is not used: it is drawn for every request.
        """
        if index not in self._ready:
            self._ask(index)
        turns, told = self._ready.pop(index)
        found = self._setting.block(self._setting.tally, turns, told, index)
        return msgspec.structs.replace(found, seconds=self._pacing.pair_s)

    def _ask(self, first: int) -> None:
        setting = self._setting
        per_pair = [
            turns_of(len(setting.touched), setting.others, self._pacing, index, self._seed)
            for index in range(first, min(first + PLANNED_PAIRS[0], self._most))
        ]
        turns = [turn for each in per_pair for turn in each]
        told = control_first(turns, self._both.play(turns))
        for index, own in enumerate(per_pair, start=first):
            self._ready[index] = (own, told[: len(own)])
            told = told[len(own) :]


def control_first(turns: Sequence[Turn], told: Answers) -> Answers:
    """
    The answers with control's first: requests of odd number went the other way round.
    """
    return [each if turn.request % 2 == 0 else (each[1], each[0]) for turn, each in zip(turns, told, strict=True)]
