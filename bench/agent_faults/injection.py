"""
Servers in which one function of the agent fails, asked a fixed set of requests.
"""

import mmap
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hasten_runtime
from bench.agent_faults.points import Seen, read
from bench.differential.applications import Application
from bench.differential.arms import BARE, RULES, Server, started, wait
from bench.differential.asking import HOST, Exchange, Request, said, upgrade
from bench.differential.judging import but_for_the_rules, shown
from bench.differential.wire import Told, tell

RUNTIME = Path(hasten_runtime.__file__).parent
INJECTOR = Path(__file__).with_name("injector")
KINDS = ("Exception", "MemoryError", "RecursionError")
SIZE = 512
#: A snapshot is written by a thread of its own, soon.
HIT_S = 1.5
GZIP = ("Accept-Encoding", "gzip, br")
KEY = "k" * 20
#: At most so long the policy is not looked at.
LOOK_EVERY_S = 0.3


def exchanges(drivers: Sequence[str], interface: str) -> list[Exchange]:
    """
    What is asked in each round: something for every rule, every way of an answer, and every driver.
    """
    is_asgi = interface == "asgi"
    stream, middle = ("/stream/pieces", "/broken/middle") if is_asgi else ("/stream/generator", "/broken/middle")
    asked = [
        ("GET", "/", GZIP), ("GET", "/page?q=list", GZIP, ("Cookie", "a=1")), ("GET", "/app-3f2a1b9c.js", GZIP),
        ("HEAD", "/", GZIP), ("GET", "/", ("If-None-Match", "*")), ("GET", "/tagged", ("If-None-Match", '"v1"')),
        ("GET", "/app-3f2a1b9c.js", ("If-Modified-Since", "Mon, 02 Jan 2040 10:00:00 GMT")), ("GET", "/large", GZIP),
        ("GET", "/", GZIP, ("Hasten-Arm", f"{KEY}:candidate")), ("GET", "/missing", GZIP), ("GET", stream, GZIP),
        ("GET", middle, GZIP), ("GET", "/broken/before"), ("GET", "/cookies", GZIP), ("GET", "/picture"),
        ("GET", "/items/7"), ("GET", "/broken/begun"), ("GET", "/fork"),
        *(("GET", f"/rows/{driver}", GZIP) for driver in drivers),
    ]  # fmt: skip
    close = ("Connection", "close")
    found = [Exchange("once", (Request(method, path, (HOST, close, *more)),)) for method, path, *more in asked]
    posted = Request("POST", "/upload/whole", (HOST, close, ("Content-Length", "5000")), b"x" * 5000)
    found.append(Exchange("once", (posted,)))
    if is_asgi:
        frames = said(random.Random(1))
        found.append(Exchange("talks", (Request("GET", "/ws/open?all", upgrade()),), frames=frames))
    else:
        found += [
            Exchange("once", (Request("GET", path, (HOST, close, GZIP)),))
            for path in ("/stream/write", "/stream/list", "/broken/replaced", "/broken/first", "/file/whole")
        ]
    return found


class Control:
    """
    The few bytes of memory that tell a server's processes what is to fail.
    """

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self.path = path

    def arm(self, kind: str = "", name: str = "") -> None:
        """
        That function fails from now on; without a name none does.
        """
        self._memory[4:] = (bytes(4) + f"{kind} {name}".encode()).ljust(SIZE - 4, b"\0")
        self._memory[:4] = (int.from_bytes(self._memory[:4], "little") + 1).to_bytes(4, "little")

    @property
    def hits(self) -> int:
        """
        How often it has failed.
        """
        return int.from_bytes(self._memory[4:8], "little")


@dataclass
class Outcome:
    """
    What came of one point.

    wrong: How an answer differs, or why there is none; nothing where the application answered as before.
    said: What the agent said of it on standard error.
    hits: How often it failed.
    """

    point: str
    kind: str
    wrong: str
    said: list[str]
    hits: int

    @property
    def verdict(self) -> str:
        """
        In a word.
        """
        if self.wrong and "codings:" in self.point and self.said:
            # A part of it is out, compressed, and nobody can compress the rest.
            return "cut short"
        if self.wrong:
            return "answers differ"
        if not self.hits:
            return "not reached"
        if not self.said:
            return "silent"
        return "as before" if len(self.said) == len(set(self.said)) else "says it again and again"


@contextmanager
def injected(
    application: Application, folder: Path, control: Control, seen: Path | None = None, **environment: str
) -> Iterator[Server]:
    """
    A server whose agent can be made to fail; it has every rule to obey.
    """
    more = {
        "PYTHONPATH": str(INJECTOR),
        "HASTEN_INJECT": str(control.path),
        "HASTEN_INJECT_RUNTIME": str(RUNTIME),
        # Whatever can be traced is.
        "HASTEN_TRACES_SHARE": "0.5",
        **({"HASTEN_INJECT_SEEN": str(seen)} if seen else {}),
        **environment,
    }
    with started(application, RULES, folder, **more) as server:
        wait(server)
        yield server


class Round:
    """
    One application, its fixed set of requests, and what is answered without the agent.
    """

    def __init__(self, application: Application, asked: list[Exchange], folder: Path, **environment: str) -> None:
        self.application = application
        self.asked = asked
        self.folder = folder
        self.environment = environment
        with started(application, BARE, folder / "bare", **environment) as bare:
            wait(bare)
            self.plain = [tell(bare.port, exchange) for exchange in asked]

    def recorded(self) -> tuple[list[str], list[str]]:
        """
        The points that a server passes at its start only, and those that it passes while it answers.
        """
        folder = self.folder / "recorded"
        folder.mkdir()
        seen, control = folder / "seen", Control(folder / "control")
        seen.touch()
        with injected(self.application, folder, control, seen, **self.environment) as server:
            begun = 0
            for _ in range(2):
                begun = seen.stat().st_size
                control.arm()
                self._touch(server)
                for exchange in self.asked:
                    tell(server.port, exchange)
                time.sleep(HIT_S)
        # Reports of the policy's workers are written where the server starts and at each request of ours.
        whole, warm = read(seen), read(seen, begun)
        everything = Seen(whole.inner, whole.entry, whole.out).points()
        passed = set(warm.inner)
        return [name for name in everything if name not in passed], [name for name in everything if name in passed]

    def warm(self, points: Sequence[str], kinds: Sequence[str]) -> Iterator[Outcome]:
        """
        Each of the points fails in a server that runs, one after the other.
        """
        folder = self.folder / "warm"
        folder.mkdir(exist_ok=True)
        control = Control(folder / "control")
        with injected(self.application, folder, control, **self.environment) as server:
            control.arm()
            # The last look at the policy was not put off by what is armed.
            time.sleep(LOOK_EVERY_S)
            for exchange in self.asked:
                tell(server.port, exchange)
            for kind in kinds:
                for point in points:
                    yield self._outcome(server, control, kind, point)

    def boot(self, points: Sequence[str], kinds: Sequence[str]) -> Iterator[Outcome]:
        """
        Each of the points fails from the start of a server of its own.
        """
        for number, (kind, point) in enumerate((kind, point) for kind in kinds for point in points):
            folder = self.folder / f"boot-{number}"
            folder.mkdir()
            control = Control(folder / "control")
            control.arm(kind, point)
            try:
                with injected(self.application, folder, control, **self.environment) as server:
                    wrong = self._asked(server)
                    yield Outcome(point, kind, wrong, server.complaints, control.hits)
            except RuntimeError as error:
                yield Outcome(point, kind, str(error), [], control.hits)

    def _outcome(self, server: Server, control: Control, kind: str, point: str) -> Outcome:
        before = len(server.complaints)
        control.arm(kind, point)
        self._touch(server)
        wrong = self._asked(server)
        until = time.monotonic() + HIT_S
        while not control.hits and time.monotonic() < until:
            time.sleep(0.01)
        if server.process.poll() is not None:
            wrong = "the server is gone"
        return Outcome(point, kind, wrong, server.complaints[before:], control.hits)

    def _asked(self, server: Server) -> str:
        for exchange, plain in zip(self.asked, self.plain, strict=True):
            try:
                told: Told = tell(server.port, exchange)
            except OSError as error:
                return f"{exchange.requests[0].target}: no answer: {error!r}"
            difference = but_for_the_rules(exchange, plain, told)
            if difference:
                return shown(exchange, plain, told, difference)
        return ""

    def _touch(self, server: Server) -> None:
        path = server.state / "policy" / "policy.json"
        os.utime(path)
