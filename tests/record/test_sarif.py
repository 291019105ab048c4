"""
hasten.record.sarif
"""

from pathlib import Path
from typing import Any

import pytest

from hasten.model import from_json, to_json
from hasten.record.checked import Checked, Item, Status
from hasten.record.sarif import sarif


@pytest.fixture
def log(tmp_path: Path) -> dict[str, Any]:
    """
    The log of a check with one item of each status, as a code host reads it.
    """
    config = tmp_path / "my shop" / "hasten.toml"
    config.parent.mkdir()
    config.write_text("[objectives]\napi_p95_ms = 200\n")
    items = [
        Item(group="budget", name=str(status), status=status, says="so", section="objectives", key="api_p95_ms")
        for status in Status
    ]
    found = sarif(Checked(items=items, against="abc"), config, tmp_path)
    read: dict[str, Any] = from_json(to_json(found), dict[str, Any])
    return read


def test_the_form_is_sarif(log: dict[str, Any]) -> None:
    """
    What version 2.1.0 asks for is there: version, one run, a driver with a name, results with messages.
    """
    (run,) = log["runs"]

    assert "2.1.0" == log["version"]
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    assert "Hasten" == run["tool"]["driver"]["name"]
    assert all(result["message"]["text"] for result in run["results"])


def test_levels_say_what_breaks(log: dict[str, Any]) -> None:
    """
    An error breaks, a note does not, and what passes has no level at all.
    """
    found = {result["properties"]["status"]: (result["kind"], result["level"]) for result in log["runs"][0]["results"]}

    assert {
        "held": ("pass", "none"),
        "broken": ("fail", "error"),
        "not shown": ("fail", "note"),
        "no data": ("fail", "note"),
    } == found


def test_each_result_has_its_rule(log: dict[str, Any]) -> None:
    """
    The index leads to the rule of that id.
    """
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_results_point_at_the_limit(log: dict[str, Any]) -> None:
    """
    The file is relative to the checkout and percent-encoded, the line is the one with the objective.
    """
    (location,) = log["runs"][0]["results"][0]["locations"]
    place = location["physicalLocation"]

    assert "my%20shop/hasten.toml" == place["artifactLocation"]["uri"]
    assert 2 == place["region"]["startLine"]
