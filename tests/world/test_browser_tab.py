"""
What a tab's events are taken to mean.
"""

from typing import Any

import pytest

from hasten.world.browser_tab import _complaint

FAILED = {"level": "error", "text": "Failed to load resource", "url": "http://127.0.0.1/app.js"}


@pytest.mark.parametrize(
    ("method", "event", "said"),
    [
        ("Runtime.exceptionThrown", {"exceptionDetails": {"text": "Uncaught"}}, "Uncaught"),
        (
            "Runtime.exceptionThrown",
            {"exceptionDetails": {"text": "Uncaught", "exception": {"description": "TypeError: x"}}},
            "TypeError: x",
        ),
        ("Runtime.consoleAPICalled", {"type": "error", "args": [{"value": "bad"}, {"value": 7}]}, "bad 7"),
        ("Runtime.consoleAPICalled", {"type": "log", "args": [{"value": "fine"}]}, ""),
        ("Log.entryAdded", {"entry": FAILED}, "Failed to load resource http://127.0.0.1/app.js"),
        ("Log.entryAdded", {"entry": {**FAILED, "level": "warning"}}, ""),
        ("Log.entryAdded", {"entry": {**FAILED, "url": "http://127.0.0.1/favicon.ico"}}, ""),
    ],
)
def test_errors_of_the_page_are_kept(method: str, event: dict[str, Any], said: str) -> None:
    """
    Exceptions, console.error and failed resources are errors; logs, warnings and a missing icon are not.
    """
    assert said == _complaint(method, event)
