"""
Pages in a real browser: small pages of known size and behavior, served here.
"""

import gzip
import http.server
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from hasten.errors import Missing, NoData, Unreachable
from hasten.model import Measurement
from hasten.observe.page import NETWORKS, observe_page, observe_pages
from hasten.observe.page_run import page_run
from hasten.target import Browser
from hasten.world import browser, chromium_pack
from hasten.world.browser import BrowserProgram, find_browser
from hasten.world.browser_process import running_browser
from hasten.world.browser_tab import Emulation, Tab, Visitor
from hasten.world.browser_visit import Visit, visit
from hasten.world.devtools import DevTools
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

SCRIPT = b"globalThis.loaded = true;" + b"/* padding */" * 20_000
ON_PAINT = "new PerformanceObserver(() => setTimeout(() => {%s})).observe({type: 'paint', buffered: true});"
BLOCK = "const end = performance.now() + %d; while (performance.now() < end);"
PAGES = {
    "/": "<h1>Hello</h1><script src=/script.js></script>",
    "/zipped": "<h1>Hello</h1><script src=/zipped.js></script>",
    "/still": "<h1>Hello</h1><p>Nothing moves here.",
    "/shifting": "<h1>Hello</h1><p>Text</p><script>"
    + ON_PAINT
    % """
        document.body.prepend(Object.assign(document.createElement('div'), {style: 'height: 400px'})); fetch('/data');
    """
    + "</script>",
    "/blocking": "<h1>Hello</h1><script>" + ON_PAINT % f"{BLOCK % 500} fetch('/data');" + "</script>",
    "/late": "<h1>Hello</h1><script>onload = () => fetch('/slow')</script>",
    "/busy": f"<h1>Hello</h1><script>onload = () => setTimeout(() => {{{BLOCK % 1500} fetch('/slow')}})</script>",
    "/restless": "<h1>Hello</h1><script>setInterval(() => fetch('/data'), 100)</script>",
    "/blank": "<script>undefinedFunction()</script>",
    "/endless": "<h1>Hello</h1><script>while (true);</script>",
    "/guarded": "<script>location.replace('/login')</script>",
    "/login": "<h1>Who are you?</h1>",
    "/alert": "<h1>Hello</h1><script>alert('Hello'); fetch('/data')</script>",
    "/worker": "<h1>Hello</h1><script>new Worker('/worker.js')</script>",
    "/abroad": "<h1>Hello</h1><img src=http://example.com/a.png><img src=http://192.0.2.1/b.png>",
    "/identity": "<h1>Hello</h1><script>fetch('/data?' + localStorage.getItem('token'))</script>",
    "/stream": "<h1>Hello</h1><script>new EventSource('/events')</script>",
}


@dataclass
class Asked:
    """
    What the site was asked, in order: path and headers.
    """

    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def count(self, path: str) -> int:
        return sum(1 for asked, _ in self.requests if asked == path)

    def headers(self, path: str) -> dict[str, str]:
        return next(headers for asked, headers in self.requests if asked == path)


class Site(http.server.ThreadingHTTPServer):
    """
    The pages above, and what they load.
    """

    daemon_threads = True
    asked: Asked
    url: str


class Handler(http.server.BaseHTTPRequestHandler):
    """
    Answers with exact lengths and no other headers than those written here.
    """

    server: Site

    def do_GET(self) -> None:
        self.server.asked.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        path = self.path.partition("?")[0]
        if path in PAGES:
            self._answer(f"<!doctype html><title>Page</title>{PAGES[path]}".encode(), "text/html; charset=utf-8")
        elif path == "/script.js":
            self._answer(SCRIPT, "text/javascript", ("cache-control", "max-age=3600"), ("etag", '"1"'))
        elif path == "/zipped.js":
            self._answer(gzip.compress(SCRIPT), "text/javascript", ("content-encoding", "gzip"))
        elif path == "/worker.js":
            self._answer(b"fetch('/data?from-worker')", "text/javascript")
        elif path in ("/data", "/slow"):
            time.sleep(0.7 if path == "/slow" else 0)
            self._answer(b"{}", "application/json")
        elif path == "/moved":
            self.send_response(302)
            self.send_header("location", "/login")
            self.end_headers()
        elif path == "/events":
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.flush()
            time.sleep(30)
        else:
            self._answer(b"no", "text/plain", status=500)

    def _answer(self, body: bytes, kind: str, *headers: tuple[str, str], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(("127.0.0.1", 0), Handler) as server:
        server.asked = Asked()
        server.url = f"http://127.0.0.1:{server.server_port}"
        server.handle_error = lambda *_: None  # a browser that hangs up is no error of the site
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with Supervisor(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture(scope="module")
def devtools(supervisor: Supervisor) -> Iterator[DevTools]:
    with running_browser(find_browser(), supervisor) as found:
        yield found


Look = Callable[..., Visit]


@pytest.fixture
def look(devtools: DevTools, site: Site) -> Look:
    def at(path: str, *, visitor: Visitor | None = None, timeout_s: float = 30.0, **emulation: float) -> Visit:
        return visit(
            devtools,
            site.url + path,
            emulation=Emulation(**emulation),  # type: ignore[arg-type]
            visitor=visitor or Visitor(),
            timeout_s=timeout_s,
        )

    return at


def by_metric(measurements: list[Measurement]) -> dict[str, Measurement]:
    return {found.metric.removeprefix("hasten.page."): found for found in measurements}


def test_bytes_are_what_crossed_the_wire(look: Look) -> None:
    """
    The bytes of a visit are the bodies plus at most half a kilobyte of headers per request.
    """
    run = page_run(look("/"))

    assert 2 == run.requests
    assert len(SCRIPT) < run.wire_bytes - len(PAGES["/"]) < len(SCRIPT) + 2 * 512


def test_compressed_answers_count_compressed(look: Look) -> None:
    """
    Of a compressed script the wire bytes are the compressed ones, and the header says how.
    """
    script = next(found for found in page_run(look("/zipped")).resources if found.kind == "script")

    assert "gzip" == script.headers["content-encoding"]
    assert script.wire_bytes < len(gzip.compress(SCRIPT)) + 512 < len(SCRIPT)


def test_a_slow_network_takes_its_time(look: Look) -> None:
    """
    On slow 4G no page is complete before its bytes fit through the line.
    """
    down, up, latency_s = NETWORKS["slow-4g"]

    run = page_run(look("/", down_bit_s=down, up_bit_s=up, latency_s=latency_s))

    assert run.complete_s is not None
    assert run.complete_s >= len(SCRIPT) * 8 / down + latency_s
    assert run.ttfb_s is not None
    assert run.ttfb_s >= latency_s


def test_the_times_come_in_order(look: Look) -> None:
    """
    First byte, first paint and largest paint follow each other, and loading ends before completion.
    """
    run = page_run(look("/"))

    assert run.ttfb_s and run.fcp_s and run.lcp_s and run.load_s and run.complete_s
    assert 0 < run.ttfb_s <= run.fcp_s <= run.lcp_s
    assert run.ttfb_s <= run.load_s <= run.complete_s


def test_shifts_are_seen(look: Look) -> None:
    """
    A page that pushes its text down by half a screen has a layout shift; one that stands still has none.
    """
    assert (page_run(look("/shifting")).cls or 0.0) > 0.05
    assert page_run(look("/still")).cls == 0.0


def test_blocking_is_seen(look: Look) -> None:
    """
    A page that blocks its thread for 500 ms after the first paint has at least 400 ms of blocking time.
    """
    assert (page_run(look("/blocking")).tbt_s or 0.0) >= 0.4


def test_completion_waits_for_the_last_request(look: Look) -> None:
    """
    A page that asks for data when it has loaded is complete when the data is there.
    """
    run = page_run(look("/late"))

    assert run.load_s and run.complete_s
    assert run.complete_s >= run.load_s + 0.6


def test_completion_waits_for_a_busy_thread(look: Look, site: Site) -> None:
    """
    A script that computes for three times the quiet period before it asks for data does not end the visit early.
    """
    run = page_run(look("/busy"))

    assert 1 == site.asked.count("/slow")
    assert run.complete_s is not None
    assert run.complete_s >= 1.5 + 0.6


def test_a_stream_does_not_keep_a_page_incomplete(look: Look) -> None:
    """
    An event stream stays open for ever by design, and is not waited for.
    """
    assert look("/stream").is_quiet


def test_workers_are_counted(look: Look) -> None:
    """
    What a worker fetches is among the page's requests.
    """
    urls = [fetch.url for fetch in look("/worker").fetches]

    assert any(url.endswith("/data?from-worker") for url in urls)


def test_a_dialog_does_not_stop_a_visit(look: Look) -> None:
    """
    alert() is answered and noted.
    """
    seen = look("/alert")

    assert seen.is_quiet
    assert ["dialog: Hello"] == seen.console_errors


def test_nothing_but_loopback_is_reached(look: Look) -> None:
    """
    Names and addresses elsewhere are not resolved, so nothing leaves the machine.
    """
    failures = {fetch.failure for fetch in look("/abroad").fetches if "127.0.0.1" not in fetch.url}

    assert {"net::ERR_NAME_NOT_RESOLVED"} == failures


def test_a_visitor_brings_an_identity(look: Look, site: Site) -> None:
    """
    Cookies and headers reach the server with the first request, local storage is there when scripts run.
    """
    who = Visitor("alice", cookies={"session": "s1"}, headers={"X-Tenant": "blue"}, local_storage={"token": "t1"})

    look("/identity", visitor=who)

    assert "session=s1" == site.asked.headers("/identity")["cookie"]
    assert "blue" == site.asked.headers("/identity")["x-tenant"]
    assert 1 == site.asked.count("/data?t1")


def test_identities_do_not_leak_into_the_next_visit(look: Look, site: Site) -> None:
    """
    The next visitor has none of the cookies and none of the storage of the one before.
    """
    look("/identity", visitor=Visitor("alice", cookies={"session": "s1"}, local_storage={"token": "t1"}))
    site.asked.requests.clear()

    look("/identity")

    assert "cookie" not in site.asked.headers("/identity")
    assert 1 == site.asked.count("/data?null")


def test_an_endless_script_is_no_data(look: Look) -> None:
    """
    A page whose script never ends is given up in time, and the browser serves the next visit.
    """
    with pytest.raises(NoData, match="did not finish loading within 3 s"):
        look("/endless", timeout_s=3.0)

    assert look("/still").is_quiet


def test_an_error_page_is_no_data(look: Look) -> None:
    """
    A page that answers 500 is not measured.
    """
    with pytest.raises(NoData, match="answered 500"):
        look("/broken")


def test_a_dead_server_is_unreachable(devtools: DevTools) -> None:
    """
    Where nobody listens, the error says so.
    """
    with pytest.raises(Unreachable, match="ERR_CONNECTION_REFUSED"):
        visit(devtools, "http://127.0.0.1:49/", emulation=Emulation(), visitor=Visitor())


def test_a_crash_is_noticed(devtools: DevTools, site: Site) -> None:
    """
    A tab whose process dies is known to have crashed.
    """
    tab = Tab(devtools, Emulation())
    try:
        tab.prepare(Visitor(), site.url)
        tab.call("Page.navigate", {"url": f"{site.url}/still"})
        devtools.send("Page.crash", session=tab.session)
        deadline = time.monotonic() + 20
        while not tab.crashed and time.monotonic() < deadline:
            devtools.wait(0.1)
    finally:
        tab.close()

    assert tab.crashed


def test_every_run_is_cold(site: Site, supervisor: Supervisor, tmp_path: Path) -> None:
    """
    A cacheable script is fetched in every run; the medians, the conditions and a picture are there.
    """
    png = tmp_path / "pictures" / "page.png"

    measured, profile = observe_page(
        site.url, Browser(runs=2, network="none", cpu_slowdown=1), supervisor=supervisor, screenshot=png
    )

    found = by_metric(measured)
    assert 2 == site.asked.count("/script.js") == len(profile.runs)
    assert {"ttfb", "fcp", "lcp", "cls", "tbt", "load", "complete", "bytes", "requests"} == set(found)
    assert 2 == found["complete"].distribution.count
    assert "none" == found["complete"].conditions.notes["network"]
    assert (1366, 768) == struct.unpack(">II", png.read_bytes()[16:24])


def test_restless_pages_have_no_completion(site: Site, supervisor: Supervisor) -> None:
    """
    A page that never falls quiet has no completion time, and a note says why.
    """
    section = Browser(runs=1, network="none", cpu_slowdown=1, pages=["/restless"])

    measured, _ = observe_pages(site.url, section, supervisor=supervisor, timeout_s=3.0)

    found = by_metric(measured)
    assert "complete" not in found
    assert 1 == found["load"].conditions.notes["never_quiet_runs"]


@pytest.mark.parametrize("page", ["/moved", "/guarded"])
def test_a_known_visitor_at_the_login_is_no_data(page: str, site: Site, supervisor: Supervisor) -> None:
    """
    Sent to the login by the server or by a script, the page of a principal was not seen.
    """
    section = Browser(runs=1, network="none", cpu_slowdown=1)

    with pytest.raises(NoData, match=r"sent alice to .*/login"):
        observe_page(site.url, section, Visitor("alice"), supervisor=supervisor, page=page)


def test_an_anonymous_visitor_at_the_login_is_noted(site: Site, supervisor: Supervisor) -> None:
    """
    For a visitor without a name the login is the page; where the visit ended is noted.
    """
    section = Browser(runs=1, network="none", cpu_slowdown=1)

    measured, _ = observe_page(site.url, section, supervisor=supervisor, page="/moved")

    assert f"{site.url}/login" == measured[0].conditions.notes["ended_at"]


def test_a_blank_page_is_no_data(site: Site, supervisor: Supervisor) -> None:
    """
    A page that breaks before it shows anything is not a fast page; the console's reason is in the message.
    """
    section = Browser(runs=1, network="none", cpu_slowdown=1)

    with pytest.raises(NoData, match=r"showed nothing at all.*undefinedFunction"):
        observe_page(site.url, section, supervisor=supervisor, page="/blank")


def npm_browser() -> BrowserProgram:
    for modules in browser._module_folders():
        if chromium_pack.package_version(modules):
            found = browser._from_npm(modules)
            assert found is not None
            return found
    pytest.skip("the browser from npm is not installed")


def test_the_browser_from_npm_measures_too(site: Site, supervisor: Supervisor) -> None:
    """
    The same page has the same requests and bytes in the browser from npm as in the one found first.
    """
    section = Browser(runs=1, network="none", cpu_slowdown=1)

    runs = [
        observe_page(site.url, section, supervisor=supervisor, program=program)[1].runs[0]
        for program in (npm_browser(), find_browser())
    ]

    assert runs[0].requests == runs[1].requests
    assert abs(runs[0].wire_bytes - runs[1].wire_bytes) < 100


def test_no_browser_is_left_behind(tmp_path: Path) -> None:
    """
    When the block ends, the browser, its children and its profile are gone.
    """
    with Supervisor(tmp_path) as supervisor:
        with running_browser(find_browser(), supervisor):
            (running,) = supervisor.running.values()
            profile = profile_of(running.spec.argv)
            family = [running.pid, *(p.pid for p in psutil.Process(running.pid).children(recursive=True))]

        assert {} == supervisor.running
        assert [] == [pid for pid in family if _runs(pid)]
        assert not profile.exists()


def test_a_browser_dies_with_hasten(tmp_path: Path) -> None:
    """
    After kill -9 of Hasten its browser ends by itself, and the next Hasten removes the profile.
    """
    code = """
import sys, pathlib
from hasten.world.browser import find_browser
from hasten.world.browser_process import running_browser
from hasten.world.supervisor import Supervisor
with Supervisor(pathlib.Path(sys.argv[1])) as supervisor, running_browser(find_browser(), supervisor):
    (running,) = supervisor.running.values()
    print(running.pid, *running.spec.argv, sep="\\n", flush=True)
    sys.stdin.read()
"""
    hasten = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert hasten.stdout is not None and hasten.stdin is not None
    with hasten.stdout, hasten.stdin:
        pid = int(hasten.stdout.readline())
        argv = [line.strip() for line in iter(hasten.stdout.readline, "about:blank\n")]
        assert profile_of(argv).exists()
        os.kill(hasten.pid, signal.SIGKILL)
        hasten.wait()
    deadline = time.monotonic() + 20
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert not _runs(pid)
    # As root it lies in a folder that every Hasten sweeps, so it may be gone already.
    with Supervisor(tmp_path):
        assert not profile_of(argv).exists()


def profile_of(argv: Sequence[str]) -> Path:
    return Path(next(word for word in argv if word.startswith("--user-data-dir=")).partition("=")[2])


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_program_that_is_no_browser_is_refused(supervisor: Supervisor, site: Site) -> None:
    """
    A path in hasten.toml that is not a browser is named in the error.
    """
    with pytest.raises(Missing, match=r"hasten.toml names the browser /bin/true, which does not start"):
        observe_page(site.url, Browser(path="/bin/true"), supervisor=supervisor)
