"""
Nothing has been counted when a test begins.
"""

from collections.abc import Iterator

import pytest

from hasten_runtime.telemetry import export, pulse


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    The counts are empty, and no snapshot is ever due.
    """
    pulse.forget()
    monkeypatch.setattr(pulse, "due_ns", pulse.NEVER_NS)
    monkeypatch.setattr(export._place, "folder", "")
    yield
    pulse.forget()
