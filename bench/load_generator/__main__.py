"""
Reported against injected delays: Hasten's open-loop generator beside closed-loop ones, interleaved on one server.

A closed loop is compared with the delays that users would see who come at their own times: those of the open-loop
arm of the same round. Errors are fractions: |reported - injected| / injected.
usage: python -m bench load_generator [--rounds 2] [--seconds 60] [--rate 500]
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.load_generator import arms
from bench.load_generator.arms import Seen
from bench.load_generator.server import MEDIAN_S, SIGMA, STALL_EVERY_S, STALL_S
from bench.tables import finish, show

#: The open-loop arm of a busy moment is run again, as long as everything stays below this.
BUDGET_S = 335.0
#: Of the time of the open-loop arm; a whole number of the server's periods.
OTHERS_SHARE = 2 / 3
LATE_SHARE = 0.2
#: Above this Hasten refuses to tell (observe.api): such a round counts only where there is no other.
REFUSED_SHARE = 0.5
QUANTILES = ("p50", "p95", "p99")
ORDER = ("injected", "Hasten", "closed loop", "Locust", "wrk")


@dataclass
class Options:
    """
    What is asked for, and how much time is left for it.
    """

    rounds: int
    seconds: float
    rate: float
    ends_at: float
    repeated: int = 0
    sent: int = 0
    rejected_share: float = 0.0
    refused: set[int] = field(default_factory=set)

    @property
    def others_s(self) -> float:
        """
        How long each closed loop runs.
        """
        return self.seconds * OTHERS_SHARE


@contextmanager
def server() -> Iterator[int]:
    """
    The server's port; the server is gone at the end of the block.
    """
    command = [sys.executable, "-m", "bench.load_generator.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.terminate()


def error(reported: float | None, injected: float | None) -> float | None:
    """
    How far off, as a fraction of the truth.
    """
    return None if reported is None or not injected else abs(reported - injected) / injected


def open_arm(port: int, number: int, options: Options) -> dict[str, Seen]:
    """
    What was injected and what Hasten reported; run again while the machine is busy and there is time.
    """
    rest = (options.rounds - number - 1) * (options.seconds + 2 * options.others_s) + 2 * options.others_s
    attempt = 0
    while True:
        arm = f"open-{number}-{attempt}"
        reported, injected, result = arms.open_loop(port, arm, options.rate, options.seconds, seed=number + 1)
        late_ms = 1000 * (result.lateness().p99 or 0)
        print(f"  Hasten: windows rejected {result.rejected_share:.0%}, lateness p99 {late_ms:.2f} ms,", end=" ")
        print(f"{1e6 * result.generator_cpu_s / max(1, result.records.count):.0f} µs of CPU per request", flush=True)
        left = options.ends_at - time.monotonic() - rest
        if result.rejected_share <= LATE_SHARE or left < options.seconds:
            options.sent += result.records.count
            options.rejected_share = max(options.rejected_share, result.rejected_share)
            if result.rejected_share > REFUSED_SHARE:
                options.refused.add(number)
            return {"injected": injected, "Hasten": reported}
        print("  the machine was busy: once more", flush=True)
        attempt += 1
        options.repeated += 1


def one_round(port: int, number: int, options: Options) -> dict[str, Seen]:
    """
    What was injected and what each generator saw; every second round in the opposite order.
    """
    seconds, rate = options.others_s, options.rate
    steps: list[Callable[[], dict[str, Seen | None]]] = [
        lambda: dict(open_arm(port, number, options)),
        lambda: {"closed loop": arms.closed_loop(port, seconds)},
        lambda: {"Locust": arms.locust(port, rate, seconds, number)},
        lambda: {"wrk": arms.wrk(port, STALL_EVERY_S)},
    ]
    seen: dict[str, Seen] = {}
    for step in steps if number % 2 == 0 else reversed(steps):
        seen.update({name: found for name, found in step().items() if found is not None})
    return seen


def print_round(number: int, seen: dict[str, Seen]) -> None:
    """
    One table.
    """
    truth = seen["injected"]
    rows = []
    for name in filter(seen.__contains__, ORDER):
        values = [getattr(seen[name], q) for q in QUANTILES]
        off = [error(getattr(seen[name], q), getattr(truth, q)) for q in QUANTILES]
        cells = [None if value is None else f"{1000 * value:,.1f} ms" for value in values]
        wrong = [None if value is None else f"{value:.2%}" for value in off]
        rows.append([name, seen[name].requests, *cells, *([""] * 3 if name == "injected" else wrong)])
    show(f"round {number + 1}", ["", "requests", *QUANTILES, *(f"{q} off" for q in QUANTILES)], rows)


def main() -> int:
    """
    All rounds ran, the tables and the JSON line are printed; 1 if the machine was too busy for any of it.
    """
    parser = argparse.ArgumentParser(prog="bench load_generator", description="Does the load generator tell the truth?")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the open-loop arm in each round")
    parser.add_argument("--rate", type=float, default=500.0, help="requests per second, open loop")
    parsed = parser.parse_args()
    began = time.monotonic()
    options = Options(parsed.rounds, parsed.seconds, parsed.rate, ends_at=began + BUDGET_S)
    print(
        f"server: lognormal delays, median {1000 * MEDIAN_S:.0f} ms, sigma {SIGMA};"
        f" stands still for {STALL_S:.0f} s in every {STALL_EVERY_S:.0f} s",
        flush=True,
    )
    rounds: list[dict[str, Seen]] = []
    with server() as port:
        for number in range(options.rounds):
            seen = one_round(port, number, options)
            print_round(number, seen)
            rounds.append(seen)
    told = [seen for number, seen in enumerate(rounds) if number not in options.refused]
    rounds = told or [seen for seen in rounds if seen["Hasten"].requests]
    if not rounds:
        print("next: run it on a quiet machine; the generator was late in every window", file=sys.stderr)
        return 1
    finish(
        {
            **summary(rounds),
            "requests_sent": options.sent,
            "windows_rejected_share": options.rejected_share,
            "open_arms_repeated": options.repeated,
            "rounds_refused": len(options.refused),
            "seconds": round(time.monotonic() - began, 1),
        }
    )
    return 0


def summary(rounds: list[dict[str, Seen]]) -> dict[str, float | int | None]:
    """
    Hasten's worst round against every other generator's best.
    """
    found = {(name, q): _errors(rounds, name, q) for name in ORDER[1:] for q in QUANTILES}
    rows = [
        [name, *(f"{min(off):.2%} … {max(off):.2%}" if (off := found[name, q]) else None for q in QUANTILES)]
        for name in ORDER[1:]
        if found[name, "p99"]
    ]
    show(f"error over {len(rounds)} rounds, lowest … highest", ["", *QUANTILES], rows)
    too_low = [(seen["injected"].p99 or 0) / (seen["closed loop"].p99 or 1) for seen in rounds]
    return {
        **{f"{q}_error": max(found["Hasten", q]) for q in QUANTILES},
        **{f"closed_loop_{q}_error": min(found["closed loop", q]) for q in QUANTILES},
        "closed_loop_p99_times_too_low": min(too_low),
        **{f"locust_{q}_error": min(found["Locust", q], default=None) for q in ("p95", "p99")},
        "wrk_p99_error": min(found["wrk", "p99"], default=None),
        "requests": sum(seen["Hasten"].requests for seen in rounds),
        "rounds": len(rounds),
    }


def _errors(rounds: list[dict[str, Seen]], name: str, q: str) -> list[float]:
    off = (error(getattr(seen[name], q), getattr(seen["injected"], q)) for seen in rounds if name in seen)
    return [value for value in off if value is not None]


if __name__ == "__main__":
    sys.exit(main())
