"""
A trace as JSON.
"""

import json
import os
from typing import Any

from hasten_runtime.telemetry.traces import document
from hasten_runtime.telemetry.traces.digest import keyed
from hasten_runtime.telemetry.traces.document import AT_ONCE, pieces
from hasten_runtime.telemetry.traces.trace import Trace

SHOW, USER = ("shop/orders.py", 42, "show"), ("shop/auth.py", 10, "current_user")


def read(of: Trace) -> Any:
    """
    What the control plane reads.
    """
    line = "".join(pieces(of))
    assert line.endswith("\n")
    assert 1 == line.count("\n")
    return json.loads(line)


def trace(*steps: Any) -> Trace:
    """
    A trace that began at 1,000 and ended at 9,000.
    """
    of = Trace(1000, 1764165660.5, 7)
    of.ended_ns, of.status, of.method, of.route = 9000, 200, "GET", "/orders/{id}"
    of.steps.extend(steps)
    return of


def test_the_request_is_described() -> None:
    """
    All that the format promises, with nothing where nothing is known.
    """
    of = trace()
    of.pieces, of.cache_control, of.asked = [b"he", b"llo"], "no-store", "0" * 16

    assert {
        "version": 1, "at": 1764165660.5, "pid": os.getpid(), "thread": 7, "http.route": "/orders/{id}",
        "http.request.method": "GET", "http.response.status_code": 200, "duration_ns": 8000, "cpu_ns": -1,
        "sent_bytes": 0, "identity": "", "asked": "0" * 16, "answer": keyed(b"200 hello").hexdigest(),
        "cache_control": "no-store", "sets_cookie": False, "names": [], "steps": [], "left_out": 0,
    } == read(of)  # fmt: skip


def test_steps_name_things_by_number() -> None:
    """
    In the order in which they began, each name once; of a statement there is the fingerprint only.
    """
    found = read(
        trace(
            ("dependencies", 1100, 5000, "fastapi.solve_dependencies", "", -1, ()),
            ("db", 4000, 4500, "SELECT * FROM t WHERE a = 'secret'", "d1", 2, (SHOW, USER)),
            ("db", 2000, 3000, b"SELECT * FROM t WHERE a = 'other'", "d2", 1, (USER,)),
        )
    )
    names = found["names"]
    told = [[*each[:3], names[each[3]], *each[4:6], [names[place] for place in each[6]]] for each in found["steps"]]

    assert {
        "fastapi.solve_dependencies", "SELECT * FROM t WHERE a = ?", "shop/orders.py:42 show",
        "shop/auth.py:10 current_user",
    } == set(names)  # fmt: skip
    assert [
        ["dependencies", 100, 3900, "fastapi.solve_dependencies", "", -1, []],
        ["db", 1000, 1000, "SELECT * FROM t WHERE a = ?", "d2", 1, ["shop/auth.py:10 current_user"]],
        [
            "db", 3000, 500, "SELECT * FROM t WHERE a = ?", "d1", 2,
            ["shop/orders.py:42 show", "shop/auth.py:10 current_user"],
        ],
    ] == told  # fmt: skip


def test_many_steps_are_one_list() -> None:
    """
    However they are cut for writing.
    """
    of = trace(*(("redis", 1000 + number, 2000, "GET", "", -1, ()) for number in range(2 * AT_ONCE + 1)))
    of.left_out = 3
    found = read(of)

    assert list(range(2 * AT_ONCE + 1)) == [each[1] for each in found["steps"]]
    assert 3 == found["left_out"]


def test_a_long_answer_is_not_compared() -> None:
    """
    Its hash is empty.
    """
    of = trace()
    of.pieces = None

    assert "" == read(of)["answer"]


def test_fingerprints_are_bounded() -> None:
    """
    Texts that are different each time do not fill the memory.
    """
    for number in range(document.MOST_TEXTS + 10):
        document._statement(f"SELECT {number}")

    assert len(document._fingerprints) <= document.MOST_TEXTS
