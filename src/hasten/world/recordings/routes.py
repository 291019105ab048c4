"""
The route that a path belongs to: what differs from one record to the next is one name.
"""

import re
from collections.abc import Iterable

_VARIABLE = re.compile(
    r"(?x) \d+ | [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12} | [0-9a-fA-F]{16,}"
    r" | (?=[^/]*\d)[A-Za-z0-9_-]{20,}"
)


class Routes:
    """
    Names paths by the templates of the application, or by their shape where there are none.
    """

    def __init__(self, templates: Iterable[str] = ()) -> None:
        # Literal segments win over variable ones: /users/me is not a /users/{id}.
        ordered = sorted(set(templates), key=lambda template: (template.count("{"), -len(template), template))
        self._patterns = [(template, _pattern(template)) for template in ordered]

    def name(self, method: str, path: str) -> str:
        """
        For example "GET /api/inquiries/{id}".
        """
        bare = path.partition("?")[0]
        for template, pattern in self._patterns:
            if pattern.fullmatch(bare):
                return f"{method} {template}"
        return f"{method} {by_shape(bare)}"


def by_shape(path: str) -> str:
    """
    The path with numbers, UUIDs and long random names replaced by {id}.
    """
    return "/".join("{id}" if _VARIABLE.fullmatch(part) else part for part in path.split("/"))


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\})", template)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))
