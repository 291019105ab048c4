"""
What pip, npm and the build find around them: the caller's environment, without what would lead them elsewhere.
"""

import os
from pathlib import Path

ASTRAY = {
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONDONTWRITEBYTECODE",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "NODE_ENV",  # "production" would leave the bundler out
}


def variables(root: Path) -> dict[str, str]:
    """
    Pass the caller's environment on, without what would lead pip and npm elsewhere.

    A home that cannot be written (a service account, `su` without a login) gets its caches inside the checkout.
    """
    outer = {name: value for name, value in os.environ.items() if name not in ASTRAY}
    fresh = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "CI": "1"}
    if not _is_writable(Path(outer.get("PIP_CACHE_DIR") or _user_cache() / "pip")):
        fresh["PIP_CACHE_DIR"] = str(root / ".cache" / "pip")
    if not _is_writable(Path(outer.get("npm_config_cache") or _home() / ".npm")):
        fresh["npm_config_cache"] = str(root / ".cache" / "npm")
    if not os.access(_home(), os.R_OK | os.X_OK):
        fresh["HOME"] = str(root / ".cache" / "home")
    return outer | fresh


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111 (Path.home() raises where there is no home at all)


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache")


def _is_writable(folder: Path) -> bool:
    """
    Say whether this user could write there, creating the folder if need be.
    """
    # Below a home that cannot be entered, asking whether a path exists is itself an error; here it is a no.
    while not os.path.exists(folder) and folder != folder.parent:  # noqa: PTH110
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)
