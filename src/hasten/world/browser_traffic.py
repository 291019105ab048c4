"""
What went over the network during a visit, from the DevTools events; pure bookkeeping.
"""

from dataclasses import dataclass, field
from typing import Any

KEPT_HEADERS = (
    "age", "cache-control", "cache-status", "content-encoding", "content-type", "etag", "expires", "last-modified",
    "vary",
)  # fmt: skip
"""What says how a resource is compressed and cached; nothing that could hold a secret."""

_NEVER_ENDING = frozenset({"EventSource", "WebSocket", "Media", "Ping"})
"""Streams and beacons stay open by design, so a page that has them can still be complete."""

_ICONS = (".ico", ".png", ".svg", ".gif", ".jpg", ".webp")

_NOT_NETWORK = ("data:", "blob:", "about:", "chrome-extension:", "chrome-error:", "devtools:")


@dataclass
class Fetch:
    """
    One request. Times in seconds of the browser's clock; `wire_bytes` are head and body as they crossed the wire.
    """

    url: str
    kind: str
    start_s: float
    end_s: float | None = None
    status: int = 0
    wire_bytes: int = 0
    body_bytes: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    response_start_s: float | None = None
    failure: str = ""
    from_cache: bool = False


@dataclass
class Traffic:
    """
    All requests of a visit. `started` counts them, `last_end_s` is when the latest of them ended.
    """

    fetches: list[Fetch] = field(default_factory=list)
    started: int = 0
    last_end_s: float = 0.0
    _open: dict[str, Fetch] = field(default_factory=dict)

    @property
    def in_flight(self) -> int:
        """
        Requests under way, without those that never end.
        """
        return sum(1 for fetch in self._open.values() if fetch.kind not in _NEVER_ENDING)

    def take(self, method: str, event: dict[str, Any]) -> bool:
        """
        The event is in the books; says whether it was a sign of life of the network.
        """
        if method == "Network.requestWillBeSent":
            return self._begin(event)
        fetch = self._open.get(event.get("requestId", ""))
        if fetch is None:
            return False
        if method == "Network.responseReceived":
            self._respond(fetch, event["response"], event)
        elif method == "Network.requestServedFromCache":
            fetch.from_cache = True
        elif method == "Network.dataReceived":
            fetch.wire_bytes += event["encodedDataLength"]
            fetch.body_bytes += event["dataLength"]
        elif method == "Network.loadingFinished":
            fetch.wire_bytes = int(event["encodedDataLength"])
            self._end(event["requestId"], event["timestamp"])
        elif method == "Network.loadingFailed":
            fetch.failure = "" if event.get("canceled") else event.get("errorText") or "failed"
            self._end(event["requestId"], event["timestamp"])
        else:
            return False
        return fetch.kind not in _NEVER_ENDING

    def _begin(self, event: dict[str, Any]) -> bool:
        url, name = event["request"]["url"], event["requestId"]
        if url.startswith(_NOT_NETWORK) or _is_for_the_tab_strip(event):
            return False
        if "redirectResponse" in event and name in self._open:
            redirected = self._open[name]
            self._respond(redirected, event["redirectResponse"], {})
            redirected.wire_bytes = int(event["redirectResponse"].get("encodedDataLength", 0))
            self._end(name, event["timestamp"])
        if name in self._open:
            return False
        fetch = Fetch(url=url, kind=event.get("type", "Other"), start_s=event["timestamp"])
        self._open[name] = fetch
        self.fetches.append(fetch)
        self.started += 1
        return fetch.kind not in _NEVER_ENDING

    def _respond(self, fetch: Fetch, response: dict[str, Any], event: dict[str, Any]) -> None:
        fetch.status = int(response.get("status", 0))
        fetch.kind = event.get("type", fetch.kind)
        fetch.response_start_s = event.get("timestamp")
        fetch.from_cache = fetch.from_cache or bool(response.get("fromDiskCache"))
        headers = {str(name).lower(): str(value) for name, value in response.get("headers", {}).items()}
        fetch.headers = {name: headers[name] for name in KEPT_HEADERS if name in headers}

    def _end(self, name: str, timestamp: float) -> None:
        fetch = self._open.pop(name)
        fetch.end_s = timestamp
        if fetch.from_cache:
            fetch.wire_bytes = 0
        if fetch.kind not in _NEVER_ENDING:
            self.last_end_s = max(self.last_end_s, timestamp)


def _is_for_the_tab_strip(event: dict[str, Any]) -> bool:
    # The icon of the tab: some browsers fetch it and some do not, and no page waits for it.
    path = event["request"]["url"].partition("?")[0]
    return event.get("type") == "Other" and path.lower().endswith(_ICONS)
