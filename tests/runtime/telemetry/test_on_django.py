"""
The names of Django's routes.
"""

from types import SimpleNamespace
from typing import Any

import django.core.handlers.base
import pytest

from hasten_runtime.telemetry import on_django, routes
from hasten_runtime.telemetry.request import OUTSIDE, ROOM, begun, set_doing


class Handler:
    """
    What Django has by the name of BaseHandler.
    """

    def resolve_request(self, request: Any) -> Any:
        """
        What Django has found.
        """
        return SimpleNamespace(route=request.route)


@pytest.fixture(autouse=True)
def hooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What it finds is noted.
    """
    monkeypatch.setattr(Handler, "resolve_request", Handler.resolve_request)
    on_django.hook(SimpleNamespace(BaseHandler=Handler))  # type: ignore[arg-type]


def named(route: Any, path: str, path_info: str) -> str:
    """
    The name of a request for which this route was found.
    """
    doing = begun(ROOM)
    set_doing(doing)
    request = SimpleNamespace(route=route, path=path, path_info=path_info, method="GET")

    assert route == Handler().resolve_request(request).route
    return routes.name_of({"root_path": "", **(doing.scope or {})}, path, "", 200)


@pytest.mark.parametrize(
    ("route", "path", "path_info", "name"),
    [
        ("orders/<int:id>/", "/orders/7/", "/orders/7/", "/orders/{id}/"),
        (r"^orders/(?P<id>[0-9]+)/$", "/orders/7/", "/orders/7/", "/orders/{id}/"),
        ("shop/<slug:name>", "/eu/shop/books", "/shop/books", "/eu/shop/{name}"),
        ("", "/", "/", "/"),
        (r"^(.*)$", "/anything/17", "/anything/17", "/anything/{}"),
        (5, "/odd/17", "/odd/17", "/odd/{}"),
    ],
)
def test_a_route_is_noted(route: Any, path: str, path_info: str, name: str) -> None:
    """
    With the prefix under which the project runs; one that says nothing leaves the path without ids.
    """
    assert name == named(route, path, path_info)


def test_outside_of_requests_nothing_is_noted() -> None:
    """
    A test client of the application's own is none.
    """
    set_doing(OUTSIDE)
    Handler().resolve_request(SimpleNamespace(route="a", path="/a", path_info="/a", method="GET"))

    assert OUTSIDE.scope is None


def test_django_has_what_is_hooked(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The installed one has the method; for one that has not, that is said.
    """
    assert "resolve_request" in django.core.handlers.base.BaseHandler.__dict__
    on_django.hook(SimpleNamespace(BaseHandler=type("Old", (), {})))  # type: ignore[arg-type]

    assert "has no resolve_request" in capsys.readouterr().err
