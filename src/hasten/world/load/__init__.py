"""
HTTP load from an own process: open loop, latency from the intended moment, its own lateness recorded.

    result = run_load(LoadPlan(base_url="http://127.0.0.1:8000", requests=[LoadRequest(path="/")], rate_per_s=50,
                               duration_s=20))
    result.latency().p95, result.errors(), result.rejected_share
"""

from hasten.world.load.plan import LoadPlan, LoadRequest, check_plan, is_loopback
from hasten.world.load.result import Flag, LoadProgress, LoadResult, Outcome, Records, Window
from hasten.world.load.run import run_load

__all__ = [
    "Flag",
    "LoadPlan",
    "LoadProgress",
    "LoadRequest",
    "LoadResult",
    "Outcome",
    "Records",
    "Window",
    "check_plan",
    "is_loopback",
    "run_load",
]
