"""
A private Valkey: a cache for as long as Hasten runs, reached with a password, gone with the supervisor.
"""

import secrets
from pathlib import Path

from hasten.world import ports
from hasten.world.programs import find_valkey
from hasten.world.supervisor import Spec, Supervisor
from hasten.world.unprivileged import give, own_folder


def start_valkey(supervisor: Supervisor, *, name: str = "valkey", named: str = "", memory_mb: int = 64) -> str:
    """
    The URL of a new, empty Valkey (or Redis) that answers; it evicts what was used least recently.

    Raises:
        Missing: there is none on this machine.
        Unreachable: it did not come up.
    """
    program = find_valkey(named)
    password, port = secrets.token_urlsafe(24), ports.free_port()
    folder = own_folder(supervisor.scratch(name) / "data")
    # In a file, for the arguments of a process can be read by everybody.
    config = _config(folder, port, password, memory_mb)
    supervisor.start(
        Spec(name, [str(program.path), str(config)], ready=port, unprivileged=True, role="cache", port=port)
    )
    return f"redis://:{password}@{ports.LOOPBACK}:{port}/0"


def _config(folder: Path, port: int, password: str, memory_mb: int) -> Path:
    lines = [f"bind {ports.LOOPBACK}", f"port {port}", f"requirepass {password}", f"dir {folder}", 'save ""']
    lines += ["appendonly no", f"maxmemory {memory_mb}mb", "maxmemory-policy allkeys-lru", "daemonize no"]
    path = folder / "valkey.conf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    give(path, 0o600)
    return path
