"""
Functions of the agent fail in turn, in real servers: every request is answered as without the agent, and it is said.

What can fail is found by running a server (`bench/agent_faults`), so nothing has to be named here that comes later. The
benchmark takes all of it with every exception; here it is a sample, another one for each seed of the suite.
"""

import random
from pathlib import Path

import pytest
from bench.agent_faults.injection import KINDS, Outcome, Round, exchanges
from bench.agent_faults.points import read
from bench.differential.applications import FIRST, MORE

from hasten.world.postgres import Database

pytestmark = pytest.mark.real

WARM, BOOTS = 24, 3
SERVERS = {
    "plain ASGI, uvicorn": ("psycopg", "asyncpg", "sqlalchemy", "django"),
    "plain WSGI, waitress": ("psycopg", "psycopg2", "sqlalchemy", "django"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_whatever_fails_the_application_answers_as_before(name: str, tmp_path: Path, database: Database) -> None:
    """
    A sample of all functions that a server passes, at its start and later, fails with a sample of exceptions.
    """
    application = next(each for each in [*FIRST, *MORE] if each.name == name)
    asked = exchanges(SERVERS[name], "asgi" if "ASGI" in name else "wsgi")
    tried = Round(application, asked, tmp_path, DATABASE_URL=database.dsn)
    at_start, answering = tried.recorded()
    kind = random.choice(KINDS)

    assert len(at_start) > 50 and len(answering) > 100
    found = [
        *tried.boot(random.sample(at_start, BOOTS), [kind]),
        *tried.warm(random.sample(answering, WARM), [kind]),
    ]
    wrong = [each for each in found if each.verdict not in ("as before", "cut short", "not reached")]
    assert [] == wrong, wrong[0]
    assert all("codings:" in each.point for each in found if each.verdict == "cut short")
    # What comes by the clock or by chance (a look after a pause, a trace) is missed now and then.
    assert sum(each.verdict == "not reached" for each in found) <= len(found) // 4


def test_what_others_call_fails_inside_only(tmp_path: Path) -> None:
    """
    A function that the agent alone calls fails at its beginning; of one that others call, or that calls others, what it
    says that it guards, but for the call to the others.
    """
    lines = [
        "inner\ta:f", "inner\ta:f#3-3", "entry\ta:g", "inner\ta:g#7-8", "inner\ta:g#9-9", "out\ta:g\t9",
        "inner\ta:h", "out\ta:h\t12", "inner\ta:guarded#20-20", "inner\ta:<module>",
    ]  # fmt: skip
    (tmp_path / "seen").write_text("\n".join(lines) + "\n")

    assert ["a:f", "a:g#7-8", "a:guarded#20-20", "a:<module>"] == read(tmp_path / "seen").points()


@pytest.mark.parametrize(
    ("wrong", "said", "hits", "verdict"),
    [
        ("", ["hasten: x"], 3, "as before"),
        ("the body", ["hasten: x"], 3, "answers differ"),
        ("", [], 3, "silent"),
        ("", ["hasten: x", "hasten: x"], 3, "says it again and again"),
        ("", [], 0, "not reached"),
    ],
)
def test_an_outcome_in_a_word(wrong: str, said: list[str], hits: int, verdict: str) -> None:
    """
    Nothing but equal answers and one word of it is as before.
    """
    assert verdict == Outcome("a:f", "Exception", wrong, said, hits).verdict
