"""
Whether code of the application reads objects' attributes past their descriptors, out of `__dict__`.

No hook sees that, so it is looked for in the code: in that of a class when the first of its objects is loaded, and in
the text of the application's modules once something was found that nobody has read, in the thread that writes traces.
Each class and each file is looked at once.
"""

import re
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any, Optional
from weakref import WeakKeyDictionary

from hasten_runtime.telemetry.callers import is_own

#: Of a class itself it says nothing of its objects, and what `self` is, is known of classes.
_READS = re.compile(
    rb"""(?<!\bself)(?<!\bcls)\.__dict__\b|["']__dict__["']|\bvars\((?!\s*self\s*\))"""
    rb"""|\bstate\.dict\b|\binspect\([^()]*\)\.dict\b|\b_prefetched_objects_cache\b|\bfields_cache\b"""
)
#: Of Python, Django and SQLAlchemy.
_PROPERTIES = frozenset(("cached_property", "hybrid_property", "memoized_property"))
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
    return found or (
        any(name in sys.modules for name in _WRITERS)
        and any("__dataclass_fields__" in each.__dict__ for each in kind.__mro__)
    )


def _has_reader(kind: type) -> bool:
    if str(kind.__module__).partition(".")[0] in _KNOWN:
        return False
    return any(_reads(code) for each in list(kind.__dict__.values()) for code in _codes_of(each))


def _codes_of(member: Any) -> list[CodeType]:
    """
    The code of a method. Anything else in a class is not asked: some objects load what they are when they are.
    """
    kind = type(member)
    if kind in (staticmethod, classmethod):
        functions = [member.__func__]
    elif kind is property or kind.__name__ in _PROPERTIES:
        functions = [getattr(member, name, None) for name in ("fget", "fset", "func")]
    else:
        functions = [member]
    found = []
    for each in functions:
        # A decorator's function is around the one that is meant.
        while type(each) is FunctionType:
            found.append(each.__code__)
            each = each.__dict__.get("__wrapped__")
    return found


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


def _file_of(module: Any) -> Optional[str]:
    # Anything else may load itself when it is asked.
    file = module.__dict__.get("__file__") if type(module) is ModuleType else None
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
