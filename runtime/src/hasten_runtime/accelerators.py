"""
Compiled modules that lie ready for the agent outside of the application's environment.

They are loaded by path, and under no name that the application could import: a client library that looks for `brotli`
would otherwise find it and send other requests than without the agent.
"""

import _imp
import os
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from typing import Any


def load(name: str) -> Any:
    """
    The compiled module of that name, as HASTEN_ACCELERATORS has it for this Python.

    Raises:
        ImportError: there is none, or it is none for this machine.
    """
    folder = os.environ.get("HASTEN_ACCELERATORS")
    if not folder:
        raise ImportError(name + " is not there")
    abi = _imp.extension_suffixes()[0].split(".")[1]
    path = os.path.join(folder, abi, name + ".so")
    loader = ExtensionFileLoader(name, path)
    spec = ModuleSpec(name, loader, origin=path)
    had = sys.modules.get(name)
    module = module_from_spec(spec)
    loader.exec_module(module)
    if had is None:
        # Some put themselves there.
        sys.modules.pop(name, None)
    return module
