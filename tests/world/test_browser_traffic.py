"""
The books of a visit's network traffic, kept from hand-written events.
"""

from typing import Any

from hasten.world.browser_traffic import Traffic

URL = "http://127.0.0.1:8000/"


def sent(name: str, path: str = "", kind: str = "Script", at: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"requestId": name, "request": {"url": URL + path}, "type": kind, "timestamp": at, **more}


def received(name: str, status: int = 200, kind: str = "Script", **response: Any) -> dict[str, Any]:
    return {
        "requestId": name,
        "timestamp": 1.5,
        "type": kind,
        "response": {"status": status, "headers": {}, **response},
    }


def finished(name: str, size: int = 1000, at: float = 2.0) -> dict[str, Any]:
    return {"requestId": name, "timestamp": at, "encodedDataLength": size}


def test_a_request_from_start_to_end() -> None:
    """
    Head and body as they crossed the wire, the unpacked body, status and times are kept; then nothing is in flight.
    """
    traffic = Traffic()
    headers = {"Content-Encoding": "gzip", "Set-Cookie": "session=secret", "ETag": '"1"'}

    traffic.take("Network.requestWillBeSent", sent("1", "app.js"))
    assert 1 == traffic.in_flight
    traffic.take("Network.responseReceived", received("1", headers=headers))
    traffic.take(
        "Network.dataReceived", {"requestId": "1", "timestamp": 1.7, "dataLength": 5000, "encodedDataLength": 0}
    )
    traffic.take("Network.loadingFinished", finished("1", 1234, 2.5))

    (fetch,) = traffic.fetches
    assert (200, 1234, 5000, 1.0, 1.5, 2.5) == (
        fetch.status, fetch.wire_bytes, fetch.body_bytes, fetch.start_s, fetch.response_start_s, fetch.end_s
    )  # fmt: skip
    assert {"content-encoding": "gzip", "etag": '"1"'} == fetch.headers
    assert (0, 2.5) == (traffic.in_flight, traffic.last_end_s)


def test_a_redirect_is_two_requests() -> None:
    """
    Both hops are kept, with the bytes of each.
    """
    traffic = Traffic()
    redirect = {"status": 302, "headers": {}, "encodedDataLength": 150}

    traffic.take("Network.requestWillBeSent", sent("1", kind="Document"))
    traffic.take("Network.requestWillBeSent", sent("1", "login", "Document", 1.2, redirectResponse=redirect))
    traffic.take("Network.responseReceived", received("1", kind="Document"))
    traffic.take("Network.loadingFinished", finished("1"))

    assert [(302, 150), (200, 1000)] == [(fetch.status, fetch.wire_bytes) for fetch in traffic.fetches]
    assert 2 == traffic.started


def test_what_never_ends_is_not_waited_for() -> None:
    """
    A stream of events is a request, but not one in flight.
    """
    traffic = Traffic()

    assert not traffic.take("Network.requestWillBeSent", sent("1", "events", "EventSource"))

    assert (1, 0) == (traffic.started, traffic.in_flight)


def test_the_cache_is_not_the_network() -> None:
    """
    What came from the cache has no wire bytes.
    """
    traffic = Traffic()

    traffic.take("Network.requestWillBeSent", sent("1"))
    traffic.take("Network.requestServedFromCache", {"requestId": "1"})
    traffic.take("Network.loadingFinished", finished("1", 777))

    assert (True, 0) == (traffic.fetches[0].from_cache, traffic.fetches[0].wire_bytes)


def test_failures_are_named_and_cancellations_are_not() -> None:
    """
    A request that failed has its reason; one that the page gave up has none.
    """
    traffic = Traffic()
    for name in ("1", "2"):
        traffic.take("Network.requestWillBeSent", sent(name))
    failed = {"timestamp": 2.0, "errorText": "net::ERR_FAILED"}

    traffic.take("Network.loadingFailed", {"requestId": "1", **failed})
    traffic.take("Network.loadingFailed", {"requestId": "2", "canceled": True, **failed})

    assert ["net::ERR_FAILED", ""] == [fetch.failure for fetch in traffic.fetches]


def test_embedded_data_and_tab_icons_are_no_requests() -> None:
    """
    data: URLs never cross the wire, and no page waits for its tab's icon.
    """
    traffic = Traffic()
    embedded = {**sent("1"), "request": {"url": "data:image/png;base64,AA"}}

    for event in (embedded, sent("2", "favicon.ico", "Other"), sent("3", "logo.svg?v=1", "Other")):
        traffic.take("Network.requestWillBeSent", event)

    assert [] == traffic.fetches


def test_strangers_are_ignored() -> None:
    """
    Events of requests that nobody announced change nothing.
    """
    traffic = Traffic()

    assert not traffic.take("Network.loadingFinished", finished("9"))
    assert not traffic.take("Network.policyUpdated", {})
