"""
The beginning of telemetry: each worker says that it is there and which policy it obeys, in a file of its own.

`workers/<pid>.json` beside the policy, replaced atomically whenever the worker has read another policy. The control
plane warns when no worker reports, and asks these files whether a change has arrived.
"""

import _imp
import json
import os
import sys
import time
from _thread import get_ident
from typing import Any

from hasten_runtime import TELEMETRY_VERSION, __version__
from hasten_runtime.once import reason_of, say_once


class Handshake:
    """
    The report of this process.

    Args:
        folder: Where the reports are; it is made if need be.
        server: Which server runs the application.
    """

    def __init__(self, folder: str, server: str) -> None:
        self._folder = folder
        self._server = server

    def tell(self, policy: dict[str, Any]) -> None:
        """
        The report says what `policy` says; where it cannot be written, that is said once and nothing else happens.
        """
        report = {
            "version": TELEMETRY_VERSION,
            "pid": os.getpid(),
            "server": self._server,
            "agent": __version__,
            "python": sys.version.split()[0],
            # As in `_brotli.cpython-311-x86_64-linux-gnu.so`: what compiled modules must be made for.
            "abi": _imp.extension_suffixes()[0].split(".")[1],
            "run": os.environ.get("HASTEN_RUN", ""),
            "at": time.time(),
            "policy": policy,
        }
        try:
            os.makedirs(self._folder, exist_ok=True)
            path = os.path.join(self._folder, f"{os.getpid()}.json")
            # Several agents of one process (a server with a worker per thread) may read a policy at the same moment.
            new = f"{path}.{get_ident()}.new"
            with open(new, "w", encoding="utf-8") as file:
                json.dump(report, file)
            os.replace(new, path)
        except Exception as error:
            say_once("handshake", "this worker cannot report to " + self._folder + ": " + reason_of(error))
