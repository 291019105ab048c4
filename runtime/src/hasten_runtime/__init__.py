"""
The part of Hasten inside the application's process: standard library only, and nothing of `hasten`.

It meets the control plane in two data formats, the policy and the telemetry (the report of each worker in `handshake`,
its counts in `telemetry`), and knows here which versions it speaks.
"""

__all__ = ["POLICY_VERSION", "TELEMETRY_VERSION", "__version__"]

__version__ = "0.1.0"

POLICY_VERSION = 1
"""
The version of the policy (control plane → agent).

A policy of another version is not obeyed: the application then behaves as if Hasten were not there.
"""

TELEMETRY_VERSION = 1
"""
The version of the telemetry (agent → control plane).
"""
