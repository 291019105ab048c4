"""
A check as SARIF 2.1.0, the form that code hosts show beside the lines of a pull request.

Each result points at the line of hasten.toml that says its limit.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from hasten import __version__
from hasten.record.checked import Checked, Item, Status, line_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES = {
    "budget": "An objective of hasten.toml is not reached.",
    "regression": "A route is slower than in the revision that it was compared with.",
    "answers": "Requests are answered differently than in the revision that they were compared with.",
    "baseline": "An objective is worse than in the stored baseline.",
}


def sarif(found: Checked, config: Path, base: Path) -> dict[str, Any]:
    """
    The SARIF log of a check.

    Args:
        config: The hasten.toml.
        base: The folder that paths are relative to: that of the checkout.
    """
    text = config.read_text(encoding="utf-8")
    place = config.relative_to(base) if config.is_relative_to(base) else Path(config.name)
    groups = list(dict.fromkeys(item.group for item in found.items))
    rules = [{"id": f"hasten/{group}", "shortDescription": {"text": _RULES.get(group, group)}} for group in groups]
    driver = {"name": "Hasten", "version": __version__, "rules": rules}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(item, groups.index(item.group), place.as_posix(), text) for item in found.items],
                "properties": {"against": found.against, "notes": found.notes},
            }
        ],
    }


def _result(item: Item, rule: int, uri: str, text: str) -> dict[str, Any]:
    is_good = item.status is Status.HELD
    level = "none" if is_good else "error" if item.status is Status.BROKEN else "note"
    said = item.says if item.status in (Status.HELD, Status.BROKEN) else f"{item.status}: {item.says}"
    region = {"startLine": line_of(text, item.section, item.key)}
    location = {"artifactLocation": {"uri": quote(uri), "uriBaseId": "%SRCROOT%"}, "region": region}
    return {
        "ruleId": f"hasten/{item.group}",
        "ruleIndex": rule,
        "kind": "pass" if is_good else "fail",
        "level": level,
        "message": {"text": f"{item.name}: {said}"},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"hastenItem/v1": f"{item.group}:{item.name}"},
        "properties": {"status": str(item.status), "value": item.value, "limit": item.limit},
    }
