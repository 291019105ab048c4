"""
The command line with which the browser is started.
"""

from pathlib import Path

from hasten.world.browser import BrowserProgram
from hasten.world.browser_process import command

PROGRAM = BrowserProgram(path=Path("/usr/bin/chromium"), version="150.0", source="PATH")


def test_only_loopback_and_the_named_hosts_resolve() -> None:
    """
    Everything is mapped to nowhere except loopback and the application's own host, each once.
    """
    words = command(PROGRAM, Path("/profile"), ["127.0.0.1", "staging.test"], sandbox=True)

    assert (
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1], "
        "EXCLUDE staging.test"
    ) in words


def test_the_sandbox_is_left_out_only_when_asked() -> None:
    """
    --no-sandbox stands on the command line exactly when the sandbox is not wanted.
    """
    assert "--no-sandbox" not in command(PROGRAM, Path("/profile"), [], sandbox=True)
    assert "--no-sandbox" in command(PROGRAM, Path("/profile"), [], sandbox=False)


def test_nothing_is_done_in_the_background() -> None:
    """
    Updates, reports, synchronization and other background networking are off, and the port is any free one.
    """
    words = set(command(PROGRAM, Path("/profile"), [], sandbox=True))

    assert words >= {
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
        "--disable-domain-reliability", "--remote-debugging-port=0", "--user-data-dir=/profile", "--no-proxy-server",
    }  # fmt: skip
