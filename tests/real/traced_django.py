"""
A Django project whose requests are worth tracing: its ORM, templates and JSON, in one file.

DATABASE_URL says where its database is.
"""

import os
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import include, path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", __name__)
_url = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": _url.path[1:], "USER": _url.username,
        "PASSWORD": _url.password, "HOST": _url.hostname, "PORT": _url.port,
    }
}  # fmt: skip
PAGES = {"list.html": "{% for each in all %}{{ each.name }}{% endfor %}"}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", PAGES)]},
    }
]


class Items(AppConfig):
    """
    The application that the model belongs to.
    """

    name = __name__
    label = "items"
    path = "."


INSTALLED_APPS = [f"{__name__}.Items"]


def item(request: Any, number: int) -> Any:
    """
    One statement of the ORM, in JSON.
    """
    return JsonResponse({"name": model().objects.get(pk=number).name})


def page(request: Any) -> Any:
    """
    A statement that the template causes.
    """
    from django.shortcuts import render

    return render(request, "list.html", {"all": model().objects.filter(id__lt=4)})


def health(request: Any) -> Any:
    """
    It serves.
    """
    return HttpResponse("ok")


def model() -> Any:
    """
    The table as a model; made late, for models want their application to be there.
    """
    from django.apps import apps
    from django.db import models

    known = apps.all_models["items"].get("item")
    if known is not None:
        return known
    meta = type("Meta", (), {"db_table": "item", "managed": False, "app_label": "items"})
    columns = {"id": models.IntegerField(primary_key=True), "name": models.TextField()}
    return type("Item", (models.Model,), {"__module__": __name__, "Meta": meta, **columns})


urlpatterns = [
    path("health", health),
    path("shop/", include([path("items/<int:number>/", item), path("page/", page)])),
]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
