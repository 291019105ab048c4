"""
The agent's way into a Python process: `hasten-run` puts this folder first on PYTHONPATH, and Python imports this file
at its start, in every child process too.

The `sitecustomize` that it hides is run first, as if this one were not there. Then, unless HASTEN_DISABLE says no, the
agent is loaded from where it lies: the application's environment need not have Hasten installed. Imports nothing of
the application, and nothing that Python has not imported already. Whatever fails here is said and passed over.
"""

import os
import sys

_BOOT = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = os.path.dirname(_BOOT)


def _run_the_hidden_one() -> None:
    """
    Run the sitecustomize that would have been found without this folder on the path.
    """
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    places = [place for place in sys.path if os.path.abspath(place or ".") != _BOOT]
    spec = PathFinder.find_spec("sitecustomize", places)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    ours = sys.modules.get("sitecustomize")
    sys.modules["sitecustomize"] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        # What Python would have said of it, it says now: site.py reports whatever leaves this file.
        if ours is not None:
            sys.modules["sitecustomize"] = ours
        raise


def _load_the_agent() -> None:
    """
    Import hasten_runtime from its own folder; the path of the application's modules stays as it is.
    """
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import spec_from_file_location

    if "hasten_runtime" not in sys.modules:
        spec = spec_from_file_location(
            "hasten_runtime", os.path.join(_PACKAGE, "__init__.py"), submodule_search_locations=[_PACKAGE]
        )
        if spec is None or spec.loader is None:
            raise ImportError("there is no package around " + _BOOT)
        package = module_from_spec(spec)
        sys.modules["hasten_runtime"] = package
        spec.loader.exec_module(package)
    from hasten_runtime import servers

    servers.watch()


try:
    _run_the_hidden_one()
finally:
    if os.environ.get("HASTEN_DISABLE", "") in ("", "0"):
        try:
            _load_the_agent()
        except Exception as _error:
            sys.modules.pop("hasten_runtime", None)
            sys.stderr.write("hasten: the agent could not be loaded, the program runs without it: %r\n" % (_error,))  # noqa: UP031
