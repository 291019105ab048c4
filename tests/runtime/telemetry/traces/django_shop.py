"""
A small shop in Django, in a process of its own, for settings are made once: prints what is known of the relations that
each traced request has loaded. `--broken module.name`: that part of the hooks fails. `--plain`: without the hooks.
"""

import copy
import gc
import importlib
import json
import pickle
import sys
from typing import Any

from hasten_runtime.telemetry import drivers

if "--plain" not in sys.argv:
    for each in [name for name in drivers.TRACED if not name.startswith("django.db")]:
        del drivers.TRACED[each]
    drivers.watch()

import django
from django.apps import AppConfig
from django.conf import settings
from django.core import serializers


class Shop(AppConfig):
    """
    The application that the models belong to.
    """

    name = __name__
    label = "shop"
    path = "."


DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.configure(
    INSTALLED_APPS=[f"{__name__}.Shop"],
    DATABASES={"default": DATABASE},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.db import connection, models  # noqa: E402
from django.template import Context, Engine  # noqa: E402
from tests.runtime.telemetry.traces import ordering  # noqa: E402

from hasten_runtime.telemetry.traces import bypass, relations  # noqa: E402


class Customer(models.Model):
    """
    Who orders.
    """

    name = models.TextField()


class Tag(models.Model):
    """
    A word for an order.
    """

    name = models.TextField()


class Order(models.Model):
    """
    An order.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
    tags = models.ManyToManyField(Tag)


class Express(Order):
    """
    One that is in a hurry: a table of its own for what is more.
    """

    until = models.IntegerField(default=1)


class Line(models.Model):
    """
    What is ordered.
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    text = models.TextField()


class Bill(models.Model):
    """
    What is to be paid.
    """

    order = models.OneToOneField(Order, models.CASCADE, related_name="bill")


def fill() -> None:
    """
    Three orders, each with two lines, a tag and a bill.
    """
    with connection.schema_editor() as editor:
        for model in (Customer, Tag, Order, Express, Line, Bill):
            editor.create_model(model)
    tag = Tag.objects.create(name="x")
    for number in range(3):
        made = Express.objects.create(customer=Customer.objects.create(name=f"name {number}"))
        made.tags.add(tag)
        Line.objects.create(order=made, text="a")
        Line.objects.create(order=made, text="b")
        Bill.objects.create(order=made)


def everything(model: Any = Order) -> Any:
    """
    All orders with everything.
    """
    return model.objects.order_by("id").select_related("customer", "bill").prefetch_related("lines", "tags")


def template() -> None:
    """
    Only a template reads the customers and the lines.
    """
    text = "{% for it in orders %}{{ it.customer.name }} {{ it.lines.all|length }}{% endfor %}"
    Engine().from_string(text).render(Context({"orders": everything()}))


KEPT: list[Any] = []
REQUESTS: dict[str, Any] = {
    "nothing": lambda: [it.id for it in everything()],
    "of a child": lambda: [it.until for it in everything(Express)],
    "all": lambda: [(it.customer.name, it.bill.id, [*it.lines.all()], [*it.tags.all()]) for it in everything()],
    "all of a child": lambda: [(it.customer, it.bill, it.lines.all(), it.tags.all()) for it in everything(Express)],
    "one": lambda: everything()[1].lines.count(),
    "template": template,
    "nested": lambda: [[*it.orders.all()] for it in Customer.objects.prefetch_related("orders__lines")],
    "forward": lambda: [it.order.id for it in Line.objects.prefetch_related("order__customer")],
    "related in related": lambda: [it.order.id for it in Line.objects.select_related("order__customer")],
    "to_attr": lambda: [it.id for it in Order.objects.prefetch_related(models.Prefetch("lines", to_attr="all_lines"))],
    "twice": lambda: [[it.id for it in Order.objects.prefetch_related("lines")] for _ in range(2)],
    "column": lambda: [it.customer_id for it in Order.objects.select_related("customer")],
    "pickled": lambda: pickle.dumps([*everything()]),
    "copied": lambda: copy.copy(everything()[0]),
    "kept": lambda: KEPT.extend(everything()),
    "child kept": lambda: KEPT.extend(line for it in everything() for line in it.lines.all()),
    "serialized": lambda: serializers.serialize("json", everything()),
    "saved": lambda: everything()[0].save(),
    "deleted": lambda: everything().last().delete(),
}


def main() -> None:
    """
    What was known of each request, and what it said.
    """
    bypass.is_there = lambda: False
    fill()
    # What only knows itself is found without anybody who collects it.
    gc.collect()
    gc.disable()
    if "--broken" in sys.argv:
        place, _, name = sys.argv[-1].rpartition(".")
        of = importlib.import_module("hasten_runtime.telemetry.traces." + place.partition(":")[0])
        of = getattr(of, place.partition(":")[2], of) if ":" in place else of
        setattr(of, name, fails)
    found = {name: ordering.asked(work) for name, work in REQUESTS.items()}
    said = [
        [
            it.pk,
            it.customer.name,
            it.bill.pk,
            [line.text for line in it.lines.all()],
            [tag.name for tag in it.tags.all()],
        ]
        for it in everything()
    ]
    print(json.dumps({"found": found, "said": said, "awaited": len(relations.awaited)}))


def fails(*_: Any, **__: Any) -> Any:
    """
    A fault.
    """
    raise KeyError("a fault")


if __name__ == "__main__":
    main()
