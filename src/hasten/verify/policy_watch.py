"""
A look at the running application after a rule went into its policy: does everybody else get it, and is nothing broken?

This is after against before on one machine (grade C), so it can veto what the trial allowed, and never allow anything.
"""

import time
from pathlib import Path

from hasten.application import App
from hasten.log import operation
from hasten.model import Change, Guard, Trial
from hasten.verify import policy_requests
from hasten.verify.watch import looked_at
from hasten.world import workers
from hasten.world.exchange import Exchange
from hasten.world.principals import Sessions
from hasten.world.workers import Worker

#: Requests of each kind, as users send them: without naming an arm.
RUNS = 3
TIME_BUDGET_S = 20.0


def watch_policy(change: Change, app: App) -> Trial:
    """
    The requests that the change is about were sent as users send them.
    """
    start = time.monotonic()
    with operation("watch", change=change.id) as result:
        statuses = _statuses(change, app, until=start + TIME_BUDGET_S)
        result["requests"] = len(statuses)
    return looked_at(change, [errors(statuses), refusals(*_reports(app.policy.workers_dir))], time.monotonic() - start)


def _statuses(change: Change, app: App, until: float) -> list[int]:
    sessions = Sessions(app.target, app.url)
    found = []
    with Exchange(app.url, timeout_s=app.target.traffic.timeout_s) as exchange:
        for request in [each for each in policy_requests.touchable(change, app) for _ in range(RUNS)]:
            if time.monotonic() > until:
                break
            sent = {**policy_requests.TAKES, **request.headers, **sessions.headers_for(request.principal)}
            found.append(exchange.ask(request.method, request.path, sent, request.body).status)
    return found


def errors(statuses: list[int]) -> Guard:
    """
    No request fails; None where none was sent.
    """
    failed = sum(status >= 500 for status in statuses)
    return Guard(
        name="errors",
        ok=None if not statuses else failed == 0,
        detail=f"{failed} of {len(statuses)} requests failed",
        value=float(failed),
        limit=0.0,
    )


def _reports(folder: Path) -> tuple[list[Worker], list[Worker]]:
    return workers.alive(folder), workers.refusing(folder)


def refusals(running: list[Worker], refusing: list[Worker]) -> Guard:
    """
    No worker refuses the policy; None where nobody reports.
    """
    named = "; ".join(f"{worker.pid}: {worker.policy.error}" for worker in refusing[:3])
    return Guard(
        name="workers",
        ok=None if not running else not refusing,
        detail=f"{len(refusing)} of {len(running)} workers refuse the policy" + (f" ({named})" if named else ""),
        value=float(len(refusing)),
        limit=0.0,
    )
