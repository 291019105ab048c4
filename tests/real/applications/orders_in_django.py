"""
Orders in Django, in memory.
"""

import copy
import os
from typing import Any

import django
from django.apps import AppConfig
from django.conf import settings

# The plain example for ASGI asks where its loop runs.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


class Orders(AppConfig):
    """
    The application that the models belong to.
    """

    name = __name__
    label = "orders"
    path = "."


DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:orders?mode=memory&cache=shared"}
settings.configure(
    INSTALLED_APPS=[f"{__name__}.Orders"],
    DATABASES={"default": DATABASE},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.db import connection, models  # noqa: E402


class Customer(models.Model):
    """
    Who orders.
    """


class Order(models.Model):
    """
    An order, and others that came with it.
    """

    customer = models.ForeignKey(Customer, models.CASCADE)
    others = models.ManyToManyField("self")


with connection.schema_editor() as editor:
    editor.create_model(Customer)
    editor.create_model(Order)
_orders = [Order.objects.create(customer=Customer.objects.create()) for _ in range(3)]
_orders[0].others.add(_orders[1], _orders[2])


def asked() -> list[Any]:
    """
    The orders, loaded with their relations; some are read.
    """
    orders = Order.objects.order_by("id").select_related("customer").prefetch_related("others")
    return [
        [each.id for each in orders.all()],
        [[each.customer.id, [other.id for other in each.others.all()]] for each in orders.all()],
        [copy.copy(each).customer_id for each in orders.all()],
        [each.customer.id for each in Order.objects.order_by("id").prefetch_related("customer")],
    ]
