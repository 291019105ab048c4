"""
Acts on a module right after the application has imported it, and imports nothing itself.

Read at the boot of every Python process: `importlib` and `typing` would make its start noticeably slower.
"""

from __future__ import annotations

import sys

from hasten_runtime.once import reason_of, say_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Act = Callable[[ModuleType], None]


def after_import(name: str, act: Act) -> None:
    """
    `act` is called with the module of that name once it was imported: now, if it was already.
    """
    module = sys.modules.get(name)
    if module is not None:
        _do(act, module)
        return
    for finder in sys.meta_path:
        if isinstance(finder, _Watch):
            finder.acts[name] = act
            return
    sys.meta_path.insert(0, _Watch({name: act}))


class _Watch:
    """
    A finder that finds nothing: it lets the others find, and has the loader act once the module is there.
    """

    def __init__(self, acts: dict[str, Act]) -> None:
        self.acts = acts
        self._asking: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """
        The spec that the other finders have for a module that is waited for, with `act` to follow; else nothing.
        """
        if name not in self.acts or name in self._asking:
            return None
        # Another tool's finder may itself ask all finders, us among them.
        self._asking.add(name)
        try:
            spec = self._of_the_others(name, path, target)
        finally:
            self._asking.discard(name)
        if spec is not None and spec.loader is not None:
            try:
                _act_after(spec.loader, name, self.acts)
            except Exception as error:
                say_once("hook " + name, name + " cannot be watched, so nothing is done there: " + reason_of(error))
        return spec

    def _of_the_others(self, name: str, path: Any, target: Any) -> Any:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec = find(name, path, target)
            if spec is not None:
                return spec
        return None


def _act_after(loader: Any, name: str, acts: dict[str, Act]) -> None:
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        if module.__name__ == name:
            # A loader may serve many modules (those of a zip file share one): it is as before from now on.
            loader.__dict__.pop("exec_module", None)
            # Only now: who asks where a module is need not import it.
            act = acts.pop(name, None)
            if act is not None:
                _do(act, module)

    loader.exec_module = exec_module


def _do(act: Act, module: ModuleType) -> None:
    try:
        act(module)
    except Exception as error:
        say_once("hook " + module.__name__, "nothing is done in " + module.__name__ + ": " + reason_of(error))
