"""
The first lines of every process that Hasten starts: it is registered, drops its privileges, and dies with Hasten.

Run by the supervisor as a program of its own (standard library only), with its instructions as JSON on its standard
input. It then becomes the server by exec, so the pid that it registered is the server's, and there is no moment in
which a server runs that no file names.
"""

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
CANNOT_RUN = 126


def start_ticks(pid: int) -> tuple[int, str] | None:
    """
    When the kernel started a process (clock ticks since boot) and its state letter; None if there is none.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything, spaces and parentheses too.
    fields = stat.rpartition(")")[2].split()
    return int(fields[19]), fields[0]


def boot_id() -> str:
    """
    This boot of the kernel and this pid namespace: elsewhere the same pid means another process.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _register(path: str, record: dict[str, Any]) -> None:
    started = start_ticks(os.getpid())
    record["process"] = {"pid": os.getpid(), "started": started[0] if started else 0, "boot": boot_id()}
    new = f"{path}.{os.getpid()}.tmp"
    with open(new, "x", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is not needed here
        json.dump(record, file)
    os.replace(new, path)  # noqa: PTH105


def _drop(user: dict[str, int] | None) -> None:
    if user is not None:
        os.setgroups([])
        os.setgid(user["gid"])
        os.setuid(user["uid"])


def _die_with(parent: int, signal_number: int) -> None:
    # After the drop: a change of the user id clears the death signal.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(CANNOT_RUN)


def main() -> None:
    """
    This process is the server, or has ended with the reason as its last line.
    """
    orders = json.load(sys.stdin)
    os.set_inheritable(orders["exec_signal"], False)
    try:
        _become(orders)
    except BaseException:
        # Hasten waits for this end to close, and cannot tell an end from a start by that alone.
        os.write(orders["exec_signal"], b"!")
        raise


def _become(orders: dict[str, Any]) -> None:
    argv: list[str] = orders["argv"]
    try:
        _register(orders["path"], orders["record"])
        os.chdir(orders["cwd"])
        _drop(orders["user"])
        _die_with(orders["parent"], orders["death_signal"])
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.execvpe(argv[0], argv, orders["env"])  # noqa: S606 - becoming the server is the purpose
    except OSError as error:
        print(f"hasten: {argv[0]} cannot be run: {error}", file=sys.stderr, flush=True)
        raise SystemExit(CANNOT_RUN) from None


if __name__ == "__main__":
    main()
