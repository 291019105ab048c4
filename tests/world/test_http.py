"""
hasten.world.http
"""

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from hasten.errors import ConfigError, Unreachable
from hasten.world.http import check_health, fetch, is_up, read_openapi


@pytest.fixture
def deaf() -> Iterator[str]:
    """
    An address that takes connections and never answers.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_an_answer_is_whole(application: Any) -> None:
    """
    Status, headers, decoded body, bytes on the wire and time are there.
    """
    packed = gzip.compress(b"word " * 1000)
    application.on("GET", "/a", body=packed, content_encoding="gzip", etag="x")

    answer = fetch(application.url, "/a")

    assert (200, b"word " * 1000, len(packed)) == (answer.status, answer.body, answer.wire_bytes)
    assert "x" == answer.header("ETag")
    assert answer.seconds > 0


def test_method_headers_and_body_arrive(application: Any) -> None:
    """
    What is given is what is sent.
    """
    application.on("POST", "/a", 201)

    assert 201 == fetch(application.url, "/a", method="POST", headers={"x-one": "1"}, body=b"all").status

    method, path, headers, body = application.asked[0]
    assert ("POST", "/a", "1", b"all") == (method, path, headers["x-one"], body)


def test_a_redirect_is_an_answer(application: Any) -> None:
    """
    Nobody is sent elsewhere without noticing.
    """
    application.on("GET", "/a", 302, location="http://192.0.2.1/")

    assert 302 == fetch(application.url, "/a").status


def test_where_nothing_answers_the_hint_says_what_to_start(silent_url: str) -> None:
    """
    A refused connection is Unreachable.
    """
    with pytest.raises(Unreachable, match="nothing answers") as caught:
        fetch(silent_url, "/?token=geheim")

    assert "" != caught.value.hint
    assert "geheim" not in str(caught.value)


def test_no_answer_in_time_is_said_so(deaf: str) -> None:
    """
    The time that was waited is in the message.
    """
    with pytest.raises(Unreachable, match=r"within 0\.2 s"):
        fetch(deaf, "/", timeout_s=0.2)


def test_health_is_anything_but_a_server_error(application: Any) -> None:
    """
    A login page is healthy, a 503 is not.
    """
    application.on("GET", "/in", 401)
    application.on("GET", "/down", 503)

    assert 401 == check_health(application.url, "/in").status
    with pytest.raises(Unreachable, match="503"):
        check_health(application.url, "/down")


def test_the_openapi_document_is_read(application: Any) -> None:
    """
    The document as the application gives it.
    """
    application.on("GET", "/openapi.json", body=json.dumps({"paths": {"/a": {}}}).encode())

    assert {"/a": {}} == read_openapi(application.url)["paths"]


@pytest.mark.parametrize(
    ("status", "body", "expected"), [(404, b"", Unreachable), (200, b"<html>", ConfigError), (200, b"[]", ConfigError)]
)
def test_what_is_no_openapi_document_is_an_error(application: Any, status: int, body: bytes, expected: type) -> None:
    """
    A missing page, and one that is something else.
    """
    application.on("GET", "/openapi.json", status, body)

    with pytest.raises(expected):
        read_openapi(application.url)


def test_up_is_an_answer_in_time(application: Any, silent_url: str, deaf: str) -> None:
    """
    200 and 404 are up; 500, silence and a closed port are down.
    """
    application.on("GET", "/down", 500)

    def look(url: str, path: str) -> bool:
        return asyncio.run(is_up(url, path, timeout_s=0.5 if url == deaf else 30))

    assert [True, False, False, False] == [
        look(application.url, "/x"),
        look(application.url, "/down"),
        look(silent_url, "/"),
        look(deaf, "/"),
    ]
