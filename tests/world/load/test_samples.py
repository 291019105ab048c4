"""
hasten.world.load.samples
"""

import gzip
import zlib

import brotli
import pytest

from hasten.world.load.connection import Exchange
from hasten.world.load.plan import LoadPlan, LoadRequest
from hasten.world.load.result import Outcome
from hasten.world.load.samples import Samples, decoded, gzip_size, redacted_headers


def an_exchange(status: int, body: bytes = b"") -> Exchange:
    exchange = Exchange(0, 0, 0.0)
    exchange.status, exchange.headers, exchange.body = status, [], [body]
    return exchange


def samples(path: str = "/a") -> Samples:
    return Samples(LoadPlan(base_url="http://127.0.0.1", requests=[LoadRequest(path=path)], rate_per_s=1, duration_s=1))


def test_a_good_answer_replaces_a_bad_one_and_stays() -> None:
    """
    After a good answer no further one is wanted.
    """
    kept = samples()
    kept.take(an_exchange(500), Outcome.ANSWERED, 1.0)
    assert kept.wants(0)
    kept.take(an_exchange(200, b"good"), Outcome.ANSWERED, 1.0)
    kept.take(an_exchange(404), Outcome.ANSWERED, 1.0)

    assert not kept.wants(0)
    assert [(200, 4)] == [(sample.status, sample.body_bytes) for sample in kept.all()]


def test_where_nothing_good_came_the_failure_is_shown() -> None:
    """
    A route that never answered has a sample that says why.
    """
    kept = samples()
    kept.take(Exchange(0, 0, 0.0), Outcome.TIMEOUT, 1.0)

    assert ["timeout"] == [sample.error for sample in kept.all()]


def test_a_secret_in_the_query_is_not_kept() -> None:
    """
    The path of a sample is redacted.
    """
    kept = samples("/a?token=geheim")
    kept.take(an_exchange(200), Outcome.ANSWERED, 1.0)

    assert "geheim" not in kept.all()[0].path


def test_of_credentials_only_the_names_stay() -> None:
    """
    A cookie keeps its name and attributes, an Authorization nothing, other headers everything.
    """
    found = dict(
        redacted_headers([("Set-Cookie", "sid=geheim; HttpOnly; Path=/"), ("Authorization", "geheim"), ("ETag", "x")])
    )

    assert "geheim" not in str(found)
    assert found["set-cookie"].startswith("sid=")
    assert "HttpOnly" in found["set-cookie"]
    assert "x" == found["etag"]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", b"text"),
        ("gzip", gzip.compress(b"text", mtime=0)),
        ("deflate", zlib.compress(b"text")),
        ("br", brotli.compress(b"text")),
    ],
)
def test_known_encodings_are_undone(encoding: str, body: bytes) -> None:
    """
    The body is what the application meant.
    """
    assert b"text" == decoded(body, encoding)


def test_what_cannot_be_decoded_is_unknown() -> None:
    """
    Neither a damaged body nor an unknown encoding is guessed at.
    """
    assert None is decoded(b"not gzip", "gzip")
    assert None is decoded(b"?", "zstd")


def test_the_gzip_size_is_that_of_a_real_gzip() -> None:
    """
    It is what gzip makes of it, to within its header.
    """
    assert abs(len(gzip.compress(b"word " * 1000, 6, mtime=0)) - gzip_size(b"word " * 1000)) <= 2
