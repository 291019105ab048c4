"""
hasten.world.recordings.routes
"""

import pytest

from hasten.world.recordings.routes import Routes, by_shape


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/inquiries/17", "/api/inquiries/{id}"),
        ("/a/0b7f9c1e-5f0a-4a63-9a3d-9f2f6f0c1a2b/b", "/a/{id}/b"),
        ("/a/0123456789abcdef0123", "/a/{id}"),
        ("/a/Zk93_jsdl20-slwoQpe41", "/a/{id}"),
        ("/api/v2/users", "/api/v2/users"),
        ("/system-settings-and-preferences", "/system-settings-and-preferences"),
        ("/", "/"),
    ],
)
def test_what_differs_from_record_to_record_is_one_name(path: str, expected: str) -> None:
    """
    Numbers, UUIDs and random names are places; words stay.
    """
    assert expected == by_shape(path)


def test_templates_of_the_application_win() -> None:
    """
    A literal segment is preferred to a variable one; the query is no part of the route.
    """
    routes = Routes(["/users/{user}", "/users/me", "/files/{name}.txt"])

    assert "GET /users/me" == routes.name("GET", "/users/me?x=1")
    assert "GET /users/{user}" == routes.name("GET", "/users/anna")
    assert "GET /files/{name}.txt" == routes.name("GET", "/files/a.txt")
    assert "GET /other/{id}" == routes.name("GET", "/other/5")
