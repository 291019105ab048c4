"""
Django tells nobody outside which route a request has found; so it is noted when it finds it.
"""

from types import ModuleType
from typing import Any

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry import routes
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.request import OUTSIDE, doing_now


def hook(base: ModuleType) -> None:
    """
    The route that Django finds for a request is the name by which it is counted.
    """
    handler = base.BaseHandler
    inner = handler.__dict__.get("resolve_request")
    if inner is None:
        say_once("django routes", "this Django has no resolve_request, so requests are counted by their paths")
        return

    def resolve_request(self: Any, request: Any) -> Any:
        match = inner(self, request)
        try:
            doing = doing_now()
            if doing is not OUTSIDE:
                root = request.path[: -len(request.path_info)] if request.path_info else ""
                route = routes.template_of(f"{root}/{match.route.lstrip('/')}")
                doing.scope = {"method": request.method, **(doing.scope or {}), "route": route, "root_path": root}
        except Exception as error:
            say_once("django routes", "a request is counted by its path: " + reason_of(error))
        return match

    handler.resolve_request = alike(resolve_request, inner)
