"""
Visits to a page, read.
"""

from typing import Any

import msgspec

from hasten.diagnose import _pages as pages


def test_the_typical_visit_is_the_one_in_the_middle(make: Any) -> None:
    """
    By time to completion; visits that never completed do not count if others did.
    """
    runs = [make.page(complete_s=seconds).runs[0] for seconds in (9.0, 3.0, 5.0, None)]
    profile = msgspec.structs.replace(make.page(), runs=runs)

    assert runs[2] == pages.typical_run(profile)
    assert pages.typical_run(msgspec.structs.replace(profile, runs=[])) is None


def test_static_files_are_what_came_whole(make: Any) -> None:
    """
    Neither the API's answers nor files that were not there.
    """
    entry, lost = make.resource("http://h/a.js"), make.resource("http://h/b.js", status=404)

    assert [entry] == pages.static_resources(make.page(entry, lost, make.fetch).runs[0])


def test_overlapping_transfers_are_counted_once(make: Any) -> None:
    """
    0–2 and 1–3 and 5–6 are four seconds.
    """
    spans = [(0.0, 2.0), (1.0, 3.0), (5.0, 6.0), (1.2, 1.4)]
    files = [make.resource("http://h/a.js", start_s=start, end_s=end) for start, end in spans]

    assert 4.0 == pages.busy_s(files)
    assert 0.0 == pages.busy_s([])


def test_a_path_is_what_people_know() -> None:
    """
    Without host and query.
    """
    assert ["/a/b.js", "/"] == [pages.path_of(url) for url in ("http://h:1/a/b.js?x=1", "http://h:1")]
