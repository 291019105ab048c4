"""
The application of `served` as a Django project whose `runserver` is daphne's.
"""

from typing import Any

import served_by_django
from django.core.asgi import get_asgi_application
from django.http import StreamingHttpResponse
from django.urls import re_path
from served import own, pieces_in_a_loop
from served_by_django import ALLOWED_HOSTS as ALLOWED_HOSTS
from served_by_django import DEBUG as DEBUG
from served_by_django import MIDDLEWARE as MIDDLEWARE
from served_by_django import SECRET_KEY as SECRET_KEY
from served_by_django import USE_TZ as USE_TZ

ROOT_URLCONF = __name__
INSTALLED_APPS = ["daphne"]
ASGI_APPLICATION = f"{__name__}.application"


def answer(request: Any, path: str) -> Any:
    """
    Answers one request; what is streamed would be collected first if it came from a plain iterator.
    """
    if path == "stream":
        return StreamingHttpResponse(pieces_in_a_loop(), headers=dict(own()))
    return served_by_django.answer(request, path)


urlpatterns = [re_path(r"^(.*)$", answer)]


def __getattr__(name: str) -> object:
    """
    The application, once the settings that it needs have been read.
    """
    if name == "application":
        return get_asgi_application()
    raise AttributeError(name)
