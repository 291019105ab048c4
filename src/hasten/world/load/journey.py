# mypy: ignore-errors
"""
What Locust runs: the plan's requests, and a line about every request that any user of the run makes.

This file goes to other machines as it is, so it imports nothing of Hasten; `world.load.locust` puts the plan in.
"""

import base64
import contextlib
import importlib.util
import json
import os
import random
import time
from pathlib import Path

import gevent
from locust import FastHttpUser, constant_throughput, events, task
from locust.runners import MasterRunner, WorkerRunner

PLAN = {}  # replaced when the run is prepared

ROWS = []


@events.request.add_listener
def note(request_type, name, response_time, response_length, response=None, exception=None, start_time=None, **_):
    """
    One row per request: how it is counted, when it began, how long it took, how it ended.
    """
    headers = getattr(response, "headers", None) or {}
    ROWS.append(
        {
            "route": name if name.startswith(f"{request_type} ") else f"{request_type} {name}",
            "method": request_type,
            "start": start_time or time.time() - response_time / 1000,
            "seconds": response_time / 1000,
            "status": getattr(response, "status_code", 0) or 0,
            "bytes": response_length or 0,
            "error": type(exception).__name__ if exception else "",
            "cache": {key: headers[key] for key in ("age", "x-cache", "cache-status") if key in headers},
        }
    )


@events.init.add_listener
def prepare(environment, **_):
    """
    Rows go to the file that the parent reads, from workers by way of the master.
    """
    if isinstance(environment.runner, WorkerRunner):
        # Locust has put this file, with the sessions in it, where everybody may read it; it is loaded by now, and
        # Python has kept a compiled one beside it, with the same strings.
        compiled = Path(importlib.util.cache_from_source(__file__))
        # The folder goes only where nobody else has something in it.
        for remove in (Path(__file__).unlink, compiled.unlink, compiled.parent.rmdir):
            with contextlib.suppress(OSError):
                remove()
        events.report_to_master.add_listener(_send_rows)
        return
    if isinstance(environment.runner, MasterRunner):
        events.worker_report.add_listener(_take_rows)
    events.quitting.add_listener(_write_rows)
    gevent.spawn(_end_with_parent, environment, os.getppid())


def _send_rows(data, **_):
    data["hasten"] = ROWS[:]
    ROWS.clear()


def _take_rows(data, **_):
    ROWS.extend(data.get("hasten", []))


def _write_rows(**_):
    with open(os.environ["HASTEN_LOCUST_ROWS"], "w", encoding="utf-8") as file:  # noqa: PTH123 -- as short as can be
        file.writelines(json.dumps(row) + "\n" for row in ROWS)


def _end_with_parent(environment, parent):
    while os.getppid() == parent:
        gevent.sleep(1)
    environment.runner.quit()


if PLAN.get("requests"):
    _CHOICE = random.Random(PLAN["seed"])  # noqa: S311 -- a repeatable order, not a secret
    _WEIGHTS = [request["weight"] for request in PLAN["requests"]]

    class Replay(FastHttpUser):
        """
        Asks what was recorded, in the recorded proportions.
        """

        wait_time = constant_throughput(PLAN["rate_per_user"])
        network_timeout = connection_timeout = PLAN["timeout_s"]
        insecure = not PLAN["verify_tls"]
        max_redirects = 0

        @task
        def ask(self):
            """
            One request.
            """
            request = _CHOICE.choices(PLAN["requests"], _WEIGHTS)[0]
            headers = {**request["headers"], **PLAN["credentials"].get(request["principal"], {})}
            name = request["route"] or request["method"] + " " + request["path"].partition("?")[0]
            body = base64.b64decode(request["body"]) or None
            self.client.request(
                request["method"], request["path"], name=name, headers=headers, data=body, allow_redirects=False
            )
