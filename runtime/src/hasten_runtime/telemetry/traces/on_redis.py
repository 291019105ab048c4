"""
redis-py, and Valkey's library that came from it: commands, and pipelines as a whole.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.telemetry.traces.sections import Section, replace

_HOLDS = "a synchronous command"


def hook(client: ModuleType) -> None:
    """
    Every command of a synchronous client is a step.
    """
    replace(_client_of(client), "execute_command", Section("redis", _command, _values, _HOLDS))
    replace(client.Pipeline, "execute", Section("redis", _pipeline, _queued, _HOLDS))


def hook_async(client: ModuleType) -> None:
    """
    Every command of an asynchronous client is a step.
    """
    replace(_client_of(client), "execute_command", Section("redis", _command, _values), is_async=True)
    replace(client.Pipeline, "execute", Section("redis", _pipeline, _queued), is_async=True)


def _client_of(client: ModuleType) -> Any:
    return client.Valkey if "valkey" in client.__name__ else client.Redis


def _command(args: tuple[Any, ...]) -> str:
    word = args[1]
    return (word.decode("latin-1") if isinstance(word, bytes) else str(word)).upper()[:40]


def _values(args: tuple[Any, ...]) -> Any:
    return list(args[1:])


def _pipeline(args: tuple[Any, ...]) -> str:
    return "PIPELINE" if args[0].command_stack else ""


def _queued(args: tuple[Any, ...]) -> Any:
    # Each is a tuple, or an object of a later version, that holds the arguments first or as `args`.
    return [list(getattr(each, "args", None) or each[0]) for each in args[0].command_stack]
