"""
Errors carry a hint, data and an exit code.
"""

import inspect

import pytest

from hasten import errors
from hasten.errors import HastenError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, HastenError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_keeps_its_hint_and_data(kind: type[HastenError]) -> None:
    """
    What was said is what a handler gets.
    """
    error = kind("it is full", hint="make room", free_bytes=0)

    assert ("it is full", "make room", {"free_bytes": 0}) == (str(error), error.hint, error.data)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_in_the_tree_of_the_docstring(kind: type[HastenError]) -> None:
    """
    The drawing at the top of the module names every error there is.
    """
    assert kind.__name__ in (errors.__doc__ or "")


def test_being_stuck_has_its_own_exit_code() -> None:
    """
    A failed way back exits with 3, your input with 1.
    """
    assert (3, 1) == (errors.RevertFailed.exit_code, errors.ConfigError.exit_code)
