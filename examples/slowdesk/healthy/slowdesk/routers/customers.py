"""The customers who write to the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from slowdesk.auth import Principal, requires
from slowdesk.db import get_session, side_by_side
from slowdesk.formats import customer_json, iso, page_of
from slowdesk.models import Customer, Inquiry
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

router = APIRouter(prefix="/customers", tags=["customers"])

CUSTOMERS_PER_PAGE = 10

Reader = Annotated[Principal, Depends(requires("customers.read"))]
Db = Annotated[Session, Depends(get_session)]


def _activity_of(session: Session, ids: list[int]) -> dict[int, dict[str, Any]]:
    """What was going on with each of these customers, in one statement."""
    rows = session.execute(
        select(
            Inquiry.customer_id,
            func.count().label("all"),
            func.count().filter(Inquiry.status.in_(["open", "pending"])).label("waiting"),
            func.max(Inquiry.updated_at).label("last"),
        )
        .where(Inquiry.customer_id.in_(ids))
        .group_by(Inquiry.customer_id)
    )
    nothing = {"inquiry_count": 0, "open_count": 0, "last_contact_at": None}
    return dict.fromkeys(ids, nothing) | {
        row.customer_id: {"inquiry_count": row.all, "open_count": row.waiting, "last_contact_at": iso(row.last)}
        for row in rows
    }


@router.get("")
def list_customers(
    principal: Reader, session: Db, q: str = "", page: Annotated[int, Query(ge=1)] = 1
) -> dict[str, Any]:
    query = select(Customer)
    if q:
        pattern = f"%{q.lower()}%"
        query = query.where(
            or_(
                func.lower(Customer.name).like(pattern),
                func.lower(Customer.email).like(pattern),
                func.lower(Customer.company).like(pattern),
            )
        )
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    customers = session.scalars(
        query.order_by(Customer.name, Customer.id).offset((page - 1) * CUSTOMERS_PER_PAGE).limit(CUSTOMERS_PER_PAGE)
    )
    shown = customers.all()
    activity = _activity_of(session, [customer.id for customer in shown])
    items = [{**customer_json(customer), **activity[customer.id]} for customer in shown]
    return page_of(items, total, page, CUSTOMERS_PER_PAGE)


@router.get("/{customer_id}")
def get_customer(customer_id: int, principal: Reader) -> dict[str, Any]:
    customer, activity, inquiries = side_by_side(
        lambda own: own.get(Customer, customer_id),
        lambda own: _activity_of(own, [customer_id])[customer_id],
        lambda own: own.execute(
            select(Inquiry.id, Inquiry.subject, Inquiry.status, Inquiry.created_at)
            .where(Inquiry.customer_id == customer_id)
            .order_by(Inquiry.created_at.desc(), Inquiry.id.desc())
        ).all(),
    )
    if customer is None:
        raise HTTPException(404, "There is no such customer.")
    return {
        **customer_json(customer),
        **activity,
        "inquiries": [
            {
                "id": inquiry.id,
                "subject": inquiry.subject,
                "status": inquiry.status,
                "created_at": iso(inquiry.created_at),
            }
            for inquiry in inquiries
        ],
    }
