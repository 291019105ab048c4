"""
One entry of PostgreSQL's log, read from its JSON or from its plain form.

The plain form is the one that a private server before version 15 writes (`cluster_settings.LOG_PREFIX`); the shorter
prefix `%m [%p] %q%u@%d/%a %Q ` is understood too.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from hasten.model import Noun


class Entry(Noun, frozen=True, kw_only=True):
    """
    What one entry says. `user` is "" for the server's own processes.
    """

    at: datetime
    severity: str
    message: str
    user: str = ""
    database: str = ""
    application_name: str = ""
    session: str = ""
    transaction: str = ""
    query_id: str = ""
    sqlstate: str = ""
    detail: str = ""
    context: str = ""
    statement: str = ""


class _Json(msgspec.Struct):
    timestamp: str
    error_severity: str = ""
    message: str = ""
    user: str = ""
    dbname: str = ""
    application_name: str = ""
    session_id: str = ""
    vxid: str = ""
    query_id: int = 0
    state_code: str = ""
    detail: str = ""
    context: str = ""
    statement: str = ""
    backend_type: str = "client backend"


_decoder = msgspec.json.Decoder(_Json)


def from_json_line(line: bytes) -> Entry:
    """
    The entry that a line of a .json log holds.

    Raises:
        ValueError: it is not one.
    """
    raw = _decoder.decode(line)
    return Entry(
        at=_moment(raw.timestamp),
        severity=raw.error_severity,
        message=raw.message,
        user=raw.user if raw.backend_type == "client backend" else "",
        database=raw.dbname,
        application_name=raw.application_name,
        session=raw.session_id,
        transaction=_transaction(raw.vxid),
        query_id=_query_id(raw.query_id),
        sqlstate=raw.state_code,
        detail=raw.detail,
        context=raw.context,
        statement=raw.statement,
    )


_PLAIN = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+) \[(?P<pid>\d+)\] "
    r"(?:(?P<user>[^@]*)@(?P<database>[^/]*)/(?P<application>.*?) "
    r"(?:(?P<session>[0-9a-f]+\.[0-9a-f]+) (?P<vxid>\S*) (?P<sqlstate>[0-9A-Z]{5}) )?(?P<query_id>-?\d+) )?"
    r"(?P<severity>[A-Z0-9]+):  (?P<text>.*)",
    re.DOTALL,
)
_FOLLOWS = {"DETAIL": "detail", "CONTEXT": "context", "STATEMENT": "statement"}
_IGNORED = {"HINT", "QUERY", "LOCATION", "BACKTRACE"}


def from_plain_lines(lines: Iterable[bytes]) -> Iterator[Entry | None]:
    """
    The entries of a plain log; None for each line that belongs to none.
    """
    fields: dict[str, str] | None = None
    last = ""
    for raw in lines:
        line = raw.decode("utf-8", errors="replace").rstrip("\n")
        found = None if line.startswith("\t") else _PLAIN.match(line)
        if line.startswith("\t") and fields is not None:
            # A line break inside of a text is written as a line break and a tab.
            fields[last] = f"{fields.get(last, '')}\n{line[1:]}"
        elif found is None:
            yield None
        elif fields is not None and found["severity"] in _FOLLOWS and found["pid"] == fields["pid"]:
            last = _FOLLOWS[found["severity"]]
            fields[last] = found["text"]
        elif fields is not None and found["severity"] in _IGNORED and found["pid"] == fields["pid"]:
            last = "ignored"
        else:
            if fields is not None:
                yield _plain_entry(fields)
            fields, last = {**found.groupdict(default=""), "message": found["text"]}, "message"
    if fields is not None:
        yield _plain_entry(fields)


def _plain_entry(fields: dict[str, str]) -> Entry | None:
    try:
        at = _moment(fields["at"])
    except ValueError:
        return None
    return Entry(
        at=at,
        severity=fields["severity"],
        message=fields["message"],
        user=fields["user"],
        database=fields["database"],
        application_name=fields["application"],
        session=fields["session"] or fields["pid"],
        transaction=_transaction(fields["vxid"]),
        query_id=_query_id(int(fields["query_id"] or 0)),
        sqlstate=fields["sqlstate"] or "XX000",
        detail=fields.get("detail", ""),
        context=fields.get("context", ""),
        statement=fields.get("statement", ""),
    )


def parse_parameters(text: str) -> list[str | None]:
    """
    The parameters that a `Parameters: $1 = 'it''s', $2 = NULL` lists, as text; None for NULL.

    Raises:
        ValueError: it is not such a list, or a value was cut.
    """
    begin = _LIST.search(text)
    if begin is None:
        raise ValueError("no list of parameters")
    values: list[str | None] = []
    position = begin.end()
    while True:
        match = _PARAMETER.match(text, position)
        if match is None or int(match["number"]) != len(values) + 1:
            raise ValueError(f"parameter {len(values) + 1} cannot be read")
        values.append(None if match["null"] else match["value"].replace("''", "'"))
        position = match.end()
        if position == len(text):
            return values
        if not text.startswith(", ", position):
            raise ValueError(f"unexpected text after parameter {len(values)}")
        position += 2


def lists_parameters(text: str) -> bool:
    """
    Whether a DETAIL or a CONTEXT lists parameters.
    """
    return _LIST.search(text) is not None


_LIST = re.compile(r"(?:^|with )[Pp]arameters: ")
_PARAMETER = re.compile(r"\$(?P<number>\d+) = (?:(?P<null>NULL)|'(?P<value>(?:[^']|'')*+)')", re.DOTALL)

# Abbreviations mean different offsets in different places; only those that mean one are taken.
_ZONES = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "WET": 0,
    "WEST": 1,
    "EDT": -4,
    "PDT": -7,
}


def _moment(text: str) -> datetime:
    moment, _, zone = text.rpartition(" ")
    if zone in _ZONES:
        offset = timezone(timedelta(hours=_ZONES[zone])) if _ZONES[zone] else UTC
    else:
        digits = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", zone)
        if digits is None:
            raise ValueError(f"the time zone {zone} is not understood")
        minutes = int(digits[2]) * 60 + int(digits[3] or 0)
        offset = timezone(timedelta(minutes=-minutes if digits[1] == "-" else minutes))
    return datetime.fromisoformat(moment).replace(tzinfo=offset)


def _transaction(vxid: str) -> str:
    # Local id 0: no transaction was open any more when the line was written.
    return "" if vxid.endswith("/0") else vxid


def _query_id(number: int) -> str:
    return str(number) if number else ""
