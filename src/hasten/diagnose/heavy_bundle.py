"""
The first page cannot show before too much JavaScript has arrived.

What it means: the JavaScript that index.html asks for before the first route can show is larger than the objective
    bundle_bytes (uncompressed, as built), usually because every route and library is imported statically into it.
Why it costs: each first visit waits for it to travel, and then for the browser to parse and run it.
How it is found: initial bytes of the built files. Cost, per page that was visited in the browser and times visits per
    day: (time in which its initial scripts were under way + time from the last of them to the first paint) × the share
    of bytes beyond the objective. Both times are measured, under the network and CPU that [browser] names. Visits with
    a filled cache save the first part, if the headers let them.
Minimum support: initial JavaScript above the objective, and one measured page that fetched it.
What could be wrong: a page may need most of its code at once; then splitting moves the wait instead of removing it.
    If the scripts travel uncompressed, uncompressed_response counts the same seconds: treat that first, measure again.
"""

from collections import Counter
from typing import Any

from hasten.diagnose import _http, _pages, _words, cost
from hasten.diagnose.about import About
from hasten.errors import NoData
from hasten.evidence import BundleProfile, Observation, PageProfile, PageResource, PageRun
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="heavy_bundle",
    title="Too much JavaScript before the first page",
    phase=3,
    place='"initial JavaScript"',
    reads=("bundle", "pages"),
    minimum={"page_runs": 1},
    treated_by=("frontend.code_splitting", "frontend.lazy_routes", "frontend.bundle_size"),
)

_PACKAGES_SHOWN = 12


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding for the whole bundle; its cost is summed over the measured pages.
    """
    bundle = observation.bundle
    if bundle is None:
        return []
    scripts = [asset for asset in bundle.assets if asset.kind == "script" and asset.initial]
    initial = sum(asset.raw_bytes for asset in scripts)
    limit = target.objectives.bundle_bytes
    if initial <= limit:
        return []
    names = {asset.path.rpartition("/")[2] for asset in scripts}
    pages = [each for page in observation.pages if (each := _of_page(page, names, 1 - limit / initial, observation))]
    if not pages:
        raise NoData(
            f"the built front end asks for {_words.size(initial)} of JavaScript at once, above the objective of "
            f"{_words.size(limit)}, but no measured page fetched it, so its cost is not known"
        )
    slowest = max(pages, key=lambda each: each["avoidable_s"])
    return [
        Finding(
            symptom=about.symptom,
            where=Where(kind="bundle", name="initial JavaScript"),
            cost_s_per_day=sum(cost.cost_s_per_day(each["visits_per_day"], each["avoidable_s"]) for each in pages),
            says=f"A first visit fetches {_words.size(initial)} of JavaScript before it can show anything; the part "
            f"beyond {_words.size(limit)} makes {slowest['page']} wait {_words.seconds(slowest['first_visit_s'])}.",
            evidence={
                "initial_bytes": initial,
                "initial_gzip_bytes": sum(asset.gzip_bytes for asset in scripts),
                "limit_bytes": int(limit),
                "scripts": [{"path": asset.path, "raw_bytes": asset.raw_bytes} for asset in scripts[:20]],
                "largest_packages": _packages(bundle),
                "pages": pages,
            },
        )
    ]


def _of_page(page: PageProfile, names: set[str], share: float, observation: Observation) -> dict[str, Any] | None:
    run = _pages.typical_run(page)
    if run is None or len(page.runs) < about.minimum["page_runs"]:
        return None
    scripts = [each for each in run.resources if _pages.path_of(each.url).rpartition("/")[2] in names]
    if not scripts:
        return None
    transfer_s = _pages.busy_s(scripts)
    execution_s = _execution_s(run, scripts)
    wire = sum(each.wire_bytes for each in scripts)
    kept = sum(each.wire_bytes * (1 - _http.transfers_per_visit(each)) for each in scripts)
    transfers = 1 - kept / wire if wire else 1.0
    visits = cost.visits_per_day(page, run.resources, observation)
    return {
        "page": page.page,
        "network": page.network,
        "cpu_slowdown": page.cpu_slowdown,
        "transfer_s": round(transfer_s, 3),
        "execution_s": round(execution_s, 3),
        "share_beyond_limit": round(share, 4),
        "transfers_per_visit": round(transfers, 2),
        "first_visit_s": round((transfer_s + execution_s) * share, 3),
        "avoidable_s": round((transfer_s * transfers + execution_s) * share, 3),
        "visits_per_day": visits and round(visits, 1),
    }


def _execution_s(run: PageRun, scripts: list[PageResource]) -> float:
    """
    From the arrival of the last script to the first paint; where the page painted earlier, its blocking time.
    """
    arrived = max(each.end_s for each in scripts)
    if run.fcp_s is not None and run.fcp_s > arrived:
        return run.fcp_s - arrived
    return run.tbt_s or 0.0


def _packages(bundle: BundleProfile) -> list[dict[str, Any]]:
    totals: Counter[str] = Counter()
    for module in bundle.modules:
        totals[module.package] += module.bytes
    return [{"package": name, "bytes": size} for name, size in totals.most_common(_PACKAGES_SHOWN)]
