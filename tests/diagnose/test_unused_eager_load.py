"""
unused_eager_load: a relation that is loaded with its objects, and that no request reads.
"""

from typing import Any

import pytest
from tests.traced import Written

from hasten.diagnose import unused_eager_load
from hasten.errors import NoData

LINES = "SELECT line.order_id AS line_order_id, line.id AS line_id FROM line WHERE line.order_id IN (?)"
NAME = "selectin Order.lines line"
AT = "shop/orders.py:42 show"


def load(written: Written, verdict: str = "unread", *, count: int = 1, rows: int = 40, **given: Any) -> None:
    """
    Requests that load the lines of their orders, 8 ms of 100.
    """
    for _ in range(count):
        written.add(
            written.step("db", 2, 5, "SELECT orders.id AS orders_id FROM orders", rows=20),
            written.step("eager", 8, 10, NAME, detail=verdict, rows=rows),
            written.step("db", 9, 8, LINES, rows=rows),
            written.step("db", 30, 5, "SELECT count(*) FROM line", rows=1),
            **given,
        )


def find(observed: Any, target: Any, written: Written) -> Any:
    """
    What is found in these requests.
    """
    return unused_eager_load.find(observed(traces=written.traces), target)


def test_what_nobody_reads_is_found(observed: Any, target: Any, written: Written) -> None:
    """
    The time of its statement alone, 4,000 times a day; with the line, and what to do.
    """
    load(written, count=5)
    [found] = find(observed, target, written)

    assert ("code", "Order.lines") == (found.where.kind, found.where.name)
    assert pytest.approx(4000 * 0.008) == found.cost_s_per_day
    assert f"(selectin, 40 objects) and none of 5 requests that were followed reads it" in found.says  # noqa: F541
    assert 'let the mapping say lazy="select"; at ' + AT + ": SELECT line.order_id" in found.says
    assert LINES == found.evidence["statement"]
    assert {
        "route": "GET /api/inquiries", "requests_followed": 5, "requests_that_load_it": 5, "requests_that_read_it": 0,
        "objects_per_request": 40.0, "caller": AT, "avoidable_s": 0.008, "share_of_request": 0.08, "s_per_day": 32.0,
    } == found.evidence["requests"][0]  # fmt: skip


@pytest.mark.parametrize("verdict", ["read", "kept", "passed", "unseen"])
def test_one_that_reads_it_or_might_is_enough(observed: Any, target: Any, written: Written, verdict: str) -> None:
    """
    Of all requests of the route that have loaded it, even one that failed.
    """
    load(written, count=9)
    load(written, verdict, status=500)

    if verdict == "unseen":
        with pytest.raises(NoData, match="was read is not known, for code of the application reads"):
            find(observed, target, written)
    else:
        assert [] == find(observed, target, written)


@pytest.mark.parametrize("given", [{"count": 4}, {"count": 9, "rows": 0}, {"count": 9, "status": 404}], ids=str)
def test_too_few_are_no_evidence(observed: Any, target: Any, written: Written, given: Any) -> None:
    """
    Four, such as found nothing to load, and such as were not answered.
    """
    load(written, **given)

    assert [] == find(observed, target, written)


def test_routes_are_judged_by_themselves(observed: Any, target: Any, written: Written) -> None:
    """
    A mapping that loads it always is found where nobody reads it; one finding, the dearest route first.
    """
    load(written, count=6, route="GET /api/inquiries")
    load(written, "read", count=6, route="GET /api/inquiries/{id}")
    load(written, count=5, route="GET /api/customers", rows=3)
    [found] = find(observed, target, written)

    assert ["GET /api/inquiries", "GET /api/customers"] == [each["route"] for each in found.evidence["requests"]]
    assert found.says.startswith("GET /api/inquiries loads Order.lines")


def test_of_a_join_the_columns_count(observed: Any, target: Any, written: Written) -> None:
    """
    Two of four columns are the relation's, whatever name it goes by in the statement.
    """
    for text in (
        "SELECT orders.id, orders.at, customer_1.id AS id_1, customer_1.name FROM orders LEFT OUTER JOIN customer",
        'SELECT "orders"."id", "orders"."at", "customer"."id", "customer"."name" FROM "orders" INNER JOIN "customer"',
        'SELECT "orders"."id", "orders"."at", T4."id", T4."name" FROM "orders" INNER JOIN "customer" T4',
        "SELECT orders.id, orders.at, customer_1.id AS id_1, customer_1.na",
    ):
        of = Written()
        for _ in range(5):
            way = "select_related" if '"' in text else "joined"
            of.add(
                of.step("db", 2, 8, text, rows=20),
                of.step("eager", 2, 8, f"{way} Order.customer customer", detail="unread", rows=20),
            )
        [found] = find(observed, target, of)
        assert pytest.approx(4000 * 0.004) == found.cost_s_per_day, text


def test_what_is_loaded_within_is_another_relations(observed: Any, target: Any, written: Written) -> None:
    """
    The statement of the relation of a relation counts once.
    """
    for _ in range(5):
        written.add(
            written.step("eager", 1, 20, NAME, detail="unread", rows=2),
            written.step("db", 2, 6, LINES, rows=2),
            written.step("eager", 9, 10, "selectin Line.item item", detail="unread", rows=2),
            written.step("db", 10, 8, "SELECT item.id FROM item WHERE item.id IN (?)", rows=2),
        )
    item, lines = find(observed, target, written)

    assert (pytest.approx(4000 * 0.008), pytest.approx(4000 * 0.006)) == (item.cost_s_per_day, lines.cost_s_per_day)


def test_without_a_statement_it_is_told_all_the_same(observed: Any, target: Any, written: Written) -> None:
    """
    Its time is not known then, and ranks last.
    """
    for _ in range(5):
        written.add(written.step("eager", 1, 20, "prefetch Order.lines line", detail="unread", rows=2, at=""))
    [found] = find(observed, target, written)

    assert 0.0 == found.cost_s_per_day
    assert found.says.endswith("reads it; leave it out of prefetch_related")
