"""
Asks the arms over HTTP, each at its own address and with sessions of its own.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from hasten.verify.answers.asking import Answer, Ask
from hasten.world.exchange import Exchange
from hasten.world.load.plan import LoadRequest
from hasten.world.principals import ANONYMOUS, Sessions, WithPrincipals


@contextmanager
def arms_at(
    addresses: Mapping[str, str],
    target: WithPrincipals,
    *,
    sessions: Mapping[str, Sessions] | None = None,
    headers: Mapping[str, Mapping[str, str]] | None = None,
    timeout_s: float = 30.0,
) -> Iterator[Ask]:
    """
    A way to ask every arm, for the block. Sessions are begun when they are first needed.

    Args:
        addresses: The base URL of each arm; arms of one process may share one.
        sessions: Sessions by arm that exist already, such as those of arms that share a session store.
        headers: Headers by arm, such as the one by which a process knows the arm.
    """
    begun = {arm: (sessions or {}).get(arm) or Sessions(target, url) for arm, url in addresses.items()}
    with ExitStack() as stack:
        exchanges = {arm: stack.enter_context(Exchange(url, timeout_s=timeout_s)) for arm, url in addresses.items()}

        def ask(arm: str, request: LoadRequest) -> Answer:
            own = {**request.headers, **(headers or {}).get(arm, {})}
            session, exchange = begun[arm], exchanges[arm]
            credentials = session.headers_for(request.principal)
            raw = exchange.ask(request.method, request.path, joined(own, credentials), request.body)
            if raw.status in session.expired_status and request.principal != ANONYMOUS and target.login.request:
                credentials = session.renew(request.principal)
                raw = exchange.ask(request.method, request.path, joined(own, credentials), request.body)
            return Answer(
                status=raw.status,
                headers=raw.headers,
                body=raw.body,
                principal=request.principal,
                method=request.method,
                path=request.path,
            )

        yield ask


def joined(own: Mapping[str, str], credentials: Mapping[str, str]) -> dict[str, str]:
    """
    The headers of a request and those of its principal, which win; cookies of both are sent.
    """
    found = {name.lower(): value for name, value in own.items()}
    for name, value in credentials.items():
        both = name.lower() == "cookie" and "cookie" in found
        found[name.lower()] = f"{value}; {found['cookie']}" if both else value
    return found
