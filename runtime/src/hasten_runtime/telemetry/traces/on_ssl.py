"""
`ssl.create_default_context`: reading all certificates takes tens of milliseconds.
"""

from types import ModuleType

from hasten_runtime.telemetry.traces import clients


def hook(ssl: ModuleType) -> None:
    """
    Making a TLS context is a step.
    """
    inner = ssl.create_default_context
    ssl.create_default_context = watched = clients.watched(inner, "ssl")  # type: ignore[attr-defined]
    # What `http.client` makes its contexts with, unless somebody has put another function there.
    if ssl._create_default_https_context is inner:
        ssl._create_default_https_context = watched  # type: ignore[attr-defined]
