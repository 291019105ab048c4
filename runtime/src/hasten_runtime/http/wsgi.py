"""
The agent in front of a WSGI application (PEP 3333): the outermost thing that a request meets behind the server.

What no rule is for goes straight through: the same environ, the same start_response, and the server gets the very
object that the application returned, so that it may still send a file by itself.
"""

from collections.abc import Iterable
from typing import Any, Callable, Optional

from hasten_runtime.arms import CANDIDATE, Arm, arm_of
from hasten_runtime.http.aside import here
from hasten_runtime.http.chain import Chains, matching
from hasten_runtime.http.environ import Environ, asking_scope, path_of, scope_of
from hasten_runtime.http.thread_variants import ThreadVariants
from hasten_runtime.http.wsgi_answer import Answer
from hasten_runtime.once import reason_of, say_once
from hasten_runtime.policy import Policy, Record
from hasten_runtime.standing import Standing

#: In each environ of waitress, and of no other server.
WAITRESS = "waitress.client_disconnected"
#: What granian says that it is. How an answer begins it asks once, when the application returns.
GRANIAN = "Granian"

StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Observe = Callable[[Application, Environ, StartResponse], Iterable[bytes]]


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
        self._variants = ThreadVariants()
        self._chains = Chains(self._variants, here)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """
        The request is answered, by the application.
        """
        if self._observe is not None:
            return self._observe(self._answer, environ, start_response)
        return self._answer(environ, start_response)

    def _answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = None
        # The application is not called in here: what it raises is the server's, and none of our faults.
        try:
            policy = self._standing.policy()
            if policy.rules or policy.trial is not None or policy.record is not None:
                start_response, answer = self._obey(policy, environ, start_response)
        except Exception as error:
            say_once("rules", "a request passes without any rule: " + reason_of(error))
        return self.app(environ, start_response) if answer is None else answer.of(self.app, environ)

    def _obey(
        self, policy: Policy, environ: Environ, start_response: StartResponse
    ) -> tuple[StartResponse, Optional[Answer]]:
        """
        The start_response that the application is to have, and what stands in front of it where a rule says so.
        """
        rules, is_ours = policy.rules, False
        if policy.trial is not None:
            arm = arm_of(policy.trial, asking_scope(environ))
            if arm.name == CANDIDATE:
                rules = policy.trial.rules
            environ.pop("HTTP_HASTEN_ARM", None)
            if arm.asked:
                is_ours, start_response = True, _labeled(start_response, arm, policy.revision)
        if policy.record is not None and not is_ours:
            start_response = _recorded(policy.record, environ, start_response)
        method = environ["REQUEST_METHOD"]
        found = matching(rules, method, path_of(environ))
        if method == "HEAD" and WAITRESS in environ:
            # Without a length it closes the connection, and sends the end of a body that there is not.
            found.pop("compression", None)
        if not found:
            return start_response, None
        looks_once = environ.get("SERVER_SOFTWARE") == GRANIAN
        answer = Answer(start_response, is_head=method == "HEAD", looks_once=looks_once)
        answer.chain = self._chains.of(found, scope_of(environ), answer.send)
        return start_response, answer if answer.chain else None


def _recorded(record: Record, environ: Environ, start_response: StartResponse) -> StartResponse:
    # Nobody is recorded most of the time, so most processes never load it.
    from hasten_runtime.recorder import watching

    return watching.wsgi(record, environ, start_response)


def _labeled(start_response: StartResponse, arm: Arm, revision: int) -> StartResponse:
    """
    Whoever asked for an arm is told that it got it, and from which revision.
    """
    label = ("hasten-arm", f"{arm.name}; revision={revision}")

    def start_labeled(status: str, headers: Any, *exc_info: Any) -> Any:
        return start_response(status, [*headers, label], *exc_info)

    return start_labeled
