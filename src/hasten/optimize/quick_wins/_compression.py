"""
Which rule treats a finding: paths and content types as the agent matches them.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from hasten.application import App
from hasten.model import Finding, digest_of
from hasten.optimize.rules import route_paths
from hasten.world.policy_file import Match, Rule

_TEXT = re.compile(
    r"text/(?!event-stream)[\w.+-]+|application/(?:[\w.+-]*\+)?(?:json|javascript|xml|wasm|x-javascript)"
    r"|image/svg\+xml|font/(?:ttf|otf)"
)


def rule_for(finding: Finding, app: App) -> Rule | None:
    """
    The rule for the page or the route of a finding; None where the agent could not, or need not, compress it.
    """
    if finding.where.kind == "page":
        paths, types = _files_of(finding.where.name, app)
        settings: dict[str, Any] = {}
    else:
        paths, types = route_paths(finding), _types(finding.evidence.get("content_type", ""))
        # Answers of a route are dynamic; those that hold what the request said stay as they are all the same.
        settings = {"dynamic": True}
    if not paths or not types:
        return None
    name = digest_of(["compression", finding.where], 8)
    match = Match(paths=sorted(paths), content_types=sorted(types))
    return Rule(id=f"compression-{name}", kind="compression", match=match, settings=settings)


def says(rule: Rule) -> str:
    """
    What the rule does, for people.
    """
    return f"compress {', '.join(rule.match.content_types)} below {', '.join(rule.match.paths)}"


def _files_of(page: str, app: App) -> tuple[set[str], set[str]]:
    """
    The paths of the page's text files, those of one folder together: a build gives them new names.
    """
    paths: set[str] = set()
    types: set[str] = set()
    for profile in [each for each in app.observation.pages if each.page == page]:
        for resource in [each for run in profile.runs for each in run.resources]:
            kinds = _types({key.lower(): value for key, value in resource.headers.items()}.get("content-type", ""))
            path = urlsplit(resource.url).path or "/"
            if resource.kind.lower() in ("fetch", "xhr") or resource.status != 200 or not kinds or "{" in path:
                continue
            folder, _, _ = path.rpartition("/")
            paths.add(f"{folder}/{{file}}" if folder else path)
            types |= kinds
    return paths, types


def _types(content_type: str) -> set[str]:
    kind = content_type.partition(";")[0].strip().lower()
    return {kind} if _TEXT.fullmatch(kind) else set()
