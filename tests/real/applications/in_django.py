"""
The example as a Django project in one file, for WSGI and for ASGI.
"""

import json
import os
from collections.abc import AsyncIterator
from typing import Any

from contents import FILE, FIXED, NOTES, ODD_STATUSES, PIECES, TEXT, Broken, Closing, digest, echoed, generated
from django import http
from django.core.asgi import get_asgi_application
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.wsgi import get_wsgi_application
from django.urls import re_path
from django.views.decorators.http import condition

SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
DEBUG = os.environ.get("EXAMPLE_DEBUG") == "1"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.http.ConditionalGetMiddleware"]
LOGGING_CONFIG = None
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = None


def items(request: Any, item: str) -> Any:
    """
    A list as JSON.
    """
    return http.JsonResponse({"id": item, "query": request.META["QUERY_STRING"], "items": TEXT.decode().split("\n")})


def echo(request: Any, rest: str) -> Any:
    """
    The request as it came.
    """
    query = request.META["QUERY_STRING"]
    told = echoed(request.method, request.path, query, sorted(request.headers.items()), request.body)
    return http.HttpResponse(told, content_type="application/json")


def upload(request: Any, rest: str) -> Any:
    """
    The digest of what was sent.
    """
    if rest == "unread":
        return http.JsonResponse({"read": False})
    body = b"".join(iter(lambda: request.read(1000), b"")) if rest == "pieces" else request.body
    return http.HttpResponse(digest(body), content_type="application/json")


def stream(request: Any, rest: str) -> Any:
    """
    Pieces.
    """
    if rest == "async":
        return http.StreamingHttpResponse(_pieces(), content_type="text/plain")
    return http.StreamingHttpResponse(generated(), content_type="text/plain")


async def _pieces() -> AsyncIterator[bytes]:
    for piece in PIECES:
        yield piece


async def in_a_coroutine(request: Any, rest: str) -> Any:
    """
    A view that is a coroutine.
    """
    if rest == "broken":
        raise Broken(rest)
    return http.JsonResponse({"rest": rest, "words": TEXT.decode().split("\n")})


def status(request: Any, code: str) -> Any:
    """
    A status that few have.
    """
    return http.HttpResponse("an odd one", status=int(code), reason=ODD_STATUSES.get(int(code), "Unheard Of"))


def broken(request: Any, rest: str) -> Any:
    """
    Fails before the answer or in the middle of it.
    """
    if rest == "middle":
        return http.StreamingHttpResponse(generated(fails_after=3), content_type="text/plain")
    if rest == "first":
        return http.StreamingHttpResponse(Closing(fails_after=0), content_type="text/plain")
    if rest == "denied":
        raise PermissionDenied
    if rest == "odd":
        raise SuspiciousOperation
    if rest == "missing":
        raise http.Http404
    raise Broken(rest)


def file(request: Any, rest: str) -> Any:
    """
    A file, as an attachment or not.
    """
    return http.FileResponse(FILE.open("rb"), as_attachment=rest == "attachment", filename="r\xf6ws.txt")


@condition(etag_func=lambda *_, **__: '"v7"')
def tagged(request: Any, rest: str) -> Any:
    """
    An answer with a version.
    """
    return http.JsonResponse({"words": TEXT.decode().split("\n")})


def closed(request: Any, case: str) -> Any:
    """
    What is noted of an answer that is gone through.
    """
    return http.StreamingHttpResponse(generated(case), content_type="text/plain")


def seen(request: Any, case: str) -> Any:
    """
    What was noted of a case.
    """
    return http.HttpResponse(NOTES.of(case), content_type="application/json")


def fixed(request: Any, name: str) -> Any:
    """
    An answer that is always the same.
    """
    if name == "visible":
        return http.HttpResponse(json.dumps(sorted(request.META)), content_type="application/json")
    status, headers, body = FIXED.get(name, FIXED["missing"])
    answer = http.HttpResponse(body, status=status)
    del answer["Content-Type"]
    for key, value in headers:
        if key == "Set-Cookie":
            answer.set_cookie(*value.partition(";")[0].split("="))
        else:
            answer[key] = value
    return answer


urlpatterns = [
    re_path(r"^items/(.+)$", items),
    re_path(r"^echo/?(.*)$", echo),
    re_path(r"^upload/(.*)$", upload),
    re_path(r"^stream/(.*)$", stream),
    re_path(r"^coroutine/(.*)$", in_a_coroutine),
    re_path(r"^status/(\d+)$", status),
    re_path(r"^broken/(.*)$", broken),
    re_path(r"^file/(.*)$", file),
    re_path(r"^conditional/(.*)$", tagged),
    re_path(r"^closed/(.*)$", closed),
    re_path(r"^seen/(.*)$", seen),
    re_path(r"^([^/]*)$", fixed),
]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", __name__)


def wsgi(environ: Any, start_response: Any) -> Any:
    """
    The project behind its WSGI interface.
    """
    return _made(get_wsgi_application)(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """
    The project behind its ASGI interface.
    """
    await _made(get_asgi_application)(scope, receive, send)


_found: dict[Any, Any] = {}


def _made(make: Any) -> Any:
    # At the first request: this file is the settings, and is being read when a server imports it.
    if make not in _found:
        _found[make] = make()
    return _found[make]
