"""
hasten.record.checked
"""

import pytest

from hasten.record.checked import Checked, Item, Status, line_of

CONFIG = """\
state = ".hasten"

[objectives]
# api_p95_ms = 100
api_p95_ms = 200
[check]
max_regression = 0.1

[check.routes]
"GET /api/inquiries" = 0.2
[[principals]]
name = "agent"
"""


@pytest.mark.parametrize(
    ("section", "key", "line"),
    [
        ("objectives", "api_p95_ms", 5),
        ("objectives", "db_p95_ms", 3),
        ("check", "max_regression", 7),
        ("check.routes", "GET /api/inquiries", 10),
        ("principals", "name", 12),
        ("allow", "mode", 1),
    ],
)
def test_a_limit_is_found_in_the_file(section: str, key: str, line: int) -> None:
    """
    Its own line, else that of its section, else the first.
    """
    assert line == line_of(CONFIG, section, key)


def test_only_what_is_broken_breaks() -> None:
    """
    Neither doubt nor missing data does.
    """
    items = [Item(group="budget", name=status, status=status, says="") for status in Status]

    assert [Status.BROKEN] == [item.status for item in Checked(items=items).broken]
