"""
One tab with an empty cache, prepared before anything is loaded: connection, machine, identity, observers.

Workers and foreign frames are stopped at birth until they have the same settings, so their bytes are counted too.
(Chromium gives each of them a full share of the throttled bandwidth.)
"""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hasten.errors import Unreachable
from hasten.log import redact
from hasten.world.browser_traffic import Traffic
from hasten.world.devtools import DevTools

COLLECTOR = """
(() => {
  if (window !== window.top) return;
  const seen = {paints: [], largest: [], shifts: [], tasks: []}, observers = [];
  const watch = (type, take) => {
    try {
      const observer = new PerformanceObserver(list => list.getEntries().forEach(take));
      observer.observe({type, buffered: true});
      observers.push([observer, take]);
    } catch (error) {}
  };
  watch('paint', e => seen.paints.push([e.name, e.startTime]));
  watch('largest-contentful-paint', e => seen.largest.push(e.startTime));
  watch('layout-shift', e => { if (!e.hadRecentInput) seen.shifts.push([e.startTime, e.value]); });
  watch('longtask', e => seen.tasks.push([e.startTime, e.duration]));
  globalThis.hastenCollect = () => {
    for (const [observer, take] of observers) observer.takeRecords().forEach(take);
    const n = performance.getEntriesByType('navigation')[0] || {};
    return {...seen, load: n.loadEventStart || 0, url: location.href};
  };
})()
"""
_STORE = """
(() => {
  if (location.origin !== ORIGIN) return;
  for (const [key, value] of Object.entries(ITEMS))
    if (localStorage.getItem(key) === null) localStorage.setItem(key, value);
})()
"""
# A world of its own: the page cannot see our observers, and what it does to its globals does not touch them.
_WORLD = "hasten"
_MAX_CONSOLE = 20


@dataclass(frozen=True)
class Emulation:
    """
    The visitor's connection and machine. `down_bit_s` 0 means the network as it is.
    """

    down_bit_s: float = 0.0
    up_bit_s: float = 0.0
    latency_s: float = 0.0
    cpu_slowdown: float = 1.0
    width: int = 1366
    height: int = 768


@dataclass(frozen=True)
class Visitor:
    """
    As whom a page is visited.
    """

    name: str = "anonymous"
    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    local_storage: Mapping[str, str] = field(default_factory=dict)


class Tab:
    """
    An open tab. What happens in it is kept here while somebody waits on the connection.
    """

    def __init__(self, devtools: DevTools, emulation: Emulation) -> None:
        self.devtools = devtools
        self.traffic = Traffic()
        self.console: list[str] = []
        self.crashed = False
        self.last_sign_of_life = time.monotonic()
        self.loader = ""
        self._loaded: set[str] = set()
        self._emulation = emulation
        self._world: int | None = None
        self._context = devtools.call("Target.createBrowserContext", {"disposeOnDetach": True})["browserContextId"]
        size = {"width": emulation.width, "height": emulation.height}
        page = {"url": "about:blank", "browserContextId": self._context, **size}
        self._target = devtools.call("Target.createTarget", page)["targetId"]
        attached = devtools.call("Target.attachToTarget", {"targetId": self._target, "flatten": True})
        self.session = attached["sessionId"]
        self._sessions = {self.session}
        devtools.listeners.append(self._listen)

    def close(self) -> None:
        """
        The tab is gone, with its cache, cookies and storage.
        """
        self.devtools.listeners.remove(self._listen)
        try:
            self.devtools.send("Target.disposeBrowserContext", {"browserContextId": self._context})
        except Unreachable:
            return

    @property
    def has_loaded(self) -> bool:
        """
        Whether the load event of the present document has come.
        """
        return self.loader in self._loaded

    def call(self, method: str, params: dict[str, Any] | None = None, *, timeout_s: float = 30.0) -> dict[str, Any]:
        """
        The result of a command to this tab.
        """
        return self.devtools.call(method, params, session=self.session, timeout_s=timeout_s)

    def prepare(self, visitor: Visitor, origin: str) -> None:
        """
        The tab is ready to navigate: everything is observed, throttled, and identified as the visitor.
        """
        for method in ("Page.enable", "Runtime.enable", "Log.enable", "Inspector.enable"):
            self.call(method)
        self.call("Page.setLifecycleEventsEnabled", {"enabled": True})
        self.call("Performance.enable", {"timeDomain": "timeTicks"})
        self.call("Page.addScriptToEvaluateOnNewDocument", {"source": COLLECTOR, "worldName": _WORLD})
        self._dress(self.session)
        self.call("Emulation.setCPUThrottlingRate", {"rate": max(1.0, self._emulation.cpu_slowdown)})
        self._size_viewport()
        for name, value in visitor.cookies.items():
            self.call("Network.setCookie", {"name": name, "value": value, "url": origin})
        if visitor.headers:
            self.call("Network.setExtraHTTPHeaders", {"headers": dict(visitor.headers)})
        if visitor.local_storage:
            source = _STORE.replace("ORIGIN", json.dumps(origin)).replace(
                "ITEMS", json.dumps(dict(visitor.local_storage))
            )
            self.call("Page.addScriptToEvaluateOnNewDocument", {"source": source})

    def begin(self, expression: str) -> int | None:
        """
        The expression is being evaluated beside the page; None while there is no document to do it in.
        """
        if self._world is None:
            return None
        params = {
            "expression": expression, "contextId": self._world, "awaitPromise": True, "returnByValue": True,
        }  # fmt: skip
        return self.devtools.begin("Runtime.evaluate", params, session=self.session)

    def evaluate(self, expression: str, *, timeout_s: float = 30.0) -> Any:
        """
        The value of an expression in the world beside the page, or None if the page went away meanwhile.

        Raises:
            Unreachable: the page's main thread does not answer.
        """
        if (asked := self.begin(expression)) is None:
            return None
        deadline = time.monotonic() + timeout_s
        while (answer := self.devtools.answer(asked)) is None:
            if time.monotonic() > deadline:
                raise Unreachable(f"the page's main thread did not answer within {timeout_s:g} s", hint="run again")
            self.devtools.wait(0.2)
        return answer.get("result", {}).get("value")

    def screenshot(self) -> bytes:
        """
        A PNG of what the visitor sees now.
        """
        return base64.b64decode(self.call("Page.captureScreenshot", {"format": "png"}, timeout_s=60.0)["data"])

    def navigation_start(self) -> float | None:
        """
        When the navigation to the present document began, on the browser's clock.
        """
        metrics = {m["name"]: m["value"] for m in self.call("Performance.getMetrics")["metrics"]}
        return metrics.get("NavigationStart") or None

    def _size_viewport(self) -> None:
        e = self._emulation
        size = {"width": e.width, "height": e.height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", size)

    def _dress(self, session: str) -> None:
        e = self._emulation
        self.devtools.send("Network.enable", session=session)
        if e.down_bit_s:
            slow = {
                "offline": False, "latency": e.latency_s * 1000,
                "downloadThroughput": e.down_bit_s / 8, "uploadThroughput": e.up_bit_s / 8,
            }  # fmt: skip
            self.devtools.send("Network.emulateNetworkConditions", slow, session=session)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        self.devtools.send("Target.setAutoAttach", attach, session=session)

    def _listen(self, method: str, session: str, event: dict[str, Any]) -> None:
        if session not in self._sessions:
            return
        if method.startswith("Network."):
            if self.traffic.take(method, event):
                self.last_sign_of_life = time.monotonic()
        elif method == "Target.attachedToTarget":
            self._sessions.add(event["sessionId"])
            self._dress(event["sessionId"])
            self.devtools.send("Runtime.runIfWaitingForDebugger", session=event["sessionId"])
        elif session == self.session:
            self._listen_to_page(method, event)

    def _listen_to_page(self, method: str, event: dict[str, Any]) -> None:
        if method == "Page.lifecycleEvent" and event["frameId"] == self._target and event["name"] == "load":
            self._loaded.add(event["loaderId"])
            self.last_sign_of_life = time.monotonic()
        elif method == "Page.frameNavigated" and "parentId" not in event["frame"]:
            self.loader = event["frame"]["loaderId"]
        elif method == "Runtime.executionContextCreated":
            context = event["context"]
            if context["name"] == _WORLD and context["auxData"]["frameId"] == self._target:
                self._world = context["id"]
        elif method == "Runtime.executionContextsCleared":
            self._world = None
        elif method == "Page.javascriptDialogOpening":
            # alert() stops the page until somebody clicks; nobody is there.
            self.devtools.send("Page.handleJavaScriptDialog", {"accept": True}, session=self.session)
            self._complain(f"dialog: {event.get('message', '')}")
        elif method == "Inspector.targetCrashed":
            self.crashed = True
        elif text := _complaint(method, event):
            self._complain(text)

    def _complain(self, text: str) -> None:
        if len(self.console) < _MAX_CONSOLE:
            self.console.append(redact(" ".join(text.split())[:500]))


def _complaint(method: str, event: dict[str, Any]) -> str:
    if method == "Runtime.exceptionThrown":
        details = event["exceptionDetails"]
        return str(details.get("exception", {}).get("description") or details.get("text", "exception"))
    if method == "Runtime.consoleAPICalled" and event["type"] in ("error", "assert"):
        return " ".join(str(a.get("value", a.get("description", ""))) for a in event["args"])
    if method == "Log.entryAdded" and event["entry"]["level"] == "error":
        url = event["entry"].get("url", "")
        # Browsers ask for it by themselves; a page without one has no fault.
        return "" if url.endswith("/favicon.ico") else f"{event['entry']['text']} {url}"
    return ""
