"""
What the agent has said in one test does not silence it in the next.
"""

import pytest

from hasten_runtime import once


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing was said yet.
    """
    monkeypatch.setattr(once, "_said", set())
