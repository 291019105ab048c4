"""
Turning pages gets slower page by page.

What it means: a statement pages with OFFSET, and far pages were measured to take longer than near ones.
Why it costs: OFFSET reads the rows that it skips, all of them, for every page again.
How it is found: logged executions with the value of their OFFSET. Cost: calls per day × the share of executions with an
    OFFSET of 1,000 or more × (their mean time − the mean time of those below 100).
Minimum support: three executions of each kind, and far ones that take half as long again as near ones.
What could be wrong: far pages may ask for something else too (another order, another filter); the evidence has each
    execution. A page number that people can jump to cannot be had without OFFSET; "next" can.
"""

from statistics import fmean

from hasten.diagnose import _statements, _words, cost
from hasten.diagnose.about import About
from hasten.evidence import Observation
from hasten.model import Finding, Where
from hasten.target import Target

about = About(
    symptom="deep_offset",
    title="Far pages take longer than near ones",
    phase=2,
    place="the query id",
    reads=("statements",),
    minimum={"far_offset": 1000, "near_offset": 100, "executions": 3, "slower_ratio": 1.5},
    treated_by=("database.query_rewrites",),
)


def find(observation: Observation, target: Target) -> list[Finding]:
    """
    One finding per statement.
    """
    if _statements.nothing_if_unseen(observation):
        return []
    _statements.need_executions(observation, target, values=True)
    least = about.minimum
    catalog = _statements.catalog_of(observation)
    found = []
    for profile, shape in _statements.readable(observation, 2 * least["executions"]):
        if not shape.has_offset and shape.offset is None:
            continue
        known = _statements.offsets(profile, catalog)
        far = [seconds for offset, seconds in known if offset >= least["far_offset"]]
        near = [seconds for offset, seconds in known if offset < least["near_offset"]]
        if min(len(far), len(near)) < least["executions"] or fmean(far) < least["slower_ratio"] * fmean(near):
            continue
        per_day = cost.calls_per_day(profile.calls, observation) * len(far) / len(known)
        slower_s = fmean(far) - fmean(near)
        found.append(
            Finding(
                symptom=about.symptom,
                where=Where(kind="statement", name=profile.query_id),
                cost_s_per_day=cost.cost_s_per_day(per_day, slower_s),
                says=f"Far pages of {_words.listed(shape.tables)} take {_words.seconds(fmean(far))}, near ones "
                f"{_words.seconds(fmean(near))}, because OFFSET reads every row that it skips: "
                f"{_words.statement(profile.text, 120)}",
                evidence={
                    "query_id": profile.query_id,
                    "text": profile.text,
                    "tables": shape.tables,
                    "calls": profile.calls,
                    "far_calls_per_day": round(per_day, 1),
                    "far_mean_s": round(fmean(far), 6),
                    "near_mean_s": round(fmean(near), 6),
                    "avoidable_s": round(slower_s, 6),
                    "executions": [{"offset": offset, "seconds": seconds} for offset, seconds in sorted(known)[-20:]],
                },
            )
        )
    return found
