"""
Which URLs the gate tries.
"""

import pytest

from hasten.verify.identity.urls import chosen, with_parameter
from hasten.world.load.plan import LoadRequest


def test_a_few_different_ones_of_each_route() -> None:
    """
    Equal requests count once whoever asked, writes are left out, and the same seed takes the same ones.
    """
    requests = [
        *(LoadRequest(path=f"/a?n={n % 4}", route="GET /a", principal=f"p{n}") for n in range(40)),
        LoadRequest(path="/b", principal="ada"),
        LoadRequest(method="POST", path="/b"),
    ]
    found = chosen(requests, 3, seed=1)

    assert ["GET /a", "GET /a", "GET /a", "GET /b"] == [each.name for each in found]
    assert (4, {"anonymous"}) == (len({each.path for each in found}), {each.principal for each in found})
    assert found == chosen(requests[::-1], 3, seed=1)


@pytest.mark.parametrize(("path", "expected"), [("/a", "/a?hasten-cold=1"), ("/a?b=2", "/a?b=2&hasten-cold=1")])
def test_a_parameter_more(path: str, expected: str) -> None:
    """
    The URL is another one, and its route the same.
    """
    found = with_parameter(LoadRequest(path=path, route="GET /a"), "1")

    assert (expected, "GET /a") == (found.path, found.name)
