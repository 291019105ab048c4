"""
A private Valkey.
"""

import socket
from urllib.parse import urlsplit

import pytest

from hasten.world.supervisor import Supervisor
from hasten.world.valkey import start_valkey

pytestmark = pytest.mark.real


def ask(url: str, *commands: str) -> list[str]:
    """
    The first line of the answer to each command.
    """
    with socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=5) as connection:
        file = connection.makefile("rw", newline="\r\n")
        answers = []
        for command in commands:
            file.write(f"{command}\r\n")
            file.flush()
            answers.append(file.readline().strip())
        file.close()
        return answers


def test_it_answers_who_has_the_password(tmp_path):
    """
    Nobody else, and nothing of it is left.
    """
    with Supervisor(tmp_path) as supervisor:
        url = start_valkey(supervisor)

        assert "-NOAUTH" == ask(url, "PING")[0].split()[0]
        assert ["+OK", "+OK", "$1"] == ask(url, f"AUTH {urlsplit(url).password}", "SET a 1", "GET a")

    assert [] == list((tmp_path / "run").iterdir())


def test_the_password_is_on_no_command_line(tmp_path):
    """
    Everybody can read those.
    """
    with Supervisor(tmp_path) as supervisor:
        url = start_valkey(supervisor)

        assert urlsplit(url).password not in " ".join(supervisor.running["valkey"].record.argv)
