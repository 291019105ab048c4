"""
What a desk answers, to see that the twin's answers are slowdesk's.
"""

import json
from pathlib import Path
from typing import Any

from hasten.application import App
from hasten.world.principals import Sessions

PEOPLE = ("agent", "manager", "admin", "anonymous")
#: Beside the recorded traffic: other pages, filters, people, and what is not there.
MORE = (
    "/api/auth/session", "/api/users/me", "/api/users?page=2", "/api/users?q=an&role=agent", "/api/users?role=manager",
    "/api/customers?page=3", "/api/customers?q=mart", "/api/customers/2", "/api/customers/99999999",
    "/api/inquiries?page=2&per_page=20", "/api/inquiries?priority=urgent&sort=-created_at", "/api/inquiries?q=invoice",
    "/api/inquiries/1", "/api/inquiries/2500", "/api/inquiries/99999999", "/api/reports/workload?days=90",
    "/api/reports/customers?days=60", "/api/reports/nothing", "/api/analytics?days=30", "/api/dashboard",
    "/api/system-settings", "/api/nowhere",
)  # fmt: skip

Answers = dict[tuple[str, str], tuple[int, Any]]


def ask(app: App, traffic: Path) -> Answers:
    """
    Status and content of every GET of the traffic and of MORE, as everybody who could ask.
    """
    sessions = Sessions(app.target, app.url)
    recorded = [json.loads(line) for line in traffic.read_text(encoding="utf-8").splitlines() if line]
    paths = [*(each["path"] for each in recorded if each.get("method", "GET") == "GET"), *MORE]
    found: Answers = {}
    for path in dict.fromkeys(paths):
        for person in PEOPLE:
            answer = sessions.request(person, "GET", path)
            found[person, path] = answer.status, _content(answer.body)
    return found


def _content(body: bytes) -> Any:
    try:
        content = json.loads(body)
    except ValueError:
        return body
    # When a session ends depends on when it began.
    return {name: value for name, value in content.items() if name != "expires_at"}


def differing(one: Answers, other: Answers) -> list[str]:
    """
    The questions to which the two desks say different things.
    """
    return [f"{path} as {person}" for (person, path), said in one.items() if other[person, path] != said]
