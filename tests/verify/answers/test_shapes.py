"""
Kinds of parameters, and whether all were tried.
"""

import pytest

from hasten.verify.answers.shapes import LEAST_PER_SHAPE, Coverage, Shapes, parameters_of
from hasten.world.load.plan import LoadRequest


def asked(path: str, route: str = "GET /a", **more: object) -> LoadRequest:
    """
    A request of that route.
    """
    return LoadRequest(path=path, route=route, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("/a?n=1", "/a?n=22", True),
        ("/a?n=1", "/a?n=-1", False),
        ("/a?n=1", "/a?n=", False),
        ("/a?n=1", "/a?m=1", False),
        ("/a?n=1&m=2", "/a?m=2&n=1", True),
        ("/a?s=open", "/a?s=closed", False),
        ("/a?q=two words", "/a?q=other ones", True),
        ("/a?d=2026-01-02", "/a?d=2025-11-30T10:00", True),
        ("/a?d=2026-01-02", "/a?d=1.5", False),
    ],
)
def test_what_is_one_shape(one: str, other: str, is_same: bool) -> None:
    """
    Numbers, dates and free text are kinds; words of a short list are each their own.
    """
    shapes = Shapes([asked(one), asked(other)])

    assert is_same == (shapes.of(asked(one)) == shapes.of(asked(other)))


def test_a_long_list_of_words_is_text() -> None:
    """
    A parameter that takes many words is free text, however short they are.
    """
    many = [asked(f"/a?s=word{chr(97 + n)}") for n in range(20)]

    assert 1 == len(Shapes(many).known)


def test_who_asks_is_part_of_the_shape() -> None:
    """
    An agent and a manager may get different answers.
    """
    shapes = Shapes([asked("/a", principal="agent"), asked("/a", principal="manager")])

    assert 2 == len(shapes.known)


def test_parameters_hide_in_paths_and_bodies() -> None:
    """
    Variables of the route and the members of a JSON body count too.
    """
    request = asked("/a/7/b?x=1", "PUT /a/{id}/b", method="PUT", body=b'{"name": "n", "age": 3}')

    assert [("x", "1"), ("{id}", "7"), ("body.name", "n"), ("body.age", "3")] == parameters_of(request)
    assert [("(body)", "text")] == parameters_of(asked("/a", body=b"\x00"))


def test_a_shape_is_covered_by_enough_different_requests() -> None:
    """
    Neither one request many times nor many requests once each are enough.
    """
    known = [asked(f"/a?n={n}") for n in range(20)]
    shapes = Shapes(known)
    same, different, good = Coverage(shapes), Coverage(shapes), Coverage(shapes)
    for number in range(LEAST_PER_SHAPE):
        same.add(known[0])
        good.add(known[number % 5])
    for request in known[:5]:
        different.add(request)

    assert [(1, 0), (1, 0), (1, 1)] == [each.of("GET /a") for each in (same, different, good)]
