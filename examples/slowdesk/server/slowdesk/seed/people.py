"""Roles, permissions, teams, agents, customers, settings."""

import json
import random
from collections.abc import Iterator
from datetime import datetime

from slowdesk.seed.calendar import DAYS, NOW_S, stamp

ROLES = ("admin", "manager", "agent", "viewer")

PERMISSIONS = {
    "analytics.read": ("See the charts", ROLES),
    "customers.read": ("See customers", ROLES),
    "inquiries.read": ("See inquiries", ROLES),
    "inquiries.write": ("Answer and change inquiries", ("admin", "manager", "agent")),
    "reports.export": ("Take reports away as a file", ("admin", "manager", "agent")),
    "reports.read": ("See reports", ROLES),
    "settings.write": ("Change system settings", ("admin",)),
    "users.read": ("See the people at the desk", ("admin", "manager")),
}

TEAMS = ("Billing", "Orders", "Technical", "Accounts", "Partners", "Returns", "Onboarding", "Escalations")

TAGS = (
    "invoice", "refund", "login", "password", "delivery", "damaged", "upgrade", "cancellation", "api", "mobile",
    "export", "import", "vat", "contract", "discount", "outage", "feature", "question", "complaint", "praise",
    "duplicate", "follow-up", "vip", "legal",
)  # fmt: skip

FIRST_NAMES = (
    "Anna Ben Clara David Elif Frank Greta Hugo Ines Jonas Katja Liam Mia Noah Olga Paul Rosa Samir Tessa Uwe "
    "Vera Wim Yara Zoe Amir Bianca Carlos Dana Emil Farah Goran Hanna Igor Julia Kofi Laura Marek Nina Oscar Petra"
).split()
LAST_NAMES = (
    "Adler Berg Costa Dahl Engel Fischer Garcia Haas Ivanov Jansen Keller Lang Moreau Novak Olsen Peters Quist "
    "Rossi Schmidt Tamm Ullrich Vogel Weber Xu Young Zeman Albrecht Brandt Conti Dubois Evans Ferrari Graf Hansen "
    "Ito Jung Kowalski Lopez Meyer Nagy"
).split()
COMPANY_STEMS = (
    "Nordwind Hafen Alpen Kupfer Linden Morgen Silber Falken Birken Stern Wald Feld Quellen Granit Bernstein Polar "
    "Atlas Delta Orion Vega Lumen Nova Terra Aqua Ferro Helio Ventus Cobalt Amber Juniper"
).split()
COMPANY_KINDS = "Logistik Werke Handel Systems Foods Media Travel Energie Textil Labs Bau Optik".split()
COUNTRIES = (
    ["DE"] * 34 + ["FR"] * 14 + ["NL"] * 10 + ["AT"] * 8 + ["PL"] * 8 + ["IT"] * 7 + ["ES"] * 6 + ["CH"] * 5
    + ["SE"] * 4 + ["DK"] * 2 + ["GB"] + ["US"]
)  # fmt: skip
PLANS = ("free", "free", "free", "team", "team", "business", "enterprise")

SETTINGS = {
    "clock.fixed_at": (
        "2026-06-01T00:00:00",
        "The time the desk works with; empty: the real time. Set because the data is a copy of that day.",
    ),
    "dashboard.activity_length": (12, "How many events the dashboard shows."),
    "dashboard.excerpt_length": (140, "How much of the last message the dashboard shows, in characters."),
    "dashboard.queue_length": (10, "How many waiting inquiries the dashboard shows."),
    "dashboard.volume_days": (14, "How many days the dashboard's chart shows."),
    "desk.languages": (["de", "en", "fr"], "The languages we answer in."),
    "desk.name": ("Slowdesk", "The name customers see."),
    "desk.opening_hours": ({"from": "08:00", "to": "18:00", "days": [1, 2, 3, 4, 5]}, "When we are there."),
    "desk.reply_address": ("help@slowdesk.example", "The sender of our answers."),
    "desk.signature": ("Your friends at the desk", "Below every answer."),
    "mail.inbound_enabled": (True, "Whether mails become inquiries."),
    "mail.max_attachment_mb": (20, "Larger attachments are refused."),
    "notifications.digest_at": ("07:30", "When the daily digest is sent."),
    "notifications.escalate_after_minutes": (240, "Waiting longer than this, the manager is told."),
    "sla.high_minutes": (240, "Time to resolve inquiries of high priority."),
    "sla.low_minutes": (4320, "Time to resolve inquiries of low priority."),
    "sla.normal_minutes": (1440, "Time to resolve inquiries of normal priority."),
    "sla.urgent_minutes": (60, "Time to resolve urgent inquiries."),
    "ui.theme": ("light", "The theme of new accounts."),
    "ui.welcome": ("Good to see you!", "Above the dashboard."),
}

NAMED_USERS = (
    ("admin", "Ada Admin", 1, 8),
    ("manager", "Max Manager", 2, 8),
    ("agent", "Agnes Agent", 3, 3),
    ("viewer", "Victor Viewer", 4, 1),
)


def country_of(customer_id: int) -> str:
    """Where the customer is; the same wherever it is asked."""
    return COUNTRIES[customer_id * 2_654_435_761 % 2**32 % 100]


def user_count(scale: float) -> int:
    """The named users and the agents."""
    return len(NAMED_USERS) + max(20, round(400 * scale))


def customer_count(scale: float) -> int:
    return max(200, round(100_000 * scale))


def users(scale: float) -> Iterator[str]:
    rng = random.Random("slowdesk users")
    created = stamp(NOW_S - 420 * 86_400)
    for user_id, (account, name, role_id, team_id) in enumerate(NAMED_USERS, start=1):
        email = f"{account}@slowdesk.example"
        yield _user(user_id, email, name, role_id, team_id, "en", True, NOW_S - 600 * user_id, created)
    for number in range(1, user_count(scale) - len(NAMED_USERS) + 1):
        user_id = number + len(NAMED_USERS)
        name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        role_id = 2 if number % 50 == 0 else 4 if number % 33 == 0 else 3
        active = number <= 10 or rng.random() > 0.06
        seen = NOW_S - rng.randrange(3 * 86_400)
        # The agents of the first year were typed in by hand.
        email = f"Agent{number}@Slowdesk.example" if number % 40 == 7 else f"agent{number}@slowdesk.example"
        locale = rng.choice(("de", "de", "en", "fr"))
        yield _user(user_id, email, name, role_id, 1 + number % 8, locale, active, seen, created)


def _user(
    user_id: int, email: str, name: str, role_id: int, team_id: int, locale: str, active: bool, seen_s: int,
    created: str,
) -> str:  # fmt: skip
    preferences = json.dumps({"density": "comfortable", "notifications": user_id % 3 != 0, "theme": "light"})
    avatar = f"/avatars/{user_id % 12 + 1}.png"
    return (
        f"{user_id}\t{email}\t{name}\t{role_id}\t{team_id}\t{locale}\t{avatar}\t{'t' if active else 'f'}"
        f"\t{preferences}\t{stamp(seen_s)}\t{created}\n"
    )


def customers(scale: float) -> Iterator[str]:
    rng = random.Random("slowdesk customers")
    companies = [f"{stem} {kind}" for stem in COMPANY_STEMS for kind in COMPANY_KINDS]
    for customer_id in range(1, customer_count(scale) + 1):
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        company = companies[int(len(companies) * rng.random() ** 1.5)]
        domain = company.replace(" ", "-") + ".example"
        # Addresses are kept as the customers wrote them.
        email = f"{first}.{last}{customer_id}@{domain}"
        email = email if customer_id % 9 == 0 else email.lower()
        phone = f"+{30 + customer_id % 19} {rng.randrange(10**8, 10**9)}"
        notes = "Prefers to be called in the morning." if customer_id % 11 == 0 else "\\N"
        created = stamp(NOW_S - 86_400 * DAYS - rng.randrange(800 * 86_400))
        yield (
            f"{customer_id}\t{first} {last}\t{email}\t{company}\t{country_of(customer_id)}\t{rng.choice(PLANS)}"
            f"\t{phone}\t{notes}\t{created}\n"
        )


def settings() -> Iterator[tuple[str, str, str, datetime]]:
    for key, (value, description) in SETTINGS.items():
        yield key, json.dumps(value), description, datetime(2026, 2, 1, 9, 0)
