"""
hasten.world.recordings.openapi
"""

from typing import Any

from hasten.world.recordings.openapi import NO_EXAMPLE, WRITES, read_openapi_routes, templates
from hasten.world.recordings.tally import LEAVES, Recording


def read(paths: dict[str, Any], **more: Any) -> Recording:
    return read_openapi_routes({"paths": paths, **more}, "openapi.json", "agent")


def parameter(name: str, where: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "required": True, **more}


def test_a_get_without_parameters_is_asked() -> None:
    """
    Once, as the first principal; without `security` as anybody.
    """
    found = read({"/a": {"get": {}}, "/open": {"get": {"security": []}}}).requests

    assert {("GET /a", "agent"), ("GET /open", "anonymous")} == {(request.name, request.principal) for request in found}


def test_examples_defaults_and_enums_fill_required_parameters() -> None:
    """
    In the path percent-encoded, in the query as such; optional ones are left out.
    """
    found = read(
        {
            "/a/{id}/{kind}": {
                "parameters": [parameter("id", "path", example="x/y")],
                "get": {
                    "parameters": [
                        parameter("kind", "path", schema={"enum": ["sla", "work"]}),
                        parameter("days", "query", schema={"default": 30}),
                        {"name": "page", "in": "query", "schema": {"default": 1}},
                    ]
                },
            }
        }
    ).requests

    assert [("/a/x%2Fy/sla?days=30", "GET /a/{id}/{kind}")] == [(request.path, request.name) for request in found]


def test_references_are_followed() -> None:
    """
    A parameter may stand among the components; a circle of references is not followed for ever.
    """
    components = {
        "parameters": {"id": parameter("id", "path", example=7), "loop": {"$ref": "#/components/parameters/loop"}}
    }
    found = read(
        {
            "/a/{id}": {"get": {"parameters": [{"$ref": "#/components/parameters/id"}]}},
            "/b/{id}": {"get": {"parameters": [{"$ref": "#/components/parameters/loop"}]}},
        },
        components=components,
    )

    assert (["/a/7"], {NO_EXAMPLE: 1}) == ([request.path for request in found.requests], found.dropped)


def test_what_cannot_be_asked_is_counted() -> None:
    """
    Writes, logouts and parameters without an example.
    """
    found = read({"/a/{id}": {"get": {}}, "/w": {"post": {}}, "/logout": {"get": {}}})

    assert ([], {NO_EXAMPLE: 1, WRITES: 1, LEAVES: 1}) == (found.requests, found.dropped)


def test_the_templates_are_the_paths() -> None:
    """
    What names the routes of a log.
    """
    assert ["/a/{id}"] == templates({"paths": {"/a/{id}": {}, "x-else": {}}})
