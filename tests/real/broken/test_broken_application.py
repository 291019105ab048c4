"""
Whatever is wrong with the application or its logins: one clear error with a hint, exit code 1, nothing is changed.
"""

import json
import socket
import sys

import pytest
from tests.real.broken.whole_setup import Setup

pytestmark = pytest.mark.real


def test_a_port_that_is_taken(setup: Setup) -> None:
    """
    Who has it is said, and it is left alone.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        setup.add("[application.processes]", f"port = {port}")

        setup.refuses("baseline", says=f"cannot listen on port {port}", hint="0 takes any free one")


def test_an_application_that_dies_at_its_start(setup: Setup) -> None:
    """
    Its last words are in the error.
    """
    command = json.dumps([sys.executable, "-c", "raise SystemExit('no license')"])
    setup.write(**{"[application.processes]": f'name = "web"\ncommand = {command}\nis_web = true'})

    setup.refuses("baseline", says="no license", hint="mend what its last lines say")
    setup.ails("application and database", says="no license", hint="mend what its last lines say")


def test_an_application_whose_program_is_not_there(setup: Setup) -> None:
    """
    The program is named.
    """
    setup.write(**{"[application.processes]": 'name = "web"\ncommand = ["gunicorm"]\nis_web = true'})

    setup.refuses("baseline", says="there is no program gunicorm", hint="check the command")


def test_a_secret_that_is_not_set(setup: Setup) -> None:
    """
    The variable is named.
    """
    del setup.scene.environment["DESK_SECRET"]

    setup.refuses("baseline", says="DESK_SECRET", hint="export DESK_SECRET=")
    setup.ails("login of agent", says="DESK_SECRET", hint="export DESK_SECRET=")


def test_a_login_that_is_refused(setup: Setup) -> None:
    """
    Whose it is and what to look at is said; the secret is not.
    """
    setup.scene.environment["DESK_SECRET"] = "close sesame"

    setup.refuses("baseline", says="the login of 'agent' was refused", hint="DESK_SECRET")
    setup.ails("login of agent", says="was refused", hint="DESK_SECRET")
