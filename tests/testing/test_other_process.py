"""
The process that the laws send a change to.
"""

import subprocess
import sys


def test_orders_that_are_none_fail() -> None:
    """
    Nothing is done on a guess.
    """
    done = subprocess.run(
        [sys.executable, "-m", "hasten.testing.other_process"], input=b"{}", capture_output=True, timeout=60
    )

    assert 0 != done.returncode
    assert b"missing required field" in done.stderr
