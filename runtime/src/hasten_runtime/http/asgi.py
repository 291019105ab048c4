"""
The agent in front of an ASGI 3 application: the outermost thing that a request meets behind the server.

What no rule is for goes straight through: the same scope, the same receive and send, no task and no await in between.
"""

from collections.abc import Awaitable
from typing import Any, Callable, Optional

from hasten_runtime.arms import CANDIDATE, HEADER, Arm, arm_of
from hasten_runtime.http.aside import Aside, in_a_thread
from hasten_runtime.http.chain import Chains, matching
from hasten_runtime.http.compression import Variants as AnyVariants
from hasten_runtime.http.links import Link
from hasten_runtime.http.variants import Variants
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.policy import Policy, Record
from hasten_runtime.standing import Standing
from hasten_runtime.telemetry.request import given

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Observe = Callable[[Application, Scope, Receive, Send, int], Awaitable[None]]


class Agent:
    """
    An application that obeys a policy.

    Args:
        app: The application as the server loaded it.
        standing: The policy as it stands.
        observe: Counts a request that it has answered by what it is given, if requests are counted.
        variants, aside: Where coded bodies are, and where work is done that takes long; asyncio's if not given.
    """

    def __init__(
        self,
        app: Application,
        standing: Standing,
        observe: Optional[Observe] = None,
        variants: Optional[AnyVariants] = None,
        aside: Aside = in_a_thread,
    ) -> None:
        self.app = app
        self._standing = standing
        self._observe = observe
        self._ticks = standing.ticks
        self._variants = Variants() if variants is None else variants
        self._chains = Chains(self._variants, aside)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """
        The request is answered, by the application.
        """
        app, observe, began_ns = self.app, None, 0
        try:
            kind = scope["type"]
            if kind == "http":
                standing, began_ns = self._standing, self._ticks()
                if began_ns >= standing.due_ns:
                    standing.look()
                meets = standing.meets
                if meets is not None and meets(scope["path"]):
                    app = self._obedient
                observe = self._observe
            elif kind == "lifespan" and self._observe is not None:
                receive = _heard(receive)
        except Exception as error:
            say_once("agent", "a request passes without the agent: " + reason_of(error))
        if observe is not None:
            return observe(app, scope, receive, send, began_ns)
        return app(scope, receive, send)

    def _obedient(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        chain: list[Link] = []
        # The application is not called in here: what it raises is the server's, and none of our faults.
        try:
            scope, send, chain = self._obey(self._standing.policy(), scope, send)
        except Exception as error:
            say_once("rules", "a request passes without any rule: " + reason_of(error))
        return self._answered(scope, receive, chain) if chain else self.app(scope, receive, send)

    def _obey(self, policy: Policy, scope: Scope, send: Send) -> tuple[Scope, Send, list[Link]]:
        """
        What the application is to have, and what stands in front of its answer where a rule says so.
        """
        rules, is_ours = policy.rules, False
        if policy.trial is not None:
            arm = arm_of(policy.trial, scope)
            if arm.name == CANDIDATE:
                rules = policy.trial.rules
            if arm.headers is not scope["headers"]:
                scope = {**scope, "headers": arm.headers}
                given(scope)
            if arm.asked:
                is_ours, send = True, _labeled(send, arm, policy.revision)
        if policy.record is not None and not is_ours:
            send = _recorded(policy.record, scope, send)
        found = matching(rules, scope["method"], scope["path"])
        return scope, send, self._chains.of(found, scope, send) if found else []

    async def _answered(self, scope: Scope, receive: Receive, chain: list[Link]) -> None:
        try:
            await self.app(scope, receive, chain[-1])
        finally:
            # Also where the application fails: the server is to see as much of the answer as it would have seen.
            for link in reversed(chain):
                await link.let_go()


def _heard(receive: Receive) -> Receive:
    """
    When the server says that it ends, what was counted is written once more: a signal may end the process after that.
    """

    async def receive_and_write() -> Any:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            from hasten_runtime.telemetry import export

            export.write_last()
        return message

    return receive_and_write


def _recorded(record: Record, scope: Scope, send: Send) -> Send:
    # Nobody is recorded most of the time, so most processes never load it.
    from hasten_runtime.recorder import watching

    return watching.asgi(record, scope, send)


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
