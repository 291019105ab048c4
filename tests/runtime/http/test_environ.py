"""
A WSGI environ as an ASGI server would tell it.
"""

from tests.runtime.wsgi_driving import environ_of

from hasten_runtime.http.environ import asking_scope, path_of, scope_of


def test_the_path_is_whole_and_decoded() -> None:
    """
    Mount and rest are one path; its bytes are UTF-8, and what is none is replaced as ASGI servers do.
    """
    assert "/shop/items" == path_of(environ_of("/items", SCRIPT_NAME="/shop"))
    assert "/köln" == path_of(environ_of("/köln".encode().decode("latin-1")))
    assert "/\ufffd" == path_of(environ_of("/\xff"))


def test_headers_are_named_as_on_the_wire() -> None:
    """
    All of them are there, in lower case, with the query and the address.
    """
    scope = scope_of(environ_of(method="HEAD", query="q=1", HTTP_ACCEPT_ENCODING="gzip", HTTP_X="\xe9"))

    assert [(b"accept-encoding", b"gzip"), (b"x", b"\xe9")] == scope["headers"]
    assert ("HEAD", "/", b"q=1", ("127.0.0.1",)) == tuple(
        scope[key] for key in ("method", "path", "query_string", "client")
    )


def test_what_the_server_knows_of_the_user_is_as_good_as_a_header() -> None:
    """
    A name or a certificate that the server has checked counts as credentials; an empty one does not.
    """
    for known in ("REMOTE_USER", "SSL_CLIENT_CERT"):
        assert [(b"authorization", b"")] == scope_of(environ_of(**{known: "somebody"}))["headers"]
        assert [] == scope_of(environ_of(**{known: ""}))["headers"]


def test_headers_without_a_prefix_are_headers() -> None:
    """
    The two that PEP 3333 names otherwise are there, unless they are empty.
    """
    scope = scope_of(environ_of(CONTENT_TYPE="text/plain", CONTENT_LENGTH=""))

    assert [(b"content-type", b"text/plain")] == scope["headers"]


def test_what_decides_about_the_arm_is_little() -> None:
    """
    The question and the identity, and nothing else of the request.
    """
    scope = asking_scope(environ_of(HTTP_COOKIE="s=1", HTTP_HASTEN_ARM="k:control", HTTP_ACCEPT="*/*"))

    assert {"headers": [(b"hasten-arm", b"k:control"), (b"cookie", b"s=1")], "client": ("127.0.0.1",)} == scope
