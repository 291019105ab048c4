"""
Names of routes.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from hasten_runtime.telemetry import routes
from hasten_runtime.telemetry.routes import MOST_NAMES, MOST_WORDS, NO_ROUTE, name_of


def route(path: str, **more: Any) -> SimpleNamespace:
    """
    Something like a framework's route.
    """
    return SimpleNamespace(path=path, **more)


def named(path: str, status: int = 200, root: str = "", **scope: Any) -> str:
    """
    The name that the request of that path gets.
    """
    return name_of({"root_path": root, **scope}, path, "", status)


def test_the_template_is_the_name() -> None:
    """
    Where the framework tells its route, that is the name, without the types of its parameters.
    """
    item = route("/items/{item_id:int}")

    assert "/items/{item_id}" == named("/items/42", route=item, path_params={"item_id": 42})
    assert "/items/{item_id}" == named("/items/43", route=item, path_params={"item_id": 43})
    assert "/files/{rest}" == named("/files/a/b", route=route("/files/{rest:path}"), path_params={"rest": "a/b"})
    assert "/" == named("/", route=route("/"))


def test_what_stands_before_a_mounted_route_is_in_its_name() -> None:
    """
    A route that was mounted or included under a prefix is named with it, parameters of the prefix by their names.
    """
    item = route("/items/{id}")

    assert "/v2/items/{id}" == named("/v2/items/7", root="/v2", route=item, path_params={"id": "7"})
    assert "/{tenant}/items/{id}" == named(
        "/acme/items/7", root="/acme", route=item, path_params={"tenant": "acme", "id": "7"}
    )
    assert "/static/{path}" == named("/static/js/app.1f.js", root="/static", route=route("/static"))
    assert "/static/{path}" == named("/static/none", 404, root="/static")


def test_the_context_of_an_included_router_knows_better() -> None:
    """
    FastAPI's context of a route that was included twice tells the two apart.
    """
    item = route("/items/{id}")
    contexts = [route(f"/v{n}/items/{{id}}", starlette_route=None) for n in (1, 2)]
    names = [
        named(f"/v{n}/items/7", route=item, fastapi={"effective_route_context": each}, path_params={"id": "7"})
        for n, each in enumerate(contexts, start=1)
    ]

    assert ["/v1/items/{id}", "/v2/items/{id}"] == names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "/"),
        ("/api/orders/42", "/api/orders/{}"),
        ("/api/v2/orders/3f2b8c1e-0000-4000-8000-000000000000/lines", "/api/v2/orders/{}/lines"),
        ("/ann@example.org/mails", "/{}/mails"),
        ("/assets/app.js", "/assets/app.js"),
        ("/a//b", "/a//b"),
        ("/" + "x" * 50, "/{}"),
        ("/é", "/{}"),
    ],
)
def test_without_a_route_ids_are_left_out(path: str, name: str) -> None:
    """
    Words stay; numbers, ids, addresses and long segments do not.
    """
    assert name == named(path)


def test_without_a_route_parameters_have_their_names() -> None:
    """
    A framework that tells only its parameters has them in the name.
    """
    assert "/users/{user}/rest" == named("/users/ann/rest", path_params={"user": "ann"})


def test_what_no_route_answers_has_one_name() -> None:
    """
    A scanner's paths are one name.
    """
    assert [NO_ROUTE] * 3 == [named(path, 404) for path in ("/wp-admin", "/.env", "/x")]


def test_many_words_at_one_place_are_values() -> None:
    """
    Names of people, of which there are many, do not become names of routes; the first few are not told apart.
    """
    found = {named(f"/users/{chr(97 + n // 26)}{chr(97 + n % 26)}nn/profile") for n in range(300)}

    assert MOST_WORDS + 1 == len(found)
    assert "/users/{}/profile" in found


def test_the_memory_is_bounded() -> None:
    """
    Neither paths nor routes are remembered without end.
    """
    kept = [route(f"/r{number}") for number in range(MOST_NAMES + 100)]
    for number, each in enumerate(kept):
        named(f"/r{number}", route=each)
        named(f"/some/{number}")
        named("/" + "y" * 1000)

    assert len(routes.of_routes) <= MOST_NAMES
    assert len(routes._of_paths) <= MOST_NAMES
    assert all(len(path) <= routes.LONGEST_PATH for path in routes._of_paths)
