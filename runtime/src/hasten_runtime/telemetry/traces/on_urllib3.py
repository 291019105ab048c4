"""
urllib3: what goes through its pools of connections.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces import calls
from hasten_runtime.telemetry.traces.calls import Call


def hook(connectionpool: ModuleType) -> None:
    """
    Every request of a pool is a step.
    """
    calls.replace(connectionpool.HTTPConnectionPool, "urlopen", _call)


def _call(args: tuple[Any, ...], named: dict[str, Any], answer: Any) -> Call:
    given = {**dict(zip(("self", "method", "url", "body", "headers"), args)), **named}
    pool, url = given["self"], str(given["url"])
    if "://" not in url:
        url = f"{pool.scheme}://{pool.host}{f':{pool.port}' if pool.port else ''}{url}"
    return Call(given["method"], url, given.get("body"), given.get("headers"), getattr(answer, "status", None))
