"""
Whether code of the application reads objects' attributes past their descriptors, out of `__dict__`.

No hook sees that, so it is looked for in the text of the modules: only once something was found that nobody has read,
in the thread that writes traces, and in each file once. `self.__dict__` is looked for only in classes that an ORM maps:
there it is the way to make plain data of an object.
"""

import re
import sys
from typing import Optional

from hasten_runtime.telemetry.callers import is_own

#: What is read of a class is not what is read of its objects.
_READS = re.compile(rb"""(?<!\bself\.)(?<!\bcls\.)\b__dict__\b|\bvars\((?!\s*self\s*\))""")
_OWN_READS = re.compile(rb"""\bself\.__dict__\b|\bvars\(\s*self\s*\)""")
_MAPPED = re.compile(rb"""\bsqlalchemy\b|\bsqlmodel\b|\bdjango\b""")
MOST_BYTES = 2_000_000

#: By file; kept, for files of a running application are what it has read at its start.
_known: dict[str, bool] = {}
_modules = 0
_is_there = False


def is_there() -> bool:
    """
    Whether a module that is loaded now reads so.
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
    found = _known.get(file)
    if found is None:
        try:
            with open(file, "rb") as opened:
                text = opened.read(MOST_BYTES)
        except OSError:
            # What cannot be read may do anything.
            text = b"vars("
        found = bool(_READS.search(text)) or bool(_OWN_READS.search(text) and _MAPPED.search(text))
        _known[file] = found
    return found
