"""
The name of what a request asked for: the template of its route where the framework tells it, else its path without ids.

Names are few and hold nothing personal. A segment of a path is kept only if it is a word, and only while there are few
beside it; what no route answers has one name, so scanners fill no table.
"""

import re
from typing import Any

MOST_NAMES = 2_000
#: Different words at one place of the paths: with more of them they are names of things, not of functions.
MOST_WORDS = 30
#: A longer one is named anew each time: nobody fills the memory with paths.
LONGEST_PATH = 200
NO_ROUTE = "(no route)"
_WORD = re.compile(r"(?:[A-Za-z][A-Za-z_.-]{0,23}[0-9]?|v[0-9]{1,2}|\.well-known)\Z")
_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_NOT_FOUND = (404, 405)

#: id of a route (with the prefix it was reached by, if any) → its name and the route itself, so that the id stays its.
_of_routes: dict[Any, tuple[str, Any]] = {}
_of_paths: dict[str, str] = {}
_words: dict[str, set[str]] = {}


def name_of(scope: dict[str, Any], path: str, root: Any, status: int) -> str:
    """
    The name, from the scope as the application left it.

    Args:
        path: What the scope said when the request came; a framework may have changed it.
        root: The root path at that moment.
    """
    route = scope.get("route")
    now_root = scope.get("root_path")
    if route is None:
        if now_root != root and now_root and path.startswith(now_root + "/"):
            # Mounted, and what is mounted tells no routes: static files, another framework.
            return _filled(now_root, scope.get("path_params") or {}) + "/{path}"
        if status in _NOT_FOUND or status == 0:
            return NO_ROUTE
        if scope.get("path_params"):
            return _filled(path, scope["path_params"])
        return _of_paths.get(path) or _named_path(path)
    inner = scope.get("fastapi")
    if inner is not None:
        # FastAPI's included routers: the route is the one that was included, the context knows the prefix.
        route = inner.get("effective_route_context") or route
    key = id(route) if now_root == root else (id(route), now_root)
    found = _of_routes.get(key)
    if found is not None:
        return found[0]
    name = _template(route, path, scope.get("path_params") or {})
    if len(_of_routes) < MOST_NAMES:
        _of_routes[key] = (name, route)
    return name


def _template(route: Any, path: str, params: dict[str, Any]) -> str:
    """
    The template of a route, with what stands before it, if that explains the path; else the path with its parameters.
    """
    inner = getattr(route, "starlette_route", None) or route
    template = getattr(inner, "path", None) or getattr(route, "path", None)
    if isinstance(template, str) and template.startswith("/"):
        if _matches(template, path):
            return _PLACEHOLDER.sub(r"{\1}", template)[:200]
        if "{" not in template and path.startswith(template.rstrip("/") + "/"):
            return template.rstrip("/") + "/{path}"
    return _filled(path, params)


def _matches(template: str, path: str) -> bool:
    parts = _PLACEHOLDER.split(template)
    pattern = "".join(
        re.escape(part) if at % 3 == 0 else "" if at % 3 == 2 else ".*" if parts[at + 1] == "path" else "[^/]+"
        for at, part in enumerate(parts)
    )
    return re.fullmatch(pattern, path, re.DOTALL) is not None


def _filled(path: str, params: dict[str, Any]) -> str:
    """
    The path with the names of the parameters in place of their values, and without ids elsewhere.
    """
    end = ""
    names: dict[str, str] = {}
    for name, value in params.items():
        text = str(value)
        if "/" in text and path.endswith(text):
            path, end = path[: -len(text)].rstrip("/"), "/{" + str(name) + "}"
        else:
            names[text] = "{" + str(name) + "}"
    segments = [names.get(each) or (each if not each or _WORD.match(each) else "{}") for each in path.split("/")]
    return ("/".join(segments) + end)[:200]


def _named_path(path: str) -> str:
    """
    The path without ids, learned once.
    """
    name = without_ids(path)
    if len(path) <= LONGEST_PATH:
        if len(_of_paths) >= MOST_NAMES:
            _of_paths.clear()
        _of_paths[path] = name
    return name


def without_ids(path: str, of: str = "") -> str:
    """
    The path with `{}` for what is no word, or a word among too many.

    Args:
        of: Whose path it is; another host's words are its own.
    """
    prefix = of
    for segment in path[:1000].split("/")[1:9]:
        words = _words.setdefault(prefix, set()) if len(_words) < MOST_NAMES else set()
        if segment and not (segment in words or (len(words) < MOST_WORDS and _WORD.match(segment))):
            segment = "{}"
        elif segment:
            words.add(segment)
        prefix += "/" + segment
    return prefix[len(of) :][:200] or "/"


def forget() -> None:
    """
    No name was learned yet.
    """
    _of_routes.clear()
    _of_paths.clear()
    _words.clear()
