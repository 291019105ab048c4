"""
hasten.world.load.journey
"""

import ast
import json
import sys
from pathlib import Path

import hasten.world.load
from hasten.world.load import LoadPlan, LoadRequest
from hasten.world.load.locust import _journey

SOURCE = Path(hasten.world.load.__file__).with_name("journey.py")


def plan_in(text: str) -> dict[str, object]:
    """
    The plan that stands in a prepared file.
    """
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "PLAN":
            assert isinstance(node.value, ast.Call)
            assert isinstance(node.value.args[0], ast.Constant)
            return dict(json.loads(str(node.value.args[0].value)))
    raise AssertionError("there is no plan in it")


def test_it_needs_nothing_of_hasten() -> None:
    """
    The file goes to other machines alone, so it imports the standard library, Locust and gevent only.
    """
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else
                     [alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
    }  # fmt: skip

    assert set() == modules - {*sys.stdlib_module_names, "gevent", "locust"}


def test_the_plan_stands_in_it_whatever_it_holds() -> None:
    """
    Quotes and backslashes of a path or cookie survive.
    """
    request = LoadRequest(path="/a?q='\\\"", principal="agent", body=b"\x00'")
    plan = LoadPlan(
        base_url="http://127.0.0.1",
        requests=[request],
        rate_per_s=5,
        duration_s=1,
        credentials={"agent": {"cookie": "sid='\\n\""}},
    )

    found = plan_in(_journey(plan, 10, own_journeys=False))

    assert {"agent": {"cookie": "sid='\\n\""}} == found["credentials"]
    assert 0.5 == found["rate_per_user"]


def test_with_own_journeys_nothing_recorded_is_sent() -> None:
    """
    A locustfile of the user replaces the plan's requests.
    """
    plan = LoadPlan(base_url="http://127.0.0.1", requests=[LoadRequest()], rate_per_s=5, duration_s=1)

    assert [] == plan_in(_journey(plan, 10, own_journeys=True))["requests"]
