"""
How answers are compared, and what a change says beforehand that it will change in them.
"""

from hasten.model import Noun
from hasten.world.load.plan import LoadRequest

#: So many clean comparisons of a route class bound its rate of wrong answers below 0.3 % (rule of three, 95 %).
LEAST_CLEAN = 1000


class Declared(Noun, frozen=True, kw_only=True):
    """
    What a change adds to answers on purpose; everything else must be as before.

    adds: values by header that the candidate may have and control has not: {"vary": ["accept-encoding"]}; where
        control lacks a header, also directives, or "*" for any value: {"cache-control": ["private"], "etag": ["*"]}.
    may_differ: fields (as the mismatches name them) that say nothing, such as "header:x-request-id".
    """

    adds: dict[str, list[str]] = {}
    may_differ: list[str] = []


#: Compression adds its coding, and must say that the answer depends on Accept-Encoding.
#: A strong ETag names bytes, and these are other bytes (RFC 9110, 8.8.1).
COMPRESSION = Declared(
    adds={"content-encoding": ["gzip", "br", "zstd", "deflate"], "vary": ["accept-encoding"]},
    may_differ=["header:etag"],
)


class ComparisonPlan(Noun, frozen=True, kw_only=True):
    """
    One comparison of answers.

    seed: For the order of the requests, and of the arms within each.
    least_clean: Clean comparisons per route class that are enough by themselves.
    known: Every request that users are known to send; what is replayed must cover their parameter shapes, or reach
        `least_clean`. Without it only the number counts.
    noise_is_fatal: For a cache rule: a field that differs between the controls would be frozen.
    apart: Whether control and candidate are two instances, so that they can be asked at the same moment.
    replay_writes: Whether unsafe methods are sent too: three arms on one database would each write.
    rounds: How often the requests are gone through at most.
    time_budget_s: No further request is begun after this long.
    false_discoveries: The share of falsely accused fields among the accused that is accepted (Benjamini-Hochberg).
    """

    seed: int = 1
    declared: Declared = Declared()
    least_clean: int = LEAST_CLEAN
    known: list[LoadRequest] = []
    noise_is_fatal: bool = False
    apart: bool = False
    replay_writes: bool = False
    rounds: int = 50
    time_budget_s: float = 120.0
    false_discoveries: float = 0.01
