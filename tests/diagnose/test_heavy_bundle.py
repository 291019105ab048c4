"""
heavy_bundle: initial JavaScript beyond the objective, by measured times.
"""

from typing import Any

import msgspec
import pytest

from hasten.diagnose import heavy_bundle
from hasten.errors import NoData
from hasten.evidence import BundleAsset, BundleModule, BundleProfile

ENTRY = "assets/index-BwT3xk2a.js"


def heavy(raw_bytes: int = 4_000_000) -> BundleProfile:
    """
    One entry with everything in it.
    """
    entry = BundleAsset(
        path=ENTRY, kind="script", raw_bytes=raw_bytes, gzip_bytes=1_200_000, brotli_bytes=1_000_000, initial=True
    )
    later = BundleAsset(path="assets/later-C0ffee12.js", kind="script", raw_bytes=900, gzip_bytes=400, brotli_bytes=300)
    modules = [
        BundleModule(package="echarts", path="echarts/a.js", bytes=900_000),
        BundleModule(package="xlsx", path="xlsx/x.js", bytes=700_000),
        BundleModule(package="echarts", path="echarts/b.js", bytes=100_000),
    ]
    return BundleProfile(root="dist", assets=[entry, later], modules=modules)


def visit(make: Any, **given: Any) -> Any:
    """
    A page that waits 20 s for its script and paints 2 s later.
    """
    script = make.resource(f"http://h/{ENTRY}", start_s=0.5, end_s=20.5, wire_bytes=4_000_000, headers={})
    return make.page(script, make.fetch, **{"fcp_s": 22.5} | given)


def test_bytes_beyond_the_objective_cost_their_share_of_the_wait(observed: Any, target: Any, make: Any) -> None:
    """
    Three quarters of 20 s of transfer and 2 s of execution, 4,000 visits a day.
    """
    [found] = heavy_bundle.find(observed(bundle=heavy(), pages=[visit(make)]), target)

    assert pytest.approx(4000 * 0.75 * 22) == found.cost_s_per_day
    assert {"package": "echarts", "bytes": 1_000_000} == found.evidence["largest_packages"][0]
    assert "fetches 4.0 MB of JavaScript before it can show anything" in found.says


def test_a_cached_script_travels_on_half_of_the_visits(observed: Any, target: Any, make: Any) -> None:
    """
    Caching saves transfer, not execution.
    """
    script = make.resource(f"http://h/{ENTRY}", start_s=0.5, end_s=20.5, wire_bytes=4_000_000)

    [found] = heavy_bundle.find(observed(bundle=heavy(), pages=[make.page(script, make.fetch, fcp_s=22.5)]), target)

    assert pytest.approx(0.75 * 12) == found.evidence["pages"][0]["avoidable_s"]


def test_a_page_that_painted_before_its_script_counts_blocking_time(observed: Any, target: Any, make: Any) -> None:
    """
    A server-rendered page shows early; its script then costs the time in which it blocks.
    """
    [found] = heavy_bundle.find(observed(bundle=heavy(), pages=[visit(make, fcp_s=1.0, tbt_s=0.8)]), target)

    assert 0.8 == found.evidence["pages"][0]["execution_s"]


def test_a_light_bundle_has_no_finding(observed: Any, target: Any, make: Any) -> None:
    """
    At the objective there is nothing to say.
    """
    assert [] == heavy_bundle.find(observed(), target)
    assert [] == heavy_bundle.find(observed(bundle=heavy(1_000_000), pages=[visit(make)]), target)


def test_a_heavy_bundle_without_a_measured_page_is_told_as_unknown(observed: Any, target: Any, make: Any) -> None:
    """
    Its size is known, its cost is not: no data, and never a healthy front end.
    """
    with pytest.raises(NoData, match=r"4\.0 MB"):
        heavy_bundle.find(observed(bundle=heavy(), pages=[]), target)


def test_a_page_that_did_not_run_gives_no_cost(observed: Any, target: Any, make: Any) -> None:
    """
    A profile without runs is no measurement.
    """
    empty = msgspec.structs.replace(visit(make), runs=[])

    with pytest.raises(NoData):
        heavy_bundle.find(observed(bundle=heavy(), pages=[empty]), target)


def test_unknown_visits_are_null_and_rank_last(observed: Any, target: Any, make: Any) -> None:
    """
    A page whose visits cannot be told costs nothing that could be claimed, and the evidence says null.
    """
    seen = observed(bundle=heavy(), pages=[visit(make)], requests_per_day={"GET /api/inquiries": 10.0})

    [found] = heavy_bundle.find(seen, target)

    assert (0.0, None) == (found.cost_s_per_day, found.evidence["pages"][0]["visits_per_day"])
