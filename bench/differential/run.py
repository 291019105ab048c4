"""
One application: asked the same in every arm, and judged.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.differential.applications import Application
from bench.differential.arms import AGAIN, BARE, RULES, Server, serving
from bench.differential.asking import Exchange, exchanges
from bench.differential.cutting import is_cut, repeated, unlike
from bench.differential.judging import Judge, but_for_the_rules, exactly, shown
from bench.differential.wire import Told, tell

#: So often a case that differs is asked again, to see whether the server alone differs, too.
TRIES = 30
#: Of the cases that differ, so many are shown.
MOST_SHOWN = 5


@dataclass
class Result:
    """
    What came of one application.

    Attributes:
        requests: How many were asked in each arm.
        different: arm → exchanges that differ from those without the agent.
        by_chance: Cases that a server answers in several ways by itself, and in no other way with the agent.
        rewritten: Answers that the rules have changed as they may.
        statuses: What was answered, by status.
        shown: The first cases that differ, for people.
        complaints: What the agents had to say.
    """

    name: str
    requests: int = 0
    different: dict[str, int] = field(default_factory=dict)
    by_chance: int = 0
    rewritten: int = 0
    statuses: set[int] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    workers: dict[str, int] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """
        Whether nothing differs, the agents were there and had nothing to say, and the rules had something to do.
        """
        is_there = all(count > 0 for arm, count in self.workers.items() if arm not in (BARE, AGAIN))
        is_alone = all(count == 0 for arm, count in self.workers.items() if arm in (BARE, AGAIN))
        has_worked = RULES not in self.different or self.rewritten > 0
        return not any(self.different.values()) and not self.complaints and is_there and is_alone and has_worked


def compared(application: Application, arms: Sequence[str], count: int, seed: int, folder: Path) -> Result:
    """
    So many requests were asked in each arm, and each answer compared with the one without the agent.
    """
    with serving(application, arms, folder) as servers:
        return judged(application.name, servers, exchanges(application, count, seed))


def judged(name: str, servers: dict[str, Server], asked: Iterable[Exchange]) -> Result:
    """
    The same for servers that run.
    """
    result = Result(name, different={arm: 0 for arm in servers if arm != BARE})
    with ThreadPoolExecutor(len(servers)) as pool:
        for exchange in asked:
            coming = {arm: pool.submit(tell, server.port, exchange) for arm, server in servers.items()}
            told = {arm: each.result() for arm, each in coming.items()}
            if told[BARE].is_silent and not (again := tell(servers[BARE].port, exchange)).is_silent:
                # A server's own race: it stands for nothing.
                result.by_chance += 1
                told[BARE] = again
            result.requests += max(1, len(exchange.requests))
            result.statuses |= {each.status for each in told[BARE].answers.found}
            for arm in result.different:
                _judge(result, exchange, told, arm, servers)
    result.complaints = [line for server in servers.values() for line in server.complaints]
    result.workers = {arm: len(server.reports) for arm, server in servers.items()}
    return result


def _judge(result: Result, exchange: Exchange, told: dict[str, Told], arm: str, servers: dict[str, Server]) -> None:
    judge = but_for_the_rules if arm == RULES else exactly
    plain, other = told[BARE], told[arm]
    seen = difference = judge(exchange, plain, other)
    if exchange.ends and is_cut(plain):
        bare, armed = (repeated(told[each], servers[each], exchange) for each in (BARE, arm))
        difference = unlike(judge, exchange, bare, armed)
    elif seen and not exchange.case and _is_chance(judge, exchange, servers[BARE], servers[arm]):
        difference = ""
    if difference:
        result.different[arm] += 1
        if len(result.shown) < MOST_SHOWN:
            result.shown.append(f"{result.name}, {arm}: {shown(exchange, plain, other, difference)}")
    elif seen:
        result.by_chance += 1
    elif arm == RULES:
        pairs = zip(plain.answers.found, other.answers.found, strict=False)
        result.rewritten += sum(one.headers != two.headers for one, two in pairs)


def _is_chance(judge: Judge, exchange: Exchange, plain: Server, other: Server) -> bool:
    """
    Whether the server without the agent says both by itself, asked again and again: a race of its own.
    """
    said = [tell(plain.port, exchange) for _ in range(TRIES)]
    seen = [tell(other.port, exchange) for _ in range(TRIES)]
    differs_by_itself = any(exactly(exchange, said[0], each) for each in said)
    return differs_by_itself and all(any(not judge(exchange, one, each) for one in said) for each in seen)
