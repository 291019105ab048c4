"""
An OpenAPI document as traffic: every route that can be asked with what the document itself gives.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from hasten.world.load.plan import LoadRequest
from hasten.world.recordings.tally import LEAVES, Recording, Tally, leaves

NO_EXAMPLE = "a required parameter has no example"
WRITES = "writes: record them instead"


def templates(document: Mapping[str, Any]) -> list[str]:
    """
    The path templates of the document.
    """
    return [path for path in document.get("paths", {}) if isinstance(path, str) and path.startswith("/")]


def read_openapi_routes(document: Mapping[str, Any], source: str, principal: str) -> Recording:
    """
    Each GET once, with weight 1: nothing in the document says what is asked more often.

    Args:
        principal: Who asks where the document does not say that nobody need log in.
    """
    tally = Tally(source)
    for path in templates(document):
        item = _resolved(document, document["paths"][path])
        for method, raw in item.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            if method != "get":
                tally.drop(WRITES)
            elif leaves(path):
                tally.drop(LEAVES)
            elif (filled := _filled(document, path, item, raw)) is None:
                tally.drop(NO_EXAMPLE)
            else:
                who = "anonymous" if raw.get("security") == [] else principal
                tally.add(LoadRequest(path=filled, route=f"GET {path}", principal=who))
    return tally.recording()


def _filled(document: Mapping[str, Any], path: str, item: Mapping[str, Any], raw: Mapping[str, Any]) -> str | None:
    query: list[tuple[str, str]] = []
    for listed in [*item.get("parameters", []), *raw.get("parameters", [])]:
        parameter = _resolved(document, listed)
        where, name = parameter.get("in"), str(parameter.get("name"))
        if where != "path" and not parameter.get("required"):
            continue
        value = _example(document, parameter)
        if value is None or where not in ("path", "query"):
            return None
        if where == "path":
            path = path.replace("{" + name + "}", quote(value, safe=""))
        else:
            query.append((name, value))
    if "{" in path:
        return None
    return path + (f"?{urlencode(query)}" if query else "")


def _example(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> str | None:
    schema = _resolved(document, parameter.get("schema", {}))
    examples = parameter.get("examples") or {}
    first: dict[str, Any] = next(iter(examples.values()), {}) if isinstance(examples, dict) else {}
    listed = schema.get("examples") or schema.get("enum") or [None]
    for value in (
        parameter.get("example"),
        first.get("value"),
        schema.get("example"),
        schema.get("default"),
        listed[0],
    ):
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str | int | float):
            return str(value)
    return None


def _resolved(document: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """
    The object itself, or what its $ref names inside the document; {} where that is not there.
    """
    for _ in range(10):  # a chain of references that is longer is a circle
        if not isinstance(value, dict):
            return {}
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return value
        value = document
        for part in reference.removeprefix("#/").split("/"):
            value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
    return {}
