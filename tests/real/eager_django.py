"""
A Django project that loads relations with its objects, in one file.

DATABASE_URL says where its database is.
"""

import os
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", __name__)
_url = urlsplit(os.environ["DATABASE_URL"])

SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": _url.path[1:], "USER": _url.username,
        "PASSWORD": _url.password, "HOST": _url.hostname, "PORT": _url.port,
    }
}  # fmt: skip
PAGES = {"list.html": "{% for each in all %}{{ each.customer.name }}{% endfor %}"}
LOADER = ("django.template.loaders.locmem.Loader", PAGES)
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": [LOADER]}}]


class Shop(AppConfig):
    """
    The application that the models belong to.
    """

    name = __name__
    label = "shop"
    path = "."


INSTALLED_APPS = [f"{__name__}.Shop"]


def orders() -> Any:
    """
    A few orders with everything. The models are made late, for they want their application to be there.
    """
    from django.apps import apps

    if "orders" not in apps.all_models["shop"]:
        _make()
    model = apps.get_model("shop", "orders")
    return model.objects.order_by("id").select_related("customer").prefetch_related("lines")[:5]


def _make() -> None:
    from django.db import models

    def made(title: str, **columns: Any) -> Any:
        meta = type("Meta", (), {"db_table": title.lower(), "managed": False, "app_label": "shop"})
        columns["id"] = models.IntegerField(primary_key=True)
        return type(title, (models.Model,), {"__module__": __name__, "Meta": meta, **columns})

    customer = made("Customer", name=models.TextField())
    order = made("Orders", customer=models.ForeignKey(customer, models.CASCADE))
    made("Line", order=models.ForeignKey(order, models.CASCADE, related_name="lines"), text=models.TextField())


def unread(request: Any) -> Any:
    """
    Numbers, which need neither relation.
    """
    return JsonResponse({"ids": [each.id for each in orders()]})


def lines(request: Any) -> Any:
    """
    The lines alone.
    """
    return JsonResponse({"lines": [[line.text for line in each.lines.all()] for each in orders()]})


def page(request: Any) -> Any:
    """
    Only the template reads the customers.
    """
    from django.shortcuts import render

    return render(request, "list.html", {"all": orders()})


def health(request: Any) -> Any:
    """
    It serves.
    """
    return HttpResponse("ok")


urlpatterns = [path(each.__name__, each) for each in (unread, lines, page, health)]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
