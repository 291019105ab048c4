"""
hasten.verify.usage
"""

import os
import time
from pathlib import Path

from hasten.application import App
from hasten.target import Target
from hasten.verify.usage import Usage
from hasten.world.supervisor import Supervisor


def usage(folder: Path) -> Usage:
    """
    Watches this very process as an application without a database.
    """
    app = App(Target(), folder, Supervisor(folder), processes={"web": ("application", os.getpid())})
    return Usage(app)


def test_processor_time_counts_from_the_begin(tmp_path: Path) -> None:
    """
    What was used before does not count, and work that is done shows.
    """
    watched = usage(tmp_path)
    watched.begin()
    until = time.process_time() + 0.1
    while time.process_time() < until:
        sum(range(1000))
    watched.look()

    assert 0.05 <= watched.cpu_s


def test_memory_is_of_the_application(tmp_path: Path) -> None:
    """
    A Python process holds some megabytes.
    """
    assert 5_000_000 < usage(tmp_path).memory_bytes()


def test_an_instance_that_is_gone_uses_nothing(tmp_path: Path) -> None:
    """
    A pid that is nobody's is no error.
    """
    app = App(Target(), tmp_path, Supervisor(tmp_path), processes={"web": ("application", 2**22 - 1)})
    watched = Usage(app)
    watched.begin()

    assert (0.0, 0) == (watched.look(), watched.memory_bytes())
