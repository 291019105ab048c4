"""
The agent in front of an ASGI 3 application: the outermost thing that a request meets behind the server.

What no rule is for goes straight through: the same scope, the same receive and send, no task and no await in between.
"""

from collections.abc import Awaitable
from typing import Any, Callable, Optional

from hasten_runtime.arms import CANDIDATE, HEADER, Arm, arm_of
from hasten_runtime.http.aside import in_a_thread
from hasten_runtime.http.chain import Chains, matching
from hasten_runtime.http.links import Link
from hasten_runtime.http.variants import Variants
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.policy import Policy
from hasten_runtime.standing import Standing
from hasten_runtime.telemetry.request import given

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Observe = Callable[[Application, Scope, Receive, Send], Awaitable[None]]


class Agent:
    """
    An application that obeys a policy.

    Args:
        app: The application as the server loaded it.
        standing: The policy as it stands.
        observe: Counts a request that it has answered by what it is given, if requests are counted.
    """

    def __init__(self, app: Application, standing: Standing, observe: Optional[Observe] = None) -> None:
        self.app = app
        self._standing = standing
        self._observe = observe
        self._variants = Variants()
        self._chains = Chains(self._variants, in_a_thread)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """
        The request is answered, by the application.
        """
        if self._observe is not None and scope["type"] == "http":
            return self._observe(self._answer, scope, receive, send)
        return self._answer(scope, receive, send)

    def _answer(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        try:
            if scope["type"] == "http":
                policy = self._standing.policy()
                if policy.rules or policy.trial is not None:
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
                given(scope)
            if arm.asked:
                send = _labeled(send, arm, policy.revision)
        found = matching(rules, scope["method"], scope["path"])
        if not found:
            return self.app(scope, receive, send)
        return self._answered(scope, receive, self._chains.of(found, scope, send))

    async def _answered(self, scope: Scope, receive: Receive, chain: list[Link]) -> None:
        try:
            await self.app(scope, receive, chain[-1])
        finally:
            # Also where the application fails: the server is to see as much of the answer as it would have seen.
            for link in reversed(chain):
                await link.let_go()


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
