"""
What is said once.
"""

import sys

import pytest

from hasten_runtime.once import forget, reason_of, say_once


def test_a_topic_is_spoken_of_once(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The second text of a topic is not said, until the topic was forgotten, nor the same text of another one.
    """
    for topic, text in (("a", "first"), ("a", "second"), ("b", "third"), ("c", "third")):
        say_once(topic, text)
    forget("a")
    say_once("a", "fourth")

    assert "hasten: first\nhasten: third\nhasten: fourth\n" == capsys.readouterr().err


def test_nobody_has_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without a standard error nothing is said and nothing is raised.
    """
    monkeypatch.setattr(sys, "stderr", None)
    say_once("a", "first")


def test_an_error_is_one_line() -> None:
    """
    Line breaks in a message do not break the log.
    """
    assert "ValueError: a b" == reason_of(ValueError("a\nb"))


def test_an_error_that_cannot_be_told_is_named() -> None:
    """
    An error whose text raises is known by its kind: what is said of a fault is never a fault of its own.
    """

    class Mute(Exception):
        def __str__(self) -> str:
            raise KeyError("no text")

    assert "Mute: " == reason_of(Mute())
