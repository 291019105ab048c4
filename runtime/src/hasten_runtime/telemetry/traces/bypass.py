"""
Whether code of the application reads objects' attributes past their descriptors, out of `__dict__`.

No hook sees that, so it is looked for in the code: in that of a class when the first of its objects is loaded, and in
the text of the application's modules once something was found that nobody has read, in the thread that writes traces.
Each class and each file is looked at once.
"""

import re
import sys
from types import CodeType
from typing import Any, Optional
from weakref import WeakKeyDictionary

from hasten_runtime.telemetry.callers import is_own

#: Of a class itself it says nothing of its objects, and what `self` is, is known of classes.
_READS = re.compile(
    rb"""(?<!\bself)(?<!\bcls)\.__dict__\b|["']__dict__["']|\bvars\((?!\s*self\s*\))"""
    rb"""|\bstate\.dict\b|\binspect\([^()]*\)\.dict\b|\b_prefetched_objects_cache\b|\bfields_cache\b"""
)
_NAMES = frozenset(("__dict__", "_prefetched_objects_cache", "fields_cache", "vars"))
#: Libraries whose own code reads nothing of an object that it does not set.
_KNOWN = frozenset(("builtins", "django", "pydantic", "sqlalchemy", "sqlmodel", "typing"))
#: Write a data class out of its `__dict__`.
_WRITERS = ("orjson", "msgspec")
MOST_BYTES = 2_000_000

_classes: "WeakKeyDictionary[type, bool]" = WeakKeyDictionary()
#: By file; what a running application does is what it has read at its start.
_files: dict[str, bool] = {}
_modules = 0
_is_there = False


def is_open(kind: type) -> bool:
    """
    Whether a method of this class, or a library that writes data classes, reads its objects so.
    """
    found = _classes.get(kind)
    if found is None:
        found = _classes[kind] = any(map(_has_reader, kind.__mro__))
    return found or (hasattr(kind, "__dataclass_fields__") and any(name in sys.modules for name in _WRITERS))


def _has_reader(kind: type) -> bool:
    if str(kind.__module__).partition(".")[0] in _KNOWN:
        return False
    return any(_reads(code) for each in list(vars(kind).values()) for code in _codes_of(each))


def _codes_of(member: Any) -> "list[CodeType]":
    functions = [member, *(getattr(member, name, None) for name in ("__func__", "fget", "func"))]
    return [each.__code__ for each in functions if isinstance(getattr(each, "__code__", None), CodeType)]


def _reads(code: CodeType) -> bool:
    if not _NAMES.isdisjoint(code.co_names):
        return True
    return any(_reads(each) for each in code.co_consts if isinstance(each, CodeType))


def is_there() -> bool:
    """
    Whether a module of the application that is loaded now reads so.
    """
    global _modules, _is_there
    if not _is_there and _modules != len(sys.modules):
        modules = list(sys.modules.values())
        _modules = len(modules)
        files = {file for file in map(_file_of, modules) if file is not None}
        _is_there = any(_reads_past(file) for file in files)
    return _is_there


def _file_of(module: object) -> Optional[str]:
    names = getattr(module, "__dict__", None)
    file = names.get("__file__") if isinstance(names, dict) else None
    return file if isinstance(file, str) and file.endswith(".py") and is_own(file) else None


def _reads_past(file: str) -> bool:
    found = _files.get(file)
    if found is None:
        try:
            with open(file, "rb") as opened:
                found = bool(_READS.search(opened.read(MOST_BYTES)))
        except OSError:
            # What cannot be read may do anything.
            found = True
        _files[file] = found
    return found
