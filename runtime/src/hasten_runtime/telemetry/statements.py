"""
Statements: how often each was executed, how long it took, and which places of the application's code execute it.

A driver's hook calls `took` with the text of a statement and the moment when it began. Usually that is appended to a
list and no more: what a processor has not touched since the last statement costs several times what it costs a moment
later, so executions are counted many at a time. Counting one is a look-up by the hash of its text and one more in a
histogram. Only a text that was not seen before is taken apart, and no text is kept but its fingerprint: once counted,
there is no parameter and no literal even in memory.

Who executes a statement can be seen only while it is executed. So at the start, and whenever something new was counted,
the next few executions are counted at once, with their callers.

Bounded: by the number of statements, by the number of texts that are recognized, and by the time that taking texts
apart may use, for an application that writes its values into them makes a new text each time.
"""

import _thread
from time import perf_counter_ns as now
from typing import Any, Union

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.callers import caller
from hasten_runtime.telemetry.fingerprint import fingerprint, operation
from hasten_runtime.telemetry.histogram import LEAST_BITS, Histogram
from hasten_runtime.telemetry.request import NO_ROOM, OUTSIDE, ROOM, Doing, doing_now, pending
from hasten_runtime.telemetry.traces import trace

MOST_STATEMENTS = 1_000
#: Texts with the same fingerprint: literals in them, tracing comments, different lists of columns.
MOST_TEXTS = 4_000
MOST_CALLERS = 5
#: One hundredth of a processor for new texts, and a start in which everything is new.
LEARN_SHARE = 0.01
LEARN_BURST_NS = 100_000_000
#: Of `pending`, what is counted together: twice the executions.
BATCH = 1024
#: Executions that are counted at once, with their callers, after something new.
AT_ONCE = 64
#: What all statements beyond the bounds are counted as.
OTHERS = "(other statements)"


class Statement(Histogram):
    """
    The executions of one statement.
    """

    __slots__ = ("callers", "errors", "operation", "text")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.operation = operation(text)
        self.errors = 0
        self.callers: list[str] = []


class _Budget:
    """
    The time that is left for taking texts apart.
    """

    def __init__(self) -> None:
        self.left_ns = LEARN_BURST_NS
        self.at_ns = now()

    def allows(self, at_ns: int) -> bool:
        self.left_ns = min(LEARN_BURST_NS, self.left_ns + int((at_ns - self.at_ns) * LEARN_SHARE))
        self.at_ns = at_ns
        return self.left_ns > 0


#: By the hash of the text. Two texts with the same hash of 64 bits would count as one; nobody will live to see it.
_known: dict[int, Statement] = {}
_older: dict[int, Statement] = {}
_table: dict[str, Statement] = {}
_budget = _Budget()
_at_once = AT_ONCE
#: Of a request that begins, until its statements are summed.
room = NO_ROOM
_counting = _thread.allocate_lock()


def took(query: Union[str, bytes], began_ns: int, failed: bool = False) -> None:
    """
    An execution that began then and ended now is counted, now or soon. Never raises.
    """
    try:
        doing = doing_now()
        doing += (query, now() - began_ns)
        if failed:
            note_failed(query)
        if len(doing) > doing.room:
            settle(doing, query)
    except Exception as error:
        say_once("statements", "a statement is not counted: " + reason_of(error))


def settle(doing: Doing, query: Any) -> None:
    """
    What has no room, or is not to wait, is counted or will be.

    Args:
        query: What was executed a moment ago, by whoever is calling.
    """
    if _at_once:
        _count_at_once(doing, query)
    elif doing is not OUTSIDE and not trace.under_way:
        # Somebody wanted each of them, and nobody does any more.
        doing.room = ROOM
    if doing is OUTSIDE or len(doing) > ROOM:
        sum_up(doing)


def sum_up(doing: Doing) -> None:
    """
    What a request has executed is in its sums, and will be counted with what others have executed.
    """
    if doing is not OUTSIDE:
        pending.extend(_taken(doing))
    elif now() >= pulse.due_ns:
        # A request that ends looks at the clock; where there are none, statements do.
        pulse.beat()
    if len(pending) >= BATCH:
        count()


def _taken(doing: Doing) -> list[Any]:
    """
    What a request has executed since the last time, which is in its sums now.
    """
    # Each of the two is one step to other threads of the request, and they only add.
    events = doing[:]
    del doing[: len(events)]
    doing.statements += len(events) // 2
    doing.database_ns += sum(events[1::2])
    return events


def count() -> None:
    """
    Everything that is pending is counted, unless another thread is counting it.
    """
    lock = _counting
    if not lock.acquire(False):
        return
    try:
        # Each of the two is one step to other threads, and they only add.
        batch = pending[:]
        del pending[: len(batch)]
        _count(batch)
    finally:
        lock.release()


def _count_at_once(doing: Doing, query: Any) -> None:
    global _at_once, room
    # Of several threads each may take the last one.
    _at_once = max(0, _at_once - 1)
    if not _at_once:
        room = ROOM
    if doing is OUTSIDE:
        count()
    else:
        _count(_taken(doing))
    _note_caller(_of(query))


def _count(events: list[Any]) -> None:
    of = _known.get
    for query, duration_ns in zip(events[::2], events[1::2]):
        try:
            statement = of(hash(query)) or _learned(query)
            bits = duration_ns.bit_length()
            row = statement.rows[bits]
            if row is None:
                # The first of this order of magnitude: new, or much slower than before. Worth asking who executes it.
                statement.add_rare(duration_ns)
                _look_closer()
            else:
                row[(duration_ns >> (bits - LEAST_BITS)) & 63] += 1
                statement.sum_ns += duration_ns
        except Exception as error:
            say_once("statements", "a statement is not counted: " + reason_of(error))


def _look_closer() -> None:
    """
    The next few executions are counted at once, with their callers.
    """
    global _at_once, room
    _at_once, room = AT_ONCE, NO_ROOM


def note_failed(query: Any) -> None:
    """
    The execution has failed.
    """
    _of(query).errors += 1


def _of(query: Any) -> Statement:
    return _known.get(hash(query)) or _learned(query)


def counted() -> list[Statement]:
    """
    The statements that were executed, in the order in which they were first seen.
    """
    if pending:
        count()
    return list(_table.values())


def _learned(query: Any) -> Statement:
    """
    The statement that a new text belongs to.
    """
    key = hash(query)
    found = _older.pop(key, None)
    if found is None:
        began_ns = now()
        if not _budget.allows(began_ns):
            return _named(OTHERS)
        text = query if isinstance(query, str) else bytes(query[:10_000]).decode("utf-8", "replace")
        found = _named(fingerprint(text).encode("utf-8", "replace").decode())
        _budget.left_ns -= now() - began_ns
    if len(_known) >= MOST_TEXTS:
        # What is still in use is found again among the older ones, at the price of a look.
        _older.clear()
        _older.update(_known)
        _known.clear()
    _known[key] = found
    return found


def _named(text: str) -> Statement:
    found = _table.get(text)
    if found is not None:
        return found
    if len(_table) >= MOST_STATEMENTS:
        text = OTHERS
    return _table.setdefault(text, Statement(text))


def _note_caller(statement: Statement) -> None:
    if len(statement.callers) < MOST_CALLERS and statement.text != OTHERS:
        place = caller()
        if place and place not in statement.callers:
            statement.callers.append(place)


def forget() -> None:
    """
    Nothing was executed yet.
    """
    global _at_once, _budget, _counting, room
    pending.clear()
    _known.clear()
    _older.clear()
    _table.clear()
    # The lock may have been held by a thread of the parent, which is not here.
    _budget, _counting, _at_once, room = _Budget(), _thread.allocate_lock(), AT_ONCE, NO_ROOM


pulse.after_fork(forget)
