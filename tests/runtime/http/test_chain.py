"""
Which rules are for a request, and their links.
"""

import json
from typing import Any

from tests.runtime.driving import RULE, scope_of

from hasten_runtime.http import cache_headers, compression
from hasten_runtime.http.aside import here
from hasten_runtime.http.chain import Chains, matching
from hasten_runtime.http.thread_variants import ThreadVariants
from hasten_runtime.policy import Rule, read_policy


def rules(*kinds: tuple[str, str]) -> tuple[Rule, ...]:
    """
    A rule of each kind for each path.
    """
    given = [{**RULE, "id": str(n), "kind": kind, "match": {"paths": [path]}} for n, (kind, path) in enumerate(kinds)]
    return read_policy(json.dumps({"version": 1, "revision": 1, "rules": given}).encode()).rules


def test_of_each_kind_the_first_that_matches() -> None:
    """
    With what its placeholders stand for; other methods and paths have none.
    """
    given = rules(("compression", "/no"), ("compression", "/{a}"), ("cache_headers", "/x"), ("compression", "/x"))

    assert {"compression": (given[1], ("x",)), "cache_headers": (given[2], ())} == matching(given, "GET", "/x")
    assert {} == matching(given, "POST", "/x") == matching(given, "GET", "/a/b")


def test_the_links_are_in_the_order_of_their_work() -> None:
    """
    Whatever the order of the rules, the coding is next to the client.
    """

    async def send(message: Any) -> None:
        """
        Nothing is sent here.
        """

    chains = Chains(ThreadVariants(), here)
    found = matching(rules(("cache_headers", "/x"), ("compression", "/x")), "GET", "/x")
    chain = chains.of(found, scope_of("/x"), send)

    assert [compression.Answer, cache_headers.Answer] == [type(link) for link in chain]
    assert [send, chain[0]] == [link._send for link in chain]
