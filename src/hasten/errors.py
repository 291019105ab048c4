"""
Every way in which Hasten can refuse, each with a hint: what to do next.

    HastenError
    ├── ConfigError        hasten.toml or a command line says something that cannot be
    ├── Unreachable        a server, browser or file that is needed does not answer
    │   └── Missing        a program that is needed is not on this machine
    ├── NotAllowed         a privilege is missing, or hasten.toml does not allow the step
    ├── NoData             nothing was measured, so nothing can be said
    ├── TooNoisy           measured, but no verdict can be had from it
    ├── ApplyFailed        a change did not go in; the application is as before
    ├── RevertFailed       the way back did not work; stop and finish by hand (exit code 3)
    ├── LedgerBroken       the record was edited, cut or damaged, and where
    └── Interrupted        a person stopped the run; the world was cleaned up

Expected outcomes are values, not errors: an undecided trial is a Decision.
"""

from typing import Any


class HastenError(Exception):
    """
    Something Hasten cannot do, why, and what to do about it.

    Args:
        message: The cause, one sentence.
        hint: The next step for the person who reads it.
        data: Facts for programs (printed by `--json`).
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", **data: Any) -> None:
        super().__init__(message)
        self.hint = hint
        self.data = data


class ConfigError(HastenError):
    """
    hasten.toml, or the command line, says something that cannot be.
    """


class Unreachable(HastenError):
    """
    A server, browser or file that is needed does not answer.
    """


class Missing(Unreachable):
    """
    A program that is needed is not on this machine.
    """


class NotAllowed(HastenError):
    """
    A privilege is missing, or hasten.toml does not allow the step.
    """


class NoData(HastenError):
    """
    Nothing was measured, so nothing can be said.
    """


class TooNoisy(HastenError):
    """
    Measured, but too noisily for any verdict.
    """


class ApplyFailed(HastenError):
    """
    A change did not go in; the application is as it was before.
    """


class RevertFailed(HastenError):
    """
    The way back did not work, so the application may be in neither state.

    Hasten stops here. `hint` holds the exact commands to finish by hand.
    """

    exit_code = 3


class LedgerBroken(HastenError):
    """
    The ledger was edited, cut or damaged; `data` says at which entry.
    """


class Interrupted(HastenError):
    """
    A person stopped the run; what was started has been cleaned up.
    """

    exit_code = 130
