"""
Which parts of a run can be believed: where the generator itself was late, its latencies are not the server's.
"""

from collections.abc import Sequence

from hasten.model import quantile
from hasten.world.load.plan import LoadPlan
from hasten.world.load.result import Flag, Outcome, Records, Window, is_error

#: A generator that is later than this, or than this share of what it measures, is measuring itself.
LATENESS_FLOOR_S = 0.005
LATENESS_SHARE = 0.05


def windows_of(
    plan: LoadPlan,
    records: Records,
    ticks: "Sequence[tuple[float, float]]" = (),
) -> list[Window]:
    """
    The measured time in windows of about `plan.window_s`, each with its verdict.

    Args:
        ticks: (moment, lag) of the generator's own heartbeat. At one request per second the requests alone are too
            few to say whether the loop was awake when an answer came.
    """
    count = max(1, round(plan.duration_s / plan.window_s))
    length = plan.duration_s / count
    latency: list[list[float]] = [[] for _ in range(count)]
    late: list[list[float]] = [[] for _ in range(count)]
    lags: list[list[float]] = [[] for _ in range(count)]
    requests, errors = [0] * count, [0] * count

    def window_at(moment: float) -> int:
        return min(count - 1, int((moment - plan.warmup_s) / length))

    outcomes, statuses, flags = records.ints("outcome"), records.ints("status"), records.ints("flags")
    latencies, lateness = records.floats("latency"), records.floats("lateness")
    for index, moment in enumerate(records.floats("intended")):
        if flags[index] & Flag.WARMUP.value or outcomes[index] == Outcome.UNSENT:
            continue
        at = window_at(moment)
        requests[at] += 1
        errors[at] += is_error(outcomes[index], statuses[index])
        late[at].append(lateness[index])
        if outcomes[index] in (Outcome.ANSWERED, Outcome.TIMEOUT):
            latency[at].append(latencies[index])
    for moment, lag in ticks:
        if plan.warmup_s <= moment < plan.total_s:
            lags[window_at(moment)].append(lag)
    return [
        _window(plan.warmup_s + at * length, length, (requests[at], errors[at]), latency[at], late[at], lags[at])
        for at in range(count)
    ]


def _window(
    start_s: float, length_s: float, counts: tuple[int, int], latency: list[float], late: list[float], lags: list[float]
) -> Window:
    latency.sort()
    p95 = quantile(latency, 0.95) if latency else None
    lateness = max((quantile(sorted(values), 0.99) for values in (late, lags) if values), default=None)
    limit = max(LATENESS_FLOOR_S, LATENESS_SHARE * (p95 or 0.0))
    return Window(
        start_s=start_s,
        end_s=start_s + length_s,
        requests=counts[0],
        errors=counts[1],
        p50_s=quantile(latency, 0.5) if latency else None,
        p95_s=p95,
        lateness_p99_s=lateness,
        limit_s=limit,
        rejected=lateness is not None and lateness > limit,
    )
