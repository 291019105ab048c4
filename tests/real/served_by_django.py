"""
The application of `served` as a Django project in one file: settings, addresses and views.
"""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import re_path
from served import found, own, pieces

SECRET_KEY = "of a test"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
# Declares the length, as projects do that were begun with `startproject`.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True


def answer(request: Any, path: str) -> Any:
    """
    Answers one request.
    """
    if path == "stream":
        return StreamingHttpResponse(pieces(), headers=dict(own()))
    status, headers, body = found(f"/{path}")
    return HttpResponse(body, status=status, headers=dict(headers))


urlpatterns = [re_path(r"^(.*)$", answer)]
