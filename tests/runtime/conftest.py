"""
What the agent has said and counted in one test is not there in the next.
"""

from collections.abc import Iterator

import pytest

from hasten_runtime import once
from hasten_runtime.telemetry import export, pulse
from hasten_runtime.telemetry.request import OUTSIDE, set_doing
from hasten_runtime.telemetry.traces import file, sampling


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing was said yet.
    """
    monkeypatch.setattr(once, "_said", {})


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    The counts are empty, no request is traced, and no snapshot is ever due.
    """
    monkeypatch.setattr(sampling, "_is_begun", False)
    monkeypatch.setattr(file._place, "folder", "")
    pulse.forget()
    set_doing(OUTSIDE)
    monkeypatch.setattr(pulse, "due_ns", pulse.NEVER_NS)
    monkeypatch.setattr(pulse, "_act", [])
    monkeypatch.setattr(export._place, "folder", "")
    yield
    pulse.forget()
