"""
A headless Chromium runs for the length of a block: own profile folder, no network but loopback, gone at the end.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hasten.errors import HastenError, Unreachable
from hasten.world.browser import BrowserProgram
from hasten.world.devtools import DevTools
from hasten.world.supervisor import Spec, Supervisor

START_TIMEOUT_S = 60.0
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
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
    "--disable-sync", "--lang=en-US", "--metrics-recording-only", "--password-store=basic", "--use-mock-keychain",
    # A page in the background is slowed down; nobody looks at this one, and it is to be measured all the same.
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
    "--disable-ipc-flooding-protection", "--disable-renderer-backgrounding", "--force-color-profile=srgb",
    f"--disable-features={','.join(_FEATURES_OFF)}",
)  # fmt: skip


# Without a locale (cron, containers) Chromium takes "en-US-posix", at which scripts that format numbers fail.
_LOCALE = {"LC_ALL": "en_US.UTF-8", "LANGUAGE": "en_US"}


@contextmanager
def running_browser(
    program: BrowserProgram, supervisor: Supervisor, *, hosts: Iterable[str] = ()
) -> Iterator[DevTools]:
    """
    A connection to a fresh browser, which ends with the block. Only loopback and `hosts` can be reached from it.

    Raises:
        Unreachable: it does not start.
    """
    scratch = supervisor.scratch("browser")
    name = scratch.name
    try:
        with DevTools(_start(program, supervisor, scratch, list(hosts))) as devtools:
            yield devtools
            with contextlib.suppress(HastenError):
                devtools.send("Browser.close")
    finally:
        supervisor.stop(name)
        supervisor.discard(scratch)


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


def _start(program: BrowserProgram, supervisor: Supervisor, scratch: Path, hosts: list[str]) -> str:
    """
    The URL of the web socket on which the browser listens.
    """
    profile = scratch / "profile"
    # Chromium refuses to sandbox as root. As a plain user it needs user namespaces, which some machines forbid;
    # it then says so and ends, and is started again without: it only ever opens the application under test.
    for sandbox in [True, False] if os.geteuid() != 0 else [False]:
        try:
            supervisor.start(
                Spec(
                    name=scratch.name,
                    argv=command(program, profile, hosts, sandbox=sandbox),
                    env={**_LOCALE, "XDG_CONFIG_HOME": str(profile), **program.env},
                    log=supervisor.state_dir / "log" / "browser.log",
                    ready=lambda: bool(_address(profile)),
                    ready_timeout_s=START_TIMEOUT_S,
                    role="browser",
                    grace_s=5.0,
                )
            )
            return _address(profile)
        except Unreachable as error:
            if not sandbox or "exit_code" not in error.data:
                raise Unreachable(
                    f"the browser {program.path} does not start: {error}",
                    hint="run `hasten doctor`; another browser can be named in hasten.toml: [browser] path",
                ) from error
    raise AssertionError("the loop returns or raises")


def _address(profile: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = (profile / "DevToolsActivePort").read_text(encoding="ascii").splitlines()
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
    return ""
