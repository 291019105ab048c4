"""
The agent in front of an ASGI 3 application: the outermost thing that a request meets behind the server.

What no rule is for goes straight through: the same scope, the same receive and send, no task and no await in between.
"""

from collections.abc import Awaitable
from typing import Any, Callable

from hasten_runtime.arms import CANDIDATE, HEADER, Arm, arm_of
from hasten_runtime.http import cache_headers, compression
from hasten_runtime.http.links import Link
from hasten_runtime.http.variants import Variants
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.policy import Policy, Rule
from hasten_runtime.standing import Standing

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
#: Makes the link of a chain that obeys a rule, in front of whoever is nearer to the client.
Make = Callable[[Rule, tuple[str, ...], Scope, Send], Link]


class Agent:
    """
    An application that obeys a policy.

    Args:
        app: The application as the server loaded it.
        standing: The policy as it stands.
    """

    def __init__(self, app: Application, standing: Standing) -> None:
        self.app = app
        self._standing = standing
        self._variants = Variants()
        # From the client inward: an ETag is made of the plain answer, and a 304 needs no compression.
        self._links: dict[str, Make] = {"compression": self._compressing, "cache_headers": _heading}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """
        The request is answered, by the application.
        """
        if scope["type"] == "http":
            policy = self._standing.policy()
            if policy.rules or policy.trial is not None:
                try:
                    return self._obey(policy, scope, receive, send)
                except Exception as error:
                    say_once("rules", "a request passes without any rule: " + reason_of(error))
        return self.app(scope, receive, send)

    def _obey(self, policy: Policy, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        rules = policy.rules
        if policy.trial is not None:
            arm = arm_of(policy.trial, scope)
            if arm.name == CANDIDATE:
                rules = policy.trial.rules
            if arm.headers is not scope["headers"]:
                scope = {**scope, "headers": arm.headers}
            if arm.asked:
                send = _labeled(send, arm, policy.revision)
        found = _matching(rules, scope)
        if not found:
            return self.app(scope, receive, send)
        chain: list[Link] = []
        for kind, make in self._links.items():
            if kind in found:
                chain.append(make(*found[kind], scope, chain[-1] if chain else send))
        return self._answered(scope, receive, chain)

    def _compressing(self, rule: Rule, inputs: tuple[str, ...], scope: Scope, send: Send) -> Link:
        return compression.Answer(compression.Request(rule, scope, inputs), self._variants, send)

    async def _answered(self, scope: Scope, receive: Receive, chain: list[Link]) -> None:
        try:
            await self.app(scope, receive, chain[-1])
        finally:
            # Also where the application fails: the server is to see as much of the answer as it would have seen.
            for link in reversed(chain):
                await link.let_go()


def _matching(rules: tuple[Rule, ...], scope: Scope) -> dict[str, tuple[Rule, tuple[str, ...]]]:
    """
    Of each kind the first rule that is for this request, with what the placeholders of its path stand for.
    """
    found: dict[str, tuple[Rule, tuple[str, ...]]] = {}
    for rule in rules:
        if rule.kind not in found:
            inputs = rule.matched(scope["method"], scope["path"])
            if inputs is not None:
                found[rule.kind] = (rule, inputs)
    return found


def _heading(rule: Rule, _inputs: tuple[str, ...], scope: Scope, send: Send) -> Link:
    return cache_headers.Answer(cache_headers.Request(rule, scope), send)


def _labeled(send: Send, arm: Arm, revision: int) -> Send:
    """
    Whoever asked for an arm is told that it got it, and from which revision.
    """
    label = (HEADER, b"%s; revision=%d" % (arm.name.encode(), revision))

    async def send_labeled(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), label]}
        await send(message)

    return send_labeled
