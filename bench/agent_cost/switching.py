"""
The same application, with a route that says how much of the agent is in the way of the requests that follow.

Two processes differ by more than the agent: where things lie in memory makes 20 µs. Arms of one process do not.
"""

import gc
import sys
from types import FunctionType
from typing import Any

from bench.agent_cost.app import app

NOT, PASSING, COUNTING = "not", "passing", "counting"
LIBRARIES = ("anyio", "fastapi", "psycopg", "starlette")
#: (class or module, name) → the hook, and what it was put in place of.
Hooks = dict[tuple[Any, str], tuple[Any, Any]]


def hooks() -> Hooks:
    """
    Every function and method of the libraries that the agent has replaced, for statements and for traces.
    """
    ours = sys.modules["hasten_runtime"].__path__[0]
    found: Hooks = {}
    for module in list(sys.modules.values()):
        if module.__name__.split(".")[0] not in LIBRARIES:
            continue
        for owner in (module, *(each for each in vars(module).values() if isinstance(each, type))):
            for name, value in list(vars(owner).items()):
                is_hook = isinstance(value, FunctionType) and hasattr(value, "__wrapped__") and (
                    value.__code__.co_filename.startswith(ours) or "_hasten_now" in value.__code__.co_names
                )  # fmt: skip
                if is_hook:
                    found[owner, name] = (value, value.__wrapped__)  # type: ignore[attr-defined]
    return found


class Switch:
    """
    The agent of this process, more or less of it.
    """

    def __init__(self) -> None:
        from hasten_runtime.http.asgi import Agent
        from hasten_runtime.telemetry.traces import sampling

        self.of, self.sampling, self.hooks = Agent, sampling, hooks()
        self.agent: Any = next(each for each in gc.get_objects() if isinstance(each, Agent))
        self.call, self.observe = Agent.__call__, self.agent._observe

    def to(self, arm: str) -> int:
        """
        Requests from now on meet this much of the agent; how many hooks are switched.
        """
        self.of.__call__ = _around if arm == NOT else self.call  # type: ignore[method-assign]
        self.agent._observe = self.observe if arm == COUNTING else None
        for (owner, name), (hook, inner) in self.hooks.items():
            setattr(owner, name, hook if arm == COUNTING else inner)
        # Traces have a budget of their own, by time: arms that take turns would pay it for each other.
        self.sampling.due_ns = 1 << 62
        return len(self.hooks)


def _around(self: Any, scope: Any, receive: Any, send: Any) -> Any:
    return self.app(scope, receive, send)


HELD: list[Switch] = []


@app.get("/arm/{arm}")
async def arm(arm: str) -> dict[str, int]:
    """
    It is that arm's turn.
    """
    if not HELD:
        HELD.append(Switch())
    return {"hooks": HELD[0].to(arm)}
