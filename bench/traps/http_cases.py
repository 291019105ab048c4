"""
The changes of the desk: wrong ones, each with the rule and the word that must reject it, and honest ones.
"""

from collections.abc import Iterable, Sequence

from bench.traps.case import Expected
from bench.traps.http_run import PEOPLE, Case
from hasten.verify.answers import COMPRESSION
from hasten.verify.freshness import Probe
from hasten.world.load.plan import LoadRequest

KEPT = Expected("gain")


def asked(path: str, route: str, values: Iterable[int], principal: str = "anonymous") -> list[LoadRequest]:
    """
    One request for each value; Accept-Encoding is what a browser says.
    """
    return [
        LoadRequest(
            path=path.format(value), route=f"GET {route}", headers={"accept-encoding": "gzip, br"}, principal=principal
        )
        for value in values
    ]


REPORTS = asked("/report?team={}", "/report", range(10))
NOTES = asked("/notes?tag={}", "/notes", range(10))
RELAYS = asked("/relay?team={}", "/relay", range(10))
LIVE = asked("/live?team={}", "/live", range(10))
HELLOS = asked("/hello?team={}", "/hello", range(6))
VISITS = asked("/visit?team={}", "/visit", range(6))
PAGES = asked("/page?team={}", "/page", range(6))
MINE = [*(request for name in PEOPLE for request in asked("/me", "/me", [0], name)), *REPORTS[:4]]
PROBES = [
    Probe(
        write=LoadRequest(method="PUT", path=f"/notes/{number}", body=b'{"text": "zz ${marker}"}', principal="ada"),
        read=LoadRequest(path=f"/notes/{number}", principal="ada"),
    )
    for number in (1, 2)
]
ONE_NOTE = asked("/notes/{}", "/notes/{id}", range(1, 9))

TRAPS: Sequence[Case] = (
    Case("missing Vary", "gzip from the store, and nobody is told that others get none", "missing_vary",
         Expected("guard:answers", "header:vary"), REPORTS, declared=COMPRESSION, is_shared=False),
    Case("one user's answer to another", "a cache keyed by URL", "keyed_by_url",
         Expected("guard:identity", "canary"), MINE),
    Case("joined across users", "equal URLs on the way share one answer", "joined_by_url",
         Expected("guard:identity", "together"), MINE),
    Case("another language", "a cache whose key lacks Accept-Language", "keyed_without_language",
         Expected("guard:identity", "variant"), HELLOS),
    Case("stale after write", "a cache that hears of no write", "never_told",
         Expected("guard:freshness", "$.notes[0].text"), [*ONE_NOTE, *REPORTS], probes=PROBES),
    Case("rows reordered", "the page comes as an index has it", "unordered",
         Expected("guard:answers", "$.notes (order)"), NOTES),
    Case("truncated list", "thirty rows instead of forty", "truncated",
         Expected("guard:answers", "$.notes (length)"), NOTES),
    Case("500 turned into cached 200", "what was stored last is given for an error", "errors_as_last_known",
         Expected("guard:answers", "status"), RELAYS, is_shared=False),
    Case("Set-Cookie replayed", "the first visitor's session is stored with the page", "cookies_too",
         Expected("guard:identity", "cookie:sid"), VISITS),
    Case("clock frozen", "a page with the time in it is stored", "everything",
         Expected("guard:answers", "freeze"), LIVE, is_shared=False),
    Case("security headers lost", "the store keeps status, type and body", "without_headers",
         Expected("guard:answers", "header:content-security-policy"), PAGES, is_shared=False),
    Case("cache below break-even", "every request is a hit, and a hit costs more than the answer", "costly",
         Expected("guard:harm"), ONE_NOTE, is_shared=False),
    Case("faster by dropping errors", "what takes long is refused at once", "shedding",
         Expected("guard:errors"), REPORTS, is_cache=False, is_shared=False),
    Case("only the sampled parameters", "fast for what was recorded", "fitted",
         Expected("guard:held_out", "only the judged parameters"), asked("/report?team={}", "/report", range(20)),
         is_cache=False, is_shared=False),
)  # fmt: skip

HONEST: Sequence[Case] = (
    Case("cache with the whole key", "keyed by all that the handler sees, and told of writes", "cached",
         KEPT, [*MINE, *ONE_NOTE, *NOTES], probes=PROBES),
    Case("stored gzip with Vary", "gzip from the store for whoever reads it", "compressed",
         KEPT, REPORTS, declared=COMPRESSION),
    Case("sums remembered, clocks live", "noise stays noise: only the sums are kept", "remembered_report",
         KEPT, LIVE, is_cache=False, is_shared=False),
    Case("cache of pages in two languages", "the language is part of the key", "cached", KEPT, HELLOS),
)  # fmt: skip
