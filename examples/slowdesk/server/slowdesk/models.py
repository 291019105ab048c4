"""The tables as Python classes. The definitions that count are in schema.sql and constraints.sql."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Identity, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Model(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSONB}


class Role(Model):
    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Permission(Model):
    __tablename__ = "permissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    description: Mapped[str]


class RolePermission(Model):
    __tablename__ = "role_permissions"

    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id"), primary_key=True)
    permission_id: Mapped[int] = mapped_column(ForeignKey("permissions.id"), primary_key=True)


class Team(Model):
    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class User(Model):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    locale: Mapped[str]
    avatar_url: Mapped[str | None]
    active: Mapped[bool]
    preferences: Mapped[dict[str, Any]]
    last_seen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    role: Mapped[Role] = relationship()
    team: Mapped[Team] = relationship()


class Customer(Model):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    company: Mapped[str]
    country: Mapped[str]
    plan: Mapped[str]
    phone: Mapped[str | None]
    notes: Mapped[str | None]
    created_at: Mapped[datetime]

    inquiries: Mapped[list["Inquiry"]] = relationship(
        back_populates="customer", order_by="desc(Inquiry.created_at), desc(Inquiry.id)"
    )


inquiry_tags = Table(
    "inquiry_tags",
    Model.metadata,
    Column("inquiry_id", ForeignKey("inquiries.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Tag(Model):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Inquiry(Model):
    __tablename__ = "inquiries"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    subject: Mapped[str]
    body: Mapped[str]
    status: Mapped[str]
    priority: Mapped[str]
    channel: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    due_at: Mapped[datetime]
    first_response_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship(back_populates="inquiries")
    assignee: Mapped[User | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=inquiry_tags, order_by=Tag.name)
    messages: Mapped[list["Message"]] = relationship(
        back_populates="inquiry", order_by="Message.created_at, Message.id"
    )
    events: Mapped[list["Event"]] = relationship(back_populates="inquiry", order_by="Event.at, Event.id")


class Message(Model):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    inquiry_id: Mapped[int] = mapped_column(ForeignKey("inquiries.id"))
    author_kind: Mapped[str]
    author_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]
    created_at: Mapped[datetime]

    inquiry: Mapped[Inquiry] = relationship(back_populates="messages")
    author_user: Mapped[User | None] = relationship()

    @property
    def author_name(self) -> str:
        if self.author_user is not None:
            return self.author_user.name
        return self.inquiry.customer.name


class Event(Model):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    inquiry_id: Mapped[int] = mapped_column(ForeignKey("inquiries.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    payload: Mapped[dict[str, Any]]

    inquiry: Mapped[Inquiry] = relationship(back_populates="events")
    actor: Mapped[User | None] = relationship()


class SystemSetting(Model):
    __tablename__ = "system_settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    description: Mapped[str]
    updated_at: Mapped[datetime]
    updated_by: Mapped[int | None]


class ReportRun(Model):
    __tablename__ = "report_runs"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str]
    started_at: Mapped[datetime]
    rows: Mapped[int]
    requested_by: Mapped[int | None]
