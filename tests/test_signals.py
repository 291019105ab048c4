"""
Ctrl-C does not interrupt the way back.
"""

import os
import signal

import pytest

from hasten.signals import as_before, shielded, sigterm_as_interrupt


def test_an_interrupt_waits_for_the_end_of_the_block() -> None:
    """
    SIGINT inside of the block is delivered after its last line.
    """
    done = []
    with pytest.raises(KeyboardInterrupt), shielded():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("the way back")

    assert ["the way back"] == done
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)


def test_without_an_interrupt_nothing_happens() -> None:
    """
    The handlers are as they were before.
    """
    before = signal.getsignal(signal.SIGTERM)
    with shielded():
        pass

    assert before is signal.getsignal(signal.SIGTERM)


def test_what_was_ignored_is_ignored_again() -> None:
    """
    Under `nohup` a program that Hasten becomes still ignores SIGHUP; what was not ignored ends it as before.
    """
    hangup, term = signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.getsignal(signal.SIGTERM)
    try:
        sigterm_as_interrupt()
        assert signal.SIG_IGN is not signal.getsignal(signal.SIGHUP)
        as_before()

        assert (signal.SIG_IGN, term) == (signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGHUP, hangup)
