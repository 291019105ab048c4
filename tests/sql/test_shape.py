"""
The shape as data.
"""

from collections.abc import Callable

from hasten.model import from_json, to_json
from hasten.sql import OrderKey, StatementShape

Shape = Callable[[str], StatementShape]


def test_a_shape_survives_json(shape: Shape) -> None:
    """
    It is plain data.
    """
    found = shape("SELECT i.*, lower(email) FROM inquiries i JOIN customers c ON c.id = customer_id WHERE is_open")

    assert found == from_json(to_json(found), StatementShape)


def test_conditions_order_and_limit_of_a_plain_select(shape: Shape) -> None:
    """
    Equality, range, order with direction, limit, offset, parameters.
    """
    text = (
        "SELECT * FROM inquiries i WHERE status = $1 AND created_at >= $2 ORDER BY created_at DESC LIMIT 20 OFFSET $3"
    )
    found = shape(text)
    inquiries = found.of("inquiries")[0]

    assert (["status"], ["created_at"]) == (inquiries.equality, inquiries.ranges)
    assert [OrderKey(expression="created_at", column="created_at", descending=True)] == inquiries.order_by
    assert (True, True, "i") == (inquiries.limited, inquiries.selects_all, inquiries.alias)
    assert (20, True, 3, 3) == (found.limit, found.has_offset, found.offset_parameter, found.parameters)
    assert not found.is_write
