"""
Which rules are for a request, and what stands in front of its answer because of them.
"""

from typing import Any, Callable

from hasten_runtime.http import cache_headers, compression
from hasten_runtime.http.aside import Aside
from hasten_runtime.http.links import Link, Send
from hasten_runtime.policy import Rule

Scope = dict[str, Any]
#: By kind: the rule, and what the placeholders of its path stand for.
Found = dict[str, tuple[Rule, tuple[str, ...]]]
#: Makes the link of a chain that obeys a rule, in front of whoever is nearer to the client.
Make = Callable[[Rule, tuple[str, ...], Scope, Send], Link]


def matching(rules: tuple[Rule, ...], method: str, path: str) -> Found:
    """
    Of each kind the first rule that is for this request.
    """
    found: Found = {}
    for rule in rules:
        if rule.kind not in found:
            inputs = rule.matched(method, path)
            if inputs is not None:
                found[rule.kind] = (rule, inputs)
    return found


class Chains:
    """
    Makes the links of a request.

    Args:
        variants: What is compressed once.
        aside: Where work is done that takes long.
    """

    def __init__(self, variants: compression.Variants, aside: Aside) -> None:
        self._variants = variants
        self._aside = aside
        # From the client inward: an ETag is made of the plain answer, and a 304 needs no compression.
        self._makes: dict[str, Make] = {"compression": self._compressing, "cache_headers": self._heading}

    def of(self, found: Found, scope: Scope, send: Send) -> list[Link]:
        """
        The links, the last of them next to the application.
        """
        chain: list[Link] = []
        for kind, make in self._makes.items():
            if kind in found:
                chain.append(make(*found[kind], scope, chain[-1] if chain else send))
        return chain

    def _compressing(self, rule: Rule, inputs: tuple[str, ...], scope: Scope, send: Send) -> Link:
        return compression.Answer(compression.Request(rule, scope, inputs), self._variants, send)

    def _heading(self, rule: Rule, _inputs: tuple[str, ...], scope: Scope, send: Send) -> Link:
        return cache_headers.Answer(cache_headers.Request(rule, scope), send, self._aside)
