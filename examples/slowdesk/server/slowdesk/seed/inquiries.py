"""Inquiries with their tags, messages and events, as lines for COPY."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from slowdesk.seed.calendar import DAYS, NOW_S, START_S, stamp
from slowdesk.seed.people import NAMED_USERS, TAGS, country_of, customer_count, user_count
from slowdesk.seed.texts import TOPICS, bodies, subjects

CHANNELS = ("email", "email", "email", "web", "web", "web", "phone", "chat")
PRIORITIES = ("low", "low", "normal", "normal", "normal", "normal", "normal", "high", "high", "urgent")
SLA_MINUTES = {"low": 4320, "normal": 1440, "high": 240, "urgent": 60}
HISTORY = ("viewed", "replied", "tagged", "status_changed", "priority_changed", "note_added")


@dataclass(slots=True)
class Outline:
    """What tags, messages and events have to agree on about one inquiry."""

    id: int
    customer_id: int
    assignee_id: int | None
    status: str
    channel: str
    created_s: int
    response_s: int
    last_s: int
    messages: int


def inquiry_count(scale: float) -> int:
    return max(800, round(400_000 * scale))


def outlines(scale: float) -> Iterator[Outline]:
    """The inquiries in the order in which they came; the same for the same scale."""
    rng = random.Random("slowdesk inquiries")
    draw, exponential = rng.random, rng.expovariate
    count, customers, users = inquiry_count(scale), customer_count(scale), user_count(scale)
    agents = users - len(NAMED_USERS)
    for inquiry_id in range(1, count + 1):
        # The desk has grown: more inquiries a day at the end than at the beginning.
        created_s = START_S + int((NOW_S - 60 - START_S) * ((inquiry_id - draw()) / count) ** 0.85)
        age_s = NOW_S - created_s
        status = _status(age_s / 86_400, draw())
        messages = 1 + int(exponential(1 / 5.75))
        response_s, last_s = created_s, created_s
        if messages > 1:
            response_s = created_s + 60 + min(int(exponential(1 / 9_000)), age_s // 2)
            last_s = response_s + (min(int(exponential(1 / 150_000)), NOW_S - 1 - response_s) if messages > 2 else 0)
            last_s = max(created_s, min(last_s, NOW_S - 1))
            response_s = min(response_s, last_s)
        yield Outline(
            id=inquiry_id,
            # A few customers write a lot.
            customer_id=1 + int(customers * draw() ** 2.2),
            assignee_id=_assignee(inquiry_id, agents, draw()),
            status=status,
            channel=CHANNELS[int(draw() * 8)],
            created_s=created_s,
            response_s=response_s,
            last_s=last_s,
            messages=messages,
        )


def _status(age_days: float, luck: float) -> str:
    share_open, share_pending = (
        (0.45, 0.30) if age_days < 3
        else (0.13, 0.14) if age_days < 14
        else (0.035, 0.055) if age_days < 60
        else (0.004, 0.006)
    )  # fmt: skip
    if luck < share_open:
        return "open"
    if luck < share_open + share_pending:
        return "pending"
    return "closed" if age_days > 120 else "resolved"


def _assignee(inquiry_id: int, agents: int, luck: float) -> int | None:
    # The three named users who answer have a full desk at every scale.
    for user_id, every in ((1, 61), (2, 47), (3, 29)):
        if inquiry_id % every == 0:
            return user_id
    if luck < 0.04:
        return None
    return len(NAMED_USERS) + 1 + int(agents * ((luck - 0.04) / 0.96) ** 1.3)


def inquiry_lines(scale: float) -> Iterator[str]:
    rng = random.Random("slowdesk inquiry texts")
    titles, texts = subjects(4000), bodies("inquiry bodies", 3000, (1, 5))
    for outline in outlines(scale):
        priority = PRIORITIES[int(rng.random() * 10)]
        done = outline.status in ("resolved", "closed")
        assignee = "\\N" if outline.assignee_id is None else outline.assignee_id
        answered = stamp(outline.response_s) if outline.messages > 1 else "\\N"
        resolved = stamp(outline.last_s) if done else "\\N"
        yield (
            f"{outline.id}\t{outline.customer_id}\t{assignee}\t{titles[int(rng.random() * 4000)]}"
            f"\t{texts[int(rng.random() * 3000)]}\t{outline.status}\t{priority}\t{outline.channel}"
            f"\t{stamp(outline.created_s)}\t{stamp(outline.last_s)}"
            f"\t{stamp(outline.created_s + 60 * SLA_MINUTES[priority])}"
            f"\t{answered}\t{resolved}\n"
        )


def tag_lines(scale: float) -> Iterator[str]:
    rng = random.Random("slowdesk tags")
    draw, kinds = rng.random, len(TAGS)
    for inquiry_id in range(1, inquiry_count(scale) + 1):
        wanted = {1 + int(kinds * draw() ** 1.6) for _ in range(int(draw() * 4))}
        for tag_id in sorted(wanted):
            yield f"{inquiry_id}\t{tag_id}\n"


def message_lines(scale: float) -> Iterator[str]:
    rng = random.Random("slowdesk messages")
    draw = rng.random
    texts = bodies("message bodies", 5000, (1, 3))
    first_agent, agents = len(NAMED_USERS) + 1, user_count(scale) - len(NAMED_USERS)
    message_id = 0
    for outline in outlines(scale):
        count, response_s = outline.messages, outline.response_s
        spread = outline.last_s - response_s
        agent = outline.assignee_id or first_agent + int(agents * draw())
        for n in range(count):
            message_id += 1
            at = outline.created_s if n == 0 else response_s + (spread * (n - 1) // (count - 2) if n > 1 else 0)
            author = f"agent\t{agent}" if n % 2 else "customer\t\\N"
            yield f"{message_id}\t{outline.id}\t{author}\t{texts[int(draw() * 5000)]}\t{stamp(at)}\n"


def _payloads() -> list[str]:
    """The second half of an event's payload; the first names channel and country."""
    rng = random.Random("slowdesk payloads")
    return [
        json.dumps(
            {
                "topics": sorted(rng.sample(TOPICS, k=rng.randint(1, 3))),
                "minutes": round(rng.expovariate(1 / 150), 1),
            }
        )[1:]
        for _ in range(4000)
    ]


def event_lines(scale: float) -> Iterator[str]:
    rng = random.Random("slowdesk events")
    draw, exponential = rng.random, rng.expovariate
    payloads = _payloads()
    event_id = 0
    for outline in outlines(scale):
        done = outline.status in ("resolved", "closed")
        count = 2 + int(exponential(1 / 3.8)) + done
        actor = "\\N" if outline.assignee_id is None else str(outline.assignee_id)
        start = f'{{"channel": "{outline.channel}", "country": "{country_of(outline.customer_id)}", '
        spread = outline.last_s - outline.created_s
        for n in range(count):
            event_id += 1
            if n == 0:
                kind, by = "created", "\\N"
            elif n == 1:
                kind, by = "assigned", actor
            elif n == count - 1 and done:
                kind, by = "resolved", actor
            else:
                kind, by = HISTORY[int(draw() * 6)], actor
            at = outline.created_s + spread * n // (count - 1)
            yield f"{event_id}\t{outline.id}\t{by}\t{kind}\t{stamp(at)}\t{start}{payloads[int(draw() * 4000)]}\n"


def report_runs() -> Iterator[tuple[str, int, int]]:
    """Kind, second and number of rows of the reports of the last months."""
    rng = random.Random("slowdesk report runs")
    for week in range(DAYS // 7 - 1, -1, -1):
        for kind in ("sla", "workload", "customers"):
            yield kind, NOW_S - week * 7 * 86_400 - rng.randrange(3600, 80_000), rng.randrange(300, 2000)
