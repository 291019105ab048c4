"""
Which rule treats a finding: the paths of a page or a route, and which of its files may be used without asking.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from hasten.application import App
from hasten.evidence import PageResource
from hasten.model import Finding, digest_of
from hasten.optimize.rules import route_paths
from hasten.world.policy_file import Match, Rule

#: For so long a picture is shown without asking whether there is a new one.
SHORT_S = 300
#: Below it a 304 saves nothing, and a picture of so few bytes may be there to be counted.
LEAST_BYTES = 1000
#: As bundlers name what they make. The agent looks more closely at each name; here it tells the folder of a build.
_BUILT = re.compile(r"[-._](?=[A-Za-z0-9_-]*[A-Z0-9])[A-Za-z0-9_-]{8,64}(?:\.[a-z]{3,5})?\.(?:m?js|css)\Z")
_CODE = ("script", "stylesheet")
_STREAMS = ("text/event-stream", "multipart/x-mixed-replace")


def rule_for(finding: Finding, app: App) -> Rule | None:
    """
    The rule for the page or the route of a finding; None where the agent could not obey one, or need not.
    """
    if finding.where.kind == "page":
        found = list(_files_of(finding.where.name, app))
        paths, settings = {_folder(path) for path, _ in found}, _settings(found)
    else:
        # What a route answers are data as they are now, so nothing of it is used without asking.
        paths, settings = route_paths(finding), {}
    if not paths:
        return None
    name = digest_of(["cache_headers", finding.where], 8)
    return Rule(id=f"cache-headers-{name}", kind="cache_headers", match=Match(paths=sorted(paths)), settings=settings)


def says(rule: Rule) -> str:
    """
    What the rule does, for people.
    """
    parts = [f"answer 304 below {', '.join(rule.match.paths)} where nothing changed"]
    if rule.settings.get("immutable"):
        parts.append(f"keep files with a digest in their name below {', '.join(rule.settings['immutable'])} for good")
    if rule.settings.get("short"):
        parts.append(f"and pictures below {', '.join(rule.settings['short'])} for {rule.settings['short_s']} s")
    return ", ".join(parts)


def _files_of(page: str, app: App) -> Iterator[tuple[str, list[PageResource]]]:
    """
    The page's own files by their path, each as it came in every run.
    """
    found: dict[str, list[PageResource]] = {}
    for profile in [each for each in app.observation.pages if each.page == page]:
        own = urlsplit(profile.runs[0].resources[0].url).netloc if profile.runs and profile.runs[0].resources else ""
        for resource in [each for run in profile.runs for each in run.resources]:
            split = urlsplit(resource.url)
            path = split.path or "/"
            is_file = resource.kind.lower() not in ("fetch", "xhr", "eventsource") and resource.status == 200
            if is_file and split.netloc == own and "{" not in path and _type(resource) not in _STREAMS:
                found.setdefault(path, []).append(resource)
    yield from found.items()


def _settings(files: list[tuple[str, list[PageResource]]]) -> dict[str, Any]:
    built = {_folder(path) for path, seen in files if _BUILT.search(path) and seen[0].kind.lower() in _CODE}
    steady = {_folder(path) for path, seen in files if _is_steady(path, seen)} - built
    settings: dict[str, Any] = {}
    if built:
        settings["immutable"] = sorted(built)
    if steady:
        settings.update(short=sorted(steady), short_s=SHORT_S)
    return settings


def _is_steady(path: str, seen: list[PageResource]) -> bool:
    """
    Whether it is a picture that was the same, by its size, each time that a browser came; once is no evidence.
    """
    sizes = {each.body_bytes for each in seen}
    is_picture = _type(seen[0]).startswith(("image/", "font/")) and not any(urlsplit(each.url).query for each in seen)
    return is_picture and len(seen) > 1 and len(sizes) == 1 and min(sizes) >= LEAST_BYTES and _folder(path) != path


def _folder(path: str) -> str:
    """
    The files of one folder together, for a build gives them new names; the pages at the top each by itself.
    """
    folder, _, name = path.rpartition("/")
    return f"{folder}/{{file}}" if folder and name else path


def _type(resource: PageResource) -> str:
    said = {key.lower(): value for key, value in resource.headers.items()}.get("content-type", "")
    return said.partition(";")[0].strip().lower()
