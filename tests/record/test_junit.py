"""
hasten.record.junit
"""

from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

from hasten.record.checked import Checked, Item, Status
from hasten.record.junit import junit

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def read(*items: Item) -> Xml.Element:
    """
    The document that CI servers would read.
    """
    return Xml.fromstring(junit(Checked(items=list(items), seconds=2.5), AT))


def item(status: Status, group: str = "budget", name: str = "API p95") -> Item:
    """
    An item with this status.
    """
    return Item(group=group, name=name, status=status, says="250 ms < 300 & more", seconds=1.5)


def test_only_what_is_held_is_green() -> None:
    """
    Broken is a failure; no data and not shown are skipped, with the reason.
    """
    root = read(*(item(status) for status in Status))
    found = [[child.tag for child in case] for case in root.iter("testcase")]

    assert [["system-out"], ["failure"], ["skipped"], ["skipped"]] == found
    assert ("4", "1", "2", "0") == tuple(root.get(name) for name in ("tests", "failures", "skipped", "errors"))
    assert "no data: 250 ms < 300 & more" in [each.get("message") for each in root.iter("skipped")]


def test_each_group_is_a_suite() -> None:
    """
    With its own counts, time and moment.
    """
    first, second = read(item(Status.HELD), item(Status.BROKEN, "regression", "GET /a")).findall("testsuite")

    assert ("budget", "regression") == (first.get("name"), second.get("name"))
    assert ("0", "1") == (first.get("failures"), second.get("failures"))
    assert ("1.500", "2026-01-02T03:04:05") == (first.get("time"), first.get("timestamp"))


def test_any_route_can_be_written() -> None:
    """
    Quotes, brackets and bytes that XML has no way for do not break the document.
    """
    (case,) = read(item(Status.HELD, name='GET /<a>?"b"\x00\x1b')).iter("testcase")

    assert 'GET /<a>?"b"��' == case.get("name")
