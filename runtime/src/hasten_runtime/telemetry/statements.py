"""
Statements: how often each was executed, how long it took, and which places of the application's code execute it.

A driver's hook calls `took` with the text of a statement and the moment when it began. The usual path is a look-up by
the hash of the text and one more count in a histogram. Only a text that was not seen before is taken apart, and no text
is kept but its fingerprint: not even in memory is there a parameter or a literal.

Bounded: by the number of statements, by the number of texts that are recognized, and by the time that taking texts
apart may use, for an application that writes its values into them makes a new text each time.
"""

from time import perf_counter_ns as now
from typing import Any, Union

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.callers import caller
from hasten_runtime.telemetry.fingerprint import fingerprint, operation
from hasten_runtime.telemetry.histogram import LEAST_BITS, Histogram
from hasten_runtime.telemetry.request import doing_now

MOST_STATEMENTS = 1_000
#: Texts with the same fingerprint: literals in them, tracing comments, different lists of columns.
MOST_TEXTS = 4_000
MOST_CALLERS = 5
#: One hundredth of a processor for new texts, and a start in which everything is new.
LEARN_SHARE = 0.01
LEARN_BURST_NS = 100_000_000
#: What all statements beyond the bounds are counted as.
OTHERS = "(other statements)"


class Statement(Histogram):
    """
    The executions of one statement.
    """

    __slots__ = ("callers", "errors", "operation", "system", "text")

    def __init__(self, text: str, system: str) -> None:
        super().__init__()
        self.text = text
        self.system = system
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


def took(query: Union[str, bytes], began_ns: int, failed: bool = False, system: str = "postgresql") -> None:
    """
    An execution that began then and ended now is counted. Never raises.
    """
    try:
        ended_ns = now()
        duration_ns = ended_ns - began_ns
        statement = _known.get(hash(query))
        if statement is None:
            statement = _learned(query, system)
        bits = duration_ns.bit_length()
        row = statement.rows[bits]
        if row is None:
            # The first of this order of magnitude: new, or much slower than before. Worth asking who executes it.
            statement.add_rare(duration_ns)
            _note_caller(statement)
        else:
            row[(duration_ns >> (bits - LEAST_BITS)) & 63] += 1
            statement.sum_ns += duration_ns
        if failed:
            statement.errors += 1
        doing = doing_now()
        if doing is not None:
            doing.statements += 1
            doing.database_ns += duration_ns
        if ended_ns >= pulse.due_ns:
            pulse.beat()
    except Exception as error:
        say_once("statements", "a statement is not counted: " + reason_of(error))


def counted() -> list[Statement]:
    """
    The statements that were executed, in the order in which they were first seen.
    """
    return list(_table.values())


def _learned(query: Any, system: str) -> Statement:
    """
    The statement that a new text belongs to.
    """
    key = hash(query)
    found = _older.pop(key, None)
    if found is None:
        began_ns = now()
        if not _budget.allows(began_ns):
            return _named(OTHERS, system)
        text = query if isinstance(query, str) else bytes(query[:10_000]).decode("utf-8", "replace")
        found = _named(fingerprint(text).encode("utf-8", "replace").decode(), system)
        _budget.left_ns -= now() - began_ns
    if len(_known) >= MOST_TEXTS:
        # What is still in use is found again among the older ones, at the price of a look.
        _older.clear()
        _older.update(_known)
        _known.clear()
    _known[key] = found
    return found


def _named(text: str, system: str) -> Statement:
    found = _table.get(text)
    if found is not None:
        return found
    if len(_table) >= MOST_STATEMENTS:
        text = OTHERS
    return _table.setdefault(text, Statement(text, system))


def _note_caller(statement: Statement) -> None:
    if len(statement.callers) < MOST_CALLERS and statement.text != OTHERS:
        place = caller()
        if place and place not in statement.callers:
            statement.callers.append(place)


def forget() -> None:
    """
    Nothing was executed yet.
    """
    _known.clear()
    _older.clear()
    _table.clear()
    _budget.__init__()  # type: ignore[misc]


pulse.after_fork(forget)
