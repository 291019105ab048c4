"""
Which requests are traced: one of the first that begin after a moment that chance has set, up to ten in a second.

Not more than that, not more than a few at a time, and not more than costs a worker half a percent of a processor
(HASTEN_TRACES_SHARE says otherwise): a request with many steps puts off the next one. A request that is not traced
pays one comparison, with `due_ns`.
"""

import os
from time import perf_counter_ns as now
from typing import Any

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import drivers, pulse
from hasten_runtime.telemetry.traces import file, trace

EVERY_NS = 100_000_000
#: Of 256: one of four requests after the moment.
CHANCE = 64
#: Of a processor, what traces may cost a worker; a measurement that wants to see more of its requests may say more.
SHARE = 0.005
MOST_SHARE = 0.5
#: Traced side by side. Answers that go on for hours are not to keep others from being traced.
MOST_UNDER_WAY = 8

#: … and so they are given up after a while, if there are many.
LONGEST_NS = 30_000_000_000

#: As the share allows: times what a trace has cost until the next, how long until the next at least, the chance, and
#: how many side by side.
rest, every_ns, chance, most_under_way = 1 / SHARE, EVERY_NS, CHANCE, MOST_UNDER_WAY

#: Until when all that was paid would have lasted.
_paid_ns = 0
#: The traces of about so long are paid for together, when they are written.
CREDIT_NS = 500_000_000

due_ns = pulse.NEVER_NS
_is_begun = False
_is_first = True


def begin(workers: str) -> None:
    """
    Requests are traced from now on.

    Args:
        workers: The folder where the workers report.
    """
    global due_ns, rest, every_ns, chance, most_under_way, _is_begun
    if drivers.are_traces_wanted():
        file.begin(os.path.join(workers, "traces"))
        share = _share()
        # Whoever lets traces cost more wants more of them: twenty times the share, twenty times as dense.
        rest, every_ns, chance = 1 / share, int(EVERY_NS * SHARE / share), int(CHANCE * share / SHARE)
        most_under_way = min(64, int(MOST_UNDER_WAY * share / SHARE)) if share > SHARE else MOST_UNDER_WAY
        due_ns, _is_begun = 0, True


def traced(app: Any, began_ns: int) -> Any:
    """
    The ASGI application, for one request: it leaves a trace, if there is room for one. Never raises.
    """
    try:
        if _has_room(began_ns):
            from hasten_runtime.telemetry.traces.on_asgi import Traced

            return Traced(app, began_ns)
    except Exception as error:
        say_once("traces", "a request is not traced: " + reason_of(error))
    return app


def traced_wsgi(environ: Any, began_ns: int) -> Any:
    """
    What becomes the trace of this request of a WSGI application, if there is room for one. Never raises.
    """
    try:
        if _has_room(began_ns):
            from hasten_runtime.telemetry.traces.on_wsgi import Traced

            return Traced(environ, began_ns)
    except Exception as error:
        say_once("traces", "a request is not traced: " + reason_of(error))
    return None


def _has_room(began_ns: int) -> bool:
    """
    Whether this one is to be traced, and if it might be, the next is due a while later.

    Requests come in bursts, and the first of a burst waits for nobody. So after the moment not the first is taken, but
    each with the same chance, until one is; only the very first of a process is taken in any case.
    """
    global due_ns, _is_first
    if not (_is_first or _is_drawn()):
        return False
    _is_first = False
    due_ns = began_ns + _about(every_ns)
    if trace.under_way >= most_under_way:
        trace.drop_before(began_ns - LONGEST_NS)
    return trace.under_way < most_under_way


def _is_drawn() -> bool:
    return os.urandom(1)[0] < chance


def paid(cost_ns: int) -> None:
    """
    Traces have cost that much: the next is put off accordingly, after what was paid for already.
    """
    global due_ns, _paid_ns
    _paid_ns = max(_paid_ns, now() - CREDIT_NS) + int(rest * cost_ns)
    due_ns = max(due_ns, _paid_ns)


def _share() -> float:
    """
    What the environment says; what is no share of a processor is not listened to.
    """
    said = os.environ.get("HASTEN_TRACES_SHARE")
    if not said:
        return SHARE
    try:
        share = float(said)
    except ValueError:
        share = 0.0
    if 0 < share <= MOST_SHARE:
        return share
    say_once("traces", "HASTEN_TRACES_SHARE is a share of a processor up to 0.5, and not " + said)
    return SHARE


def _about(duration_ns: int) -> int:
    """
    Half as much to half as much again, so that no traffic can keep in step with it.
    """
    return duration_ns * (128 + os.urandom(1)[0]) // 256


def forget() -> None:
    """
    The next request is traced, if any are.
    """
    global due_ns, _is_first, _paid_ns
    _is_first, _paid_ns = True, 0
    due_ns = 0 if _is_begun else pulse.NEVER_NS


pulse.after_fork(forget)
