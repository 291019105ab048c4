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
#: Django's and Flask's `<int:id>`, and the named groups of a regular expression, which may hold others.
_CONVERTER = re.compile(r"<(?:([^<>:]+):)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)[?*+]?")
_ANCHORS = re.compile(r"[$^\\]|\\Z")
_NOT_FOUND = (404, 405)

#: id of a route (with the prefix it was reached by, if any) → its name and the route itself, so that the id stays its.
of_routes: dict[Any, tuple[str, Any]] = {}
_of_paths: dict[str, str] = {}
_words: dict[str, set[str]] = {}
_templates: dict[str, "Template"] = {}


def name_of(scope: dict[str, Any], path: str, root: Any, status: int) -> str:
    """
    The name, from the scope as the application left it.

    Args:
        path: What the scope said when the request came; a framework may have changed it.
        root: The root path at that moment.
    """
    route = teller_of(scope)
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
    key = id(route) if now_root == root else (id(route), now_root)
    found = of_routes.get(key)
    if found is not None:
        return found[0]
    name = _template(route, path, scope.get("path_params") or {})
    if len(of_routes) < MOST_NAMES:
        of_routes[key] = (name, route)
    return name


def teller_of(scope: dict[str, Any]) -> Any:
    """
    What tells the name of a request's route; None where no framework has said which one it is.
    """
    inner = scope.get("fastapi")
    if inner:
        # FastAPI's included routers: the route is the one that was included, the context knows the prefix.
        return inner.get("effective_route_context") or scope.get("route")
    return scope.get("route")


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


class Template:
    """
    A route that a framework tells as text.
    """

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


def template_of(text: str) -> Any:
    """
    The route that Flask (`/orders/<int:id>`) or Django (`orders/<int:id>`, `^orders/(?P<id>[0-9]+)$`) tells.
    """
    found = _templates.get(text)
    if found is None:
        if len(_templates) >= MOST_NAMES:
            return None
        found = _templates[text] = Template(_as_template(text))
    return found


def _as_template(text: str) -> str:
    text = _GROUP.sub(r"{\1}", text)
    text = _CONVERTER.sub(_placeholder, text)
    return "/" + _ANCHORS.sub("", text).lstrip("/")


def _placeholder(found: "re.Match[str]") -> str:
    kind, name = found.groups()
    return "{" + name + (":path}" if kind and kind.startswith("path") else "}")


def forget() -> None:
    """
    No name was learned yet.
    """
    _templates.clear()
    of_routes.clear()
    _of_paths.clear()
    _words.clear()
