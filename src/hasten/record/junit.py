"""
A check as JUnit XML, the form that CI servers show as tests.

Only what is within its limit, and known to be, passes. What was not measured or not shown is skipped, with the reason.
"""

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as Xml

from hasten.record.checked import Checked, Item, Status

_SKIPPED = (Status.NOT_SHOWN, Status.NO_DATA)


def junit(found: Checked, at: datetime, *, name: str = "hasten check") -> bytes:
    """
    The XML document: one suite for each group of items.
    """
    root = Xml.Element("testsuites", {"name": name, **_counts(found.items), "time": f"{found.seconds:.3f}"})
    groups = dict.fromkeys(item.group for item in found.items)
    for number, group in enumerate(groups):
        items = [item for item in found.items if item.group == group]
        suite = Xml.SubElement(
            root,
            "testsuite",
            {
                "name": group,
                "id": str(number),
                **_counts(items),
                "time": f"{sum(item.seconds for item in items):.3f}",
                "timestamp": at.replace(microsecond=0, tzinfo=None).isoformat(),
            },
        )
        for item in items:
            _case(suite, item)
    Xml.indent(root)
    text: str = Xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: Xml.Element, item: Item) -> None:
    case = Xml.SubElement(
        suite,
        "testcase",
        {"classname": f"hasten.{item.group}", "name": _plain(item.name), "time": f"{item.seconds:.3f}"},
    )
    if item.status is Status.BROKEN:
        failure = Xml.SubElement(case, "failure", {"message": _plain(item.says), "type": f"hasten.{item.group}"})
        failure.text = _plain(item.says)
    elif item.status in _SKIPPED:
        Xml.SubElement(case, "skipped", {"message": _plain(f"{item.status}: {item.says}")})
    else:
        Xml.SubElement(case, "system-out").text = _plain(item.says)


def _counts(items: Sequence[Item]) -> dict[str, str]:
    return {
        "tests": str(len(items)),
        "failures": str(sum(item.status is Status.BROKEN for item in items)),
        "errors": "0",
        "skipped": str(sum(item.status in _SKIPPED for item in items)),
    }


def _plain(text: str) -> str:
    # XML 1.0 has no way to write other control characters, and a route may hold any byte.
    return "".join(ch if ch in "\t\n" or ch >= " " else "�" for ch in text)
