"""
Reading traces: the requests of each route with their steps, and what a statement's fingerprint tells.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hasten.diagnose import cost
from hasten.evidence import Observation, StatementProfile
from hasten.picture import by_route, swept
from hasten.sql import StatementShape, read_statement
from hasten.trace import Seen, Trace, seen

#: A fingerprint is cut by the agent after 2,000 characters.
_KEY_CHARACTERS = 1_500
_READS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_WRITE_WORDS = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|NEXTVAL|SETVAL)\b", re.IGNORECASE)
#: Functions that are called for what they do.
_ACTING = frozenset({"nextval", "setval", "lo_unlink", "dblink_exec"})
_UTILITIES = frozenset({
    "BEGIN", "CLOSE", "COMMIT", "DEALLOCATE", "DECLARE", "DISCARD", "FETCH", "RELEASE", "RESET", "ROLLBACK",
    "SAVEPOINT", "SET", "SHOW", "START",
})  # fmt: skip
#: What drivers and ORMs ask a new connection about the server, not the application about its data.
_ABOUT_SERVER = re.compile(r"\bpg_catalog\b|\bpg_type\b|\bcurrent_schema\b|\bversion ?\(", re.IGNORECASE)


@dataclass(frozen=True)
class Followed:
    """
    One request and its steps.
    """

    trace: Trace
    steps: list[Seen]

    @property
    def seconds(self) -> float:
        """
        How long it took in the worker.
        """
        return self.trace.duration_ns / 1e9

    @property
    def questions(self) -> list[Seen]:
        """
        Statements that ask for the application's data and change nothing.
        """
        return [each for each in self.steps if each.kind == "db" and is_question(each.name)]

    @property
    def auth_s(self) -> float:
        """
        The part of it that went into authentication.
        """
        return swept(self.trace.duration_ns, self.steps).get("auth", 0) / 1e9


def followed(observation: Observation) -> dict[str, list[Followed]]:
    """
    The requests of each route that were answered, in the order in which they came; {} where none was followed.
    """
    traces = observation.traces
    if traces is None:
        return {}
    return {
        route: [Followed(trace, seen(traces, trace)) for trace in sorted(found, key=lambda each: each.at)]
        for route, found in by_route(traces).items()
    }


def succeeded(requests: Iterable[Followed]) -> list[Followed]:
    """
    Those that were answered as the route answers users.
    """
    return [each for each in requests if 200 <= each.trace.status < 400]


def scale_known(observation: Observation) -> None:
    """
    Costs can be told.

    Raises:
        NoData: the traffic of a day is not known.
    """
    cost.scale(observation)


def most_common(texts: Iterable[str]) -> str:
    """
    The one that comes most often, "" of none.
    """
    counted = Counter(text for text in texts if text)
    return counted.most_common(1)[0][0] if counted else ""


def without_line(place: str) -> str:
    """
    `shop/orders.py show` of `shop/orders.py:42 show`: what stays when the file is edited above it.
    """
    return re.sub(r":\d+(?= |$)", "", place)


@lru_cache(maxsize=4096)
def shape_of(name: str) -> StatementShape:
    """
    The shape of a statement whose fingerprint this is.
    """
    numbers = iter(range(1, name.count("?") + 1))
    return read_statement(re.sub(r"\?", lambda _: f"${next(numbers)}", name))


@lru_cache(maxsize=4096)
def is_question(name: str) -> bool:
    """
    Whether a statement reads the application's data and changes nothing.
    """
    if first_word(name) not in _READS or _ABOUT_SERVER.search(name):
        return False
    shape = shape_of(name)
    if shape.unknown:
        return not _WRITE_WORDS.search(name)
    acts = any(name in _ACTING or name.startswith("pg_") for name in shape.functions)
    return not shape.is_write and not shape.locks_rows and not acts


@lru_cache(maxsize=4096)
def is_write(name: str) -> bool:
    """
    Whether a statement may change data: all that is neither a question nor about the transaction or the server.
    """
    return not is_question(name) and first_word(name) not in _UTILITIES and not _ABOUT_SERVER.search(name)


def first_word(name: str) -> str:
    """
    The first word of a statement, in upper case.
    """
    found = re.match(r"[\s(]*(\w+)", name)
    return found.group(1).upper() if found else ""


#: A cast, which the server drops where it makes one value of a list.
_CAST = re.compile(
    r'::"?[\w.]+"?(?:\(\?(?:,\?)*\))?(?: (?:precision|varying|with(?:out)? time zone))?(?:\[\])*', re.IGNORECASE
)


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """
    What is equal for the agent's fingerprint of a statement and for the server's normalized text of it.
    """
    text = re.sub(r"/\*.*?\*/|--[^\n]*", " ", text, flags=re.DOTALL)
    text = re.sub(r"'(?:[^']|'')*'|\$\d+|\b\d+(?:\.\d+)?\b", "?", text)
    text = re.sub(r"\s*([(),=])\s*", r"\1", _CAST.sub("", " ".join(text.split())))
    return re.sub(r"\?(?:,\?)+", "?", text).strip(" ;").lower()[:_KEY_CHARACTERS]


def profiles_of(observation: Observation) -> dict[str, StatementProfile]:
    """
    The server's statements by what is equal with the agent's; of several the one that is called most.
    """
    ordered = sorted(observation.statements, key=lambda profile: profile.calls)
    return {folded(profile.text): profile for profile in ordered}
