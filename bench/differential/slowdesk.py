"""
Slowdesk, the demo's application: FastAPI, SQLAlchemy and psycopg, with a database of its own for each arm.

Every arm is told the same in the same order, so what is written is the same, too. One identity provider issues the
sessions for all of them.
"""

import json
import random
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.differential.applications import ROOT, Application
from bench.differential.arms import ARMS, started, wait
from bench.differential.asking import HEADERS, HOST, METHODS, Exchange, Request
from bench.differential.run import Result, judged
from hasten.slowdesk import PASSWORD
from hasten.world.cluster import Cluster
from hasten.world.supervisor import Supervisor

HOME = ROOT / "examples" / "slowdesk"
#: Two thousand inquiries: what is looked at is what is said, not how long it takes.
SCALE = 0.005
PRINCIPALS = ("agent", "manager", "admin", "viewer")
SLOWDESK = Application(
    "slowdesk, uvicorn",
    "-m uvicorn slowdesk.app:app --host 127.0.0.1 --port {port} --log-level critical --no-access-log",
    (),
    place=HOME / "server",
    python=str(HOME / ".venv" / "bin" / "python"),
)
IDENTITY = SLOWDESK._replace(name="identity", command="-m slowdesk_identity --port {port}")
READ = (
    "/api/health", "/api/inquiries", "/api/inquiries?page=2&per_page=20", "/api/inquiries?status=open&sort=created_at",
    "/api/inquiries?q=kettle", "/api/inquiries?per_page=1000", "/api/inquiries/{id}", "/api/inquiries/none",
    "/api/customers", "/api/customers/{id}", "/api/dashboard", "/api/analytics", "/api/system-settings", "/api/reports",
    "/api/users", "/api/users/me", "/api/auth/session", "/", "/inquiries/7", "/favicon.ico", "/openapi.json", "/docs",
    "/api/nothing", "/assets/nothing.js",
)  # fmt: skip


def compared_slowdesk(count: int, seed: int) -> Result:
    """
    So many requests were asked in each arm, and each answer compared with the one without the agent.
    """
    with tempfile.TemporaryDirectory(prefix="hasten-differential-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Supervisor(folder / ".hasten") as supervisor, ExitStack() as stack:
            cluster = Cluster.create(folder / "cluster", settings={"shared_buffers": "128MB", "fsync": "off"})
            stack.callback(cluster.delete)
            cluster.start(supervisor)
            urls = _databases(cluster)
            identity = stack.enter_context(started(IDENTITY, ARMS[0], folder / "identity"))
            wait(identity)
            servers = {}
            for arm in ARMS:
                environment = {
                    "DATABASE_URL": urls[arm],
                    "IDENTITY_URL": f"http://127.0.0.1:{identity.port}",
                    "SLOWDESK_WEB": str(HOME / "web" / "dist"),
                }
                servers[arm] = stack.enter_context(started(SLOWDESK, arm, folder, **environment))
            for server in servers.values():
                wait(server)
            cookies = [_signed_in(servers[ARMS[0]].port, principal) for principal in PRINCIPALS]
            return judged(SLOWDESK.name, servers, exchanges(cookies, count, seed))


def exchanges(cookies: list[str], count: int, seed: int) -> Iterator[Exchange]:
    """
    So many requests, by several people, to read and to write.
    """
    source = random.Random(f"slowdesk {seed}")
    made = 0
    while made < count:
        number = source.choice([1, 1, 1, 3])
        requests = [_request(source, cookies) for _ in range(number)]
        last = requests[-1]
        requests[-1] = last._replace(headers=(*last.headers, ("Connection", "close")))
        yield Exchange("once" if number == 1 else source.choice(["alive", "pipelined"]), tuple(requests))
        made += number


def _request(source: random.Random, cookies: list[str]) -> Request:
    headers = [HOST, *(header for header in HEADERS if header[0] != "Cookie" and source.random() < 0.05)]
    if source.random() < 0.9:
        headers.append(("Cookie", source.choice(cookies)))
    number = source.randint(1, 1500)
    if source.random() < 0.2:
        return _write(source, headers, number)
    method = source.choice([each for each in METHODS if each != "POST"])
    return Request(method, source.choice(READ).replace("{id}", str(number)), tuple(headers))


def _write(source: random.Random, headers: list[tuple[str, str]], number: int) -> Request:
    method, target, told = source.choice(
        [
            ("POST", "/api/inquiries", {"subject": "A kettle", "body": "It boils. " * 20, "customer_id": number}),
            ("POST", "/api/inquiries", {"subject": "", "customer_id": "none"}),
            ("PATCH", f"/api/inquiries/{number}", {"status": source.choice(["open", "resolved", "unheard of"])}),
            ("POST", f"/api/inquiries/{number}/messages", {"body": "We look into it."}),
            ("POST", "/api/auth/login", {"email": "nobody@slowdesk.example", "password": "wrong"}),
        ]
    )
    body = json.dumps(told).encode() if source.random() < 0.95 else b"{ broken"
    kept = [each for each in headers if each[0] != "Content-Type"]
    more = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Request(method, target, (*kept, *more), body)


def _databases(cluster: Cluster) -> dict[str, str]:
    """
    A database for each arm, all of them copies of one.
    """
    seeded = cluster.create_database("seeded")
    subprocess.run(
        [SLOWDESK.python, "-m", "slowdesk.seed", "--scale", str(SCALE)],
        cwd=HOME / "server",
        env={"DATABASE_URL": seeded.dsn, "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    found = {}
    for number, arm in enumerate(ARMS):
        cluster.database().run(f"CREATE DATABASE arm_{number} TEMPLATE seeded")
        found[arm] = cluster.dsn(f"arm_{number}")
    return found


def _signed_in(port: int, principal: str) -> str:
    body = json.dumps({"email": f"{principal}@slowdesk.example", "password": PASSWORD}).encode()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/login", body, {"Content-Type": "application/json"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=60) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]
