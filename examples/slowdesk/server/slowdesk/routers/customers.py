"""The customers who write to the desk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from slowdesk.auth import Principal, requires
from slowdesk.db import get_session
from slowdesk.formats import customer_json, iso, page_of
from slowdesk.models import Customer, Inquiry

router = APIRouter(prefix="/customers", tags=["customers"])

CUSTOMERS_PER_PAGE = 10

Reader = Annotated[Principal, Depends(requires("customers.read"))]
Db = Annotated[Session, Depends(get_session)]


def _activity_of(session: Session, customer: Customer) -> dict[str, Any]:
    inquiries = session.execute(
        select(func.count().label("all"), func.max(Inquiry.updated_at).label("last")).where(
            Inquiry.customer_id == customer.id
        )
    ).one()
    waiting = session.scalar(
        select(func.count())
        .select_from(Inquiry)
        .where(Inquiry.customer_id == customer.id, Inquiry.status.in_(["open", "pending"]))
    )
    return {
        "inquiry_count": inquiries.all,
        "open_count": waiting,
        "last_contact_at": iso(inquiries.last),
    }


@router.get("")
def list_customers(
    principal: Reader, session: Db, q: str = "", page: Annotated[int, Query(ge=1)] = 1
) -> dict[str, Any]:
    query = select(Customer).options(selectinload(Customer.inquiries))
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
    items = [{**customer_json(customer), **_activity_of(session, customer)} for customer in customers]
    return page_of(items, total, page, CUSTOMERS_PER_PAGE)


@router.get("/{customer_id}")
def get_customer(customer_id: int, principal: Reader, session: Db) -> dict[str, Any]:
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise HTTPException(404, "There is no such customer.")
    return {
        **customer_json(customer),
        **_activity_of(session, customer),
        "inquiries": [
            {
                "id": inquiry.id,
                "subject": inquiry.subject,
                "status": inquiry.status,
                "created_at": iso(inquiry.created_at),
            }
            for inquiry in customer.inquiries
        ],
    }
