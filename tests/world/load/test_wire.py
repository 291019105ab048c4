"""
hasten.world.load.wire
"""

from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.wire import Wire


def wire(*requests: LoadRequest, base_url: str = "http://127.0.0.1:80") -> Wire:
    return Wire(
        LoadPlan(
            base_url=base_url,
            requests=list(requests),
            rate_per_s=1,
            duration_s=1,
            credentials={"agent": {"Cookie": "sid=1"}},
        )
    )


def headers(data: bytes) -> dict[str, str]:
    lines = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


def test_a_request_asks_as_a_browser_would() -> None:
    """
    Host and Accept-Encoding are there; a recorded header wins over the default.
    """
    data, is_head = wire(LoadRequest(path="/a?b=1", headers={"Accept": "application/json"})).of(0)

    assert data.startswith(b"GET /a?b=1 HTTP/1.1\r\n")
    assert not is_head
    assert ("127.0.0.1:80", "gzip, deflate, br") == (headers(data)["host"], headers(data)["accept-encoding"])
    assert "application/json" == headers(data)["accept"]


def test_a_body_has_its_length() -> None:
    """
    A POST without a body says so.
    """
    made = wire(LoadRequest(method="POST", body=b"abc"), LoadRequest(method="POST"))

    assert "3" == headers(made.of(0)[0])["content-length"]
    assert made.of(0)[0].endswith(b"\r\n\r\nabc")
    assert "0" == headers(made.of(1)[0])["content-length"]


def test_credentials_go_with_their_principal_only() -> None:
    """
    Anonymous requests carry none, and renewed ones replace the old.
    """
    made = wire(LoadRequest(principal="agent"), LoadRequest())
    assert "sid=1" == headers(made.of(0)[0])["cookie"]

    made.renew("agent", {"cookie": "sid=2"})

    assert "sid=2" == headers(made.of(0)[0])["cookie"]
    assert "cookie" not in headers(made.of(1)[0])


def test_the_path_of_the_base_url_comes_first() -> None:
    """
    An application below a path is asked below it; user and password of the URL are not sent as the host.
    """
    data, _ = wire(LoadRequest(path="/a"), base_url="http://u:p@127.0.0.1:81/shop/").of(0)

    assert data.startswith(b"GET /shop/a ")
    assert "127.0.0.1:81" == headers(data)["host"]


def test_requests_of_one_route_share_its_number() -> None:
    """
    Routes are listed once, with their method.
    """
    made = wire(
        LoadRequest(path="/1", route="GET /{id}"), LoadRequest(path="/b"), LoadRequest(path="/2", route="GET /{id}")
    )

    assert (["GET /{id}", "GET /b"], [0, 1, 0]) == (made.routes, made.route_of)
