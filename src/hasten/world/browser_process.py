"""
A headless Chromium runs for the length of a block: own profile folder, no network but loopback, gone at the end.

It is started in a process group of its own and told by the kernel to die when Hasten dies, so that even kill -9
leaves no browser behind; a profile folder left by such a death is deleted by the next start.
"""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from hasten.errors import HastenError, Unreachable
from hasten.log import operation
from hasten.world.browser import BrowserProgram
from hasten.world.devtools import DevTools

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
_PREFIX = "hasten-browser-"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_PR_SET_PDEATHSIG = 1
_FEATURES_OFF = (
    "AutofillServerCommunication", "CertificateTransparencyComponentUpdater", "DialMediaRouteProvider",
    "GlobalMediaControls", "InterestFeedContentSuggestions", "MediaRouter", "NetworkTimeServiceQuerying",
    "OptimizationGuideModelDownloading", "OptimizationHints", "OptimizationHintsFetching", "Translate",
)  # fmt: skip
FLAGS = (
    "--headless", "--remote-debugging-port=0", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
    "--mute-audio", "--no-first-run", "--no-default-browser-check", "--no-proxy-server", "--no-pings",
    "--disable-background-networking", "--disable-breakpad", "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages", "--disable-component-update", "--disable-crash-reporter",
    "--disable-default-apps", "--disable-domain-reliability", "--disable-extensions", "--disable-field-trial-config",
    "--disable-hang-monitor", "--disable-prompt-on-repost", "--disable-search-engine-choice-screen",
    "--disable-sync", "--metrics-recording-only", "--password-store=basic", "--use-mock-keychain",
    # A page in the background is slowed down; nobody looks at this one, and it is to be measured all the same.
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
    "--disable-ipc-flooding-protection", "--disable-renderer-backgrounding", "--force-color-profile=srgb",
    f"--disable-features={','.join(_FEATURES_OFF)}",
)  # fmt: skip


@contextmanager
def running_browser(program: BrowserProgram, *, hosts: Iterable[str] = ()) -> Iterator[DevTools]:
    """
    A connection to a fresh browser, which ends with the block. Only loopback and `hosts` can be reached from it.

    Raises:
        Unreachable: it does not start.
    """
    _sweep()
    profile = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        with operation("start browser", program=str(program.path), version=program.version):
            process, url = _start(program, profile, list(hosts))
        with DevTools(url) as devtools:
            yield devtools
            with contextlib.suppress(HastenError):
                devtools.send("Browser.close")
    finally:
        if process is not None:
            _end(process)
        _delete(profile)


def command(program: BrowserProgram, profile: Path, hosts: list[str], *, sandbox: bool) -> list[str]:
    """
    The command line: everything but loopback and `hosts` is unresolvable, IP addresses included.
    """
    excluded = ", ".join(f"EXCLUDE {host}" for host in dict.fromkeys([*_LOOPBACK, *hosts]))
    return [
        str(program.path),
        *FLAGS,
        *([] if sandbox else ["--no-sandbox"]),
        f"--user-data-dir={profile}",
        f"--host-resolver-rules=MAP * ~NOTFOUND, {excluded}",
        "about:blank",
    ]


def _start(program: BrowserProgram, profile: Path, hosts: list[str]) -> tuple["subprocess.Popen[bytes]", str]:
    # Chromium refuses to sandbox as root. As a plain user it needs user namespaces, which some machines forbid;
    # it then says so and ends, and is started again without: it only ever opens the application under test.
    for sandbox in [True, False] if os.geteuid() != 0 else [False]:
        process = _spawn(command(program, profile, hosts, sandbox=sandbox), program, profile)
        url = _wait_for_port(process, profile)
        if url:
            return process, url
        _end(process)
    raise Unreachable(
        f"the browser {program.path} does not start: {_last_words(profile)}",
        hint="run `hasten doctor`; another browser can be named in hasten.toml: [browser] path",
    )


def _spawn(arguments: list[str], program: BrowserProgram, profile: Path) -> "subprocess.Popen[bytes]":
    with (profile / "hasten-stderr.txt").open("wb") as complaints:
        return subprocess.Popen(
            arguments,
            env={**os.environ, **program.env},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    # Loaded before the fork: between fork and exec nothing may be imported or allocated at leisure.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def _wait_for_port(process: "subprocess.Popen[bytes]", profile: Path) -> str:
    """
    The web socket's URL, or "" if the browser ended first.
    """
    told = profile / "DevToolsActivePort"
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            lines = told.read_text(encoding="ascii").splitlines()
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.02)
    return ""


def _last_words(profile: Path) -> str:
    try:
        text = (profile / "hasten-stderr.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "it said nothing"
    lines = [re.sub(r"^\[[^]]*\]\s*", "", line).strip() for line in text.splitlines()]
    return "; ".join([line for line in lines if line][-3:])[:500] or "it said nothing"


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S if process.poll() is None else 0)
    # The whole group, in any case: a helper process may outlive the browser.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)


def _delete(profile: Path) -> None:
    for _ in range(5):
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists():
            return
        time.sleep(0.1)


def _sweep() -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = left.name.removeprefix(_PREFIX).split("-")[0]
        with contextlib.suppress(OSError):
            if owner.isdigit() and not psutil.pid_exists(int(owner)) and left.lstat().st_uid == os.getuid():
                shutil.rmtree(left, ignore_errors=True)
