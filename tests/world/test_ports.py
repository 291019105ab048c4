"""
Loopback ports.
"""

import socket

import pytest

from hasten.errors import Unreachable
from hasten.world import ports


@pytest.fixture
def taken() -> int:
    """
    A port that this process listens on.
    """
    with socket.socket() as listener:
        listener.bind((ports.LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_given_only_once():
    """
    Many ports asked for at once are all different and all free.
    """
    found = [ports.free_port() for _ in range(50)]

    assert 50 == len(set(found))
    assert all(ports.is_free(port) for port in found)


def test_a_port_with_a_listener_is_not_free(taken):
    """
    A port that somebody listens on is not free, and answers.
    """
    assert not ports.is_free(taken)
    assert ports.answers(taken)


def test_a_port_without_a_listener_does_not_answer():
    """
    Nobody answers on a free port.
    """
    assert not ports.answers(ports.free_port())


def test_a_taken_port_is_refused_with_its_holder(taken):
    """
    The error names who has the port, and a way out.
    """
    with pytest.raises(Unreachable, match=rf"web cannot listen on port {taken}: .*pid") as refused:
        ports.need_free(taken, "web")

    assert "another port" in refused.value.hint


def test_a_free_port_is_not_refused():
    """
    Asking for a free port does nothing.
    """
    ports.need_free(ports.free_port(), "web")
