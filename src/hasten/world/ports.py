"""
Loopback ports: a free one, and who holds one that is not.
"""

import contextlib
import socket
import threading

import psutil

from hasten.errors import Unreachable

LOOPBACK = "127.0.0.1"

_given: set[int] = set()
_lock = threading.Lock()


def free_port() -> int:
    """
    A loopback port that nobody listens on, and that this process has not been given before.

    The kernel picks it. Another program may still take it before it is used: whoever starts a server on it must
    be ready to ask for another.
    """
    with _lock:
        for _ in range(100):
            with socket.socket() as probe:
                probe.bind((LOOPBACK, 0))
                port = int(probe.getsockname()[1])
            if port not in _given:
                _given.add(port)
                return port
    raise Unreachable("no free loopback port was found", hint="end programs that hold very many sockets")


def is_free(port: int) -> bool:
    """
    Whether a server could listen on this loopback port now.
    """
    with socket.socket() as probe:
        # As servers do it: a port with connections in TIME_WAIT is free, one with a listener is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int, timeout_s: float = 0.5) -> bool:
    """
    Whether somebody accepts connections on this loopback port.
    """
    try:
        socket.create_connection((LOOPBACK, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def holder_of(port: int) -> str:
    """
    Who listens on a port, for people: "nginx (pid 812)", or "another program" where the system does not tell.
    """
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "another program"


def need_free(port: int, what: str) -> None:
    """
    Nothing happens if the port is free.

    Raises:
        Unreachable: it is taken; says by whom.
    """
    if not is_free(port):
        raise Unreachable(
            f"{what} cannot listen on port {port}: {holder_of(port)} has it",
            hint="end that program, or name another port in hasten.toml (0 takes any free one)",
            port=port,
        )
