"""
The tests ask a running slowdesk over HTTP: SLOWDESK_URL says where it is.

They know the API and the seeded accounts, nothing of the code behind, so that they hold for every way to run it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

PASSWORD = "slowdesk-demo"

SignIn = Callable[[str], httpx.Client]


@pytest.fixture(scope="session")
def base_url() -> str:
    url = os.environ.get("SLOWDESK_URL")
    if not url:
        pytest.skip("SLOWDESK_URL is not set: start slowdesk (see its README) and say where it answers")
    return url.rstrip("/")


@pytest.fixture(scope="session")
def new_client(base_url: str) -> Iterator[Callable[[], httpx.Client]]:
    """Makes clients without a session; all are closed at the end."""
    with ExitStack() as stack:
        # At full scale and untreated, a chart takes several seconds.
        yield lambda: stack.enter_context(httpx.Client(base_url=base_url, timeout=120, trust_env=False))


@pytest.fixture(scope="session")
def sign_in(new_client: Callable[[], httpx.Client]) -> SignIn:
    """Signs a person in, by the first part of the address; each call is a session of its own."""

    def sign_in(account: str) -> httpx.Client:
        client = new_client()
        answer = client.post("/api/auth/login", json={"email": f"{account}@slowdesk.example", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    return sign_in


@pytest.fixture(scope="session")
def anonymous(new_client: Callable[[], httpx.Client]) -> httpx.Client:
    return new_client()


@pytest.fixture(scope="session")
def admin(sign_in: SignIn) -> httpx.Client:
    return sign_in("admin")


@pytest.fixture(scope="session")
def manager(sign_in: SignIn) -> httpx.Client:
    return sign_in("manager")


@pytest.fixture(scope="session")
def agent(sign_in: SignIn) -> httpx.Client:
    return sign_in("agent")


@pytest.fixture(scope="session")
def viewer(sign_in: SignIn) -> httpx.Client:
    return sign_in("viewer")


@pytest.fixture
def inquiry(agent: httpx.Client) -> dict[str, Any]:
    """A new inquiry of customer 7."""
    answer = agent.post(
        "/api/inquiries",
        json={"subject": "Kettle does not whistle", "body": "It boils in silence.", "customer_id": 7},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def get(client: httpx.Client, path: str, **parameters: Any) -> Any:
    """The answer's JSON; the request must have succeeded."""
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
    return answer.json()
