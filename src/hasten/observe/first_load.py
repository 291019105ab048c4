"""
Which built files a browser fetches before the first route can show, by index.html and what it imports; pure.

Scripts, modulepreload and stylesheet links of the document, and everything these import statically. What a route
imports when it is opened (`import()`) is not among them.
"""

import posixpath
import re
from collections.abc import Callable, Collection
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

Read = Callable[[str], bytes]

# `import … from "x"`, `import "x"`, `export … from "x"`, but neither `import("x")` nor `import.meta`.
_STATIC_IMPORT = re.compile(rb"""\b(?:import|export)\b(?:[^"'()`;=]{0,20000}?\bfrom)?\s*["']([^"'\n]{1,500})["']""")
_CSS_IMPORT = re.compile(rb"""@import\s*(?:url\(\s*)?["']?([^"')\s;]+)""")
_LINKS = frozenset({"modulepreload", "stylesheet"})
_PRELOADS = frozenset({"script", "style", "font", "worker"})


def initial_files(document: str, files: Collection[str], read: Read) -> set[str]:
    """
    The files that the document `document` (a path among `files`) loads at once, itself included.
    """
    page = _Document()
    page.feed(read(document).decode("utf-8", "replace"))
    page.close()
    base = urljoin("/" + document, page.base) if page.base else "/" + document
    asked = page.references + static_imports("\n".join(page.inline_modules).encode())
    found = {path for reference in asked if (path := _resolve(reference, base, files))}
    return {document} | with_imports(found, files, read)


def with_imports(entries: Collection[str], files: Collection[str], read: Read) -> set[str]:
    """
    The files, and all that they import statically, and so on.
    """
    seen: set[str] = set()
    waiting = list(entries)
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        imports = (
            static_imports(read(path)) if path.endswith((".js", ".mjs"))
            else _css_imports(read(path)) if path.endswith(".css")
            else []
        )  # fmt: skip
        waiting += [found for name in imports if (found := _resolve(name, "/" + path, files))]
    return seen


def static_imports(code: bytes) -> list[str]:
    """
    What a module imports before it runs. May name more than there is (text that looks like an import).
    """
    names = [name.decode("utf-8", "replace") for name in _STATIC_IMPORT.findall(code)]
    return [name for name in names if name.startswith((".", "/"))]


def manifest_files(manifest: Any, files: Collection[str], loaded: Collection[str] | None) -> set[str]:
    """
    The files of Vite's manifest that come with those `loaded`, or with any entry if None: imports and styles.
    """
    if not isinstance(manifest, dict):
        return set()
    found: set[str] = set()
    waiting = [
        name
        for name, chunk in manifest.items()
        if isinstance(chunk, dict) and (chunk.get("isEntry") if loaded is None else chunk.get("file") in loaded)
    ]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        chunk = manifest.get(name)
        if name in seen or not isinstance(chunk, dict):
            continue
        seen.add(name)
        found |= {str(chunk.get("file", "")), *map(str, chunk.get("css", []))}
        waiting += map(str, chunk.get("imports", []))
    return {path for path in found if path in files}


def _css_imports(code: bytes) -> list[str]:
    return [name.decode("utf-8", "replace") for name in _CSS_IMPORT.findall(code)]


def _resolve(reference: str, base: str, files: Collection[str]) -> str | None:
    """
    The built file that a reference means; the application may be served below any path.
    """
    parts = urlsplit(reference)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = unquote(posixpath.normpath(urlsplit(urljoin(base, parts.path)).path)).lstrip("/")
    while path not in files:
        _, slash, path = path.partition("/")
        if not slash or not reference.startswith("/"):
            return None
    return path


class _Document(HTMLParser):
    """
    Collects what a document loads at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.references: list[str] = []
        self.inline_modules: list[str] = []
        self._in_module = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """
        Notes scripts, links and the base.
        """
        named = {name: value or "" for name, value in attrs}
        relations = set(named.get("rel", "").lower().split())
        if tag == "base" and not self.base:
            self.base = named.get("href", "")
        elif tag == "script" and "nomodule" not in named:
            if named.get("src"):
                self.references.append(named["src"])
            self._in_module = not named.get("src") and named.get("type", "").lower() == "module"
        elif tag == "link" and _is_loaded_at_once(relations, named):
            self.references.append(named.get("href", ""))

    def handle_endtag(self, tag: str) -> None:
        """
        Ends an inline script.
        """
        if tag == "script":
            self._in_module = False

    def handle_data(self, data: str) -> None:
        """
        Notes the text of inline modules, which may import.
        """
        if self._in_module:
            self.inline_modules.append(data)


def _is_loaded_at_once(relations: set[str], named: dict[str, str]) -> bool:
    if "alternate" in relations or "disabled" in named:
        return False
    return bool(relations & _LINKS) or ("preload" in relations and named.get("as") in _PRELOADS)
