"""
An HTML page as nested data: a path in it names a node and an attribute, as `html.body.ul[0].li[2].@class`.

Children are grouped by their tag, and `(children)` holds the order in which the tags come, so that a node that was
added does not shift the names of all its neighbors of another tag.
"""

from html.parser import HTMLParser
from typing import Any

CHILDREN = "(children)"
TEXT = "text"
#: Elements without an end (HTML Living Standard, 13.1.2).
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
#: A start tag of the left ends an open element of the right (the optional end tags that occur in practice).
_ENDS = {
    **{tag: frozenset({tag}) for tag in ("li", "option", "tr", "optgroup")},
    **{tag: frozenset({"td", "th"}) for tag in ("td", "th")},
    **{tag: frozenset({"dt", "dd"}) for tag in ("dt", "dd")},
    **{tag: frozenset({"p"}) for tag in ("p", "div", "ul", "ol", "table", "h1", "h2", "h3", "section", "form", "pre")},
}


def dom_of(page: str) -> dict[str, Any]:
    """
    The page as nested dicts and lists, whatever its faults.
    """
    parser = _Builder()
    parser.feed(page)
    parser.close()
    return parser.root


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any]]] = [("", self.root)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._open[-1][0] in _ENDS.get(tag, ()):
            self._open.pop()
        node: dict[str, Any] = {f"@{name}": value for name, value in attrs}
        self._put(tag, node)
        if tag not in _VOID:
            self._open.append((tag, node))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        depth = next((at for at in range(len(self._open) - 1, 0, -1) if self._open[at][0] == tag), 0)
        if depth:
            del self._open[depth:]

    def handle_data(self, data: str) -> None:
        self._put(TEXT, data)

    def handle_comment(self, data: str) -> None:
        self._put("comment", data)

    def handle_decl(self, decl: str) -> None:
        self._put("doctype", decl)

    def _put(self, name: str, child: Any) -> None:
        node = self._open[-1][1]
        node.setdefault(name, []).append(child)
        node[CHILDREN] = f"{node.get(CHILDREN, '')} {name}".lstrip()
