"""
Reading page visits: the typical one, and what it fetched.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from hasten.evidence import PageProfile, PageResource, PageRun

STATIC_KINDS = frozenset({"document", "script", "stylesheet", "image", "font", "manifest", "wasm", "other"})


def typical_run(page: PageProfile) -> PageRun | None:
    """
    The visit in the middle by its time to completion (by bytes where none completed); None without visits.
    """
    if not page.runs:
        return None
    done = sorted((run for run in page.runs if run.complete_s is not None), key=lambda run: run.complete_s or 0.0)
    ordered = done or sorted(page.runs, key=lambda run: run.wire_bytes)
    return ordered[(len(ordered) - 1) // 2]


def static_resources(run: PageRun) -> list[PageResource]:
    """
    The files that came whole, without the API's answers.
    """
    return [each for each in run.resources if each.kind.lower() in STATIC_KINDS and each.status == 200]


def busy_s(resources: Iterable[PageResource]) -> float:
    """
    For how long at least one of the resources was under way.
    """
    total, until = 0.0, float("-inf")
    for start, end in sorted((each.start_s, each.end_s) for each in resources):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def path_of(url: str) -> str:
    """
    The path of a URL, for people.
    """
    return urlsplit(url).path or "/"
