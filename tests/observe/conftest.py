"""
The small application of tests/world, for the probes that need one.
"""

import importlib.util
from pathlib import Path

_SPEC = importlib.util.spec_from_file_location("serving", Path(__file__).parents[1] / "world" / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_SERVING = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_SERVING)

application = _SERVING.application
silent_url = _SERVING.silent_url
