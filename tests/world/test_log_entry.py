"""
One entry of PostgreSQL's log.
"""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten.world.log_entry import from_json_line, from_plain_lines, parse_parameters

LINE = {
    "timestamp": "2026-11-23 05:16:52.534 UTC",
    "user": "shop",
    "dbname": "shop",
    "session_id": "6b03cc3f.9d3",
    "vxid": "5/107",
    "error_severity": "LOG",
    "message": "duration: 1.5 ms  execute <unnamed>: SELECT $1",
    "detail": "Parameters: $1 = '1'",
    "application_name": "web",
    "backend_type": "client backend",
    "query_id": -6691491660023955658,
}


def written(values: list[str | None]) -> str:
    """
    The list as PostgreSQL writes it (BuildParamLogString).
    """
    texts = ["NULL" if value is None else "'" + value.replace("'", "''") + "'" for value in values]
    return ", ".join(f"${number} = {text}" for number, text in enumerate(texts, 1))


@given(st.lists(st.none() | st.text(), min_size=1, max_size=30))
def test_parameters_are_read_exactly(values):
    """
    Whatever the values hold, quotes, commas and line breaks too, they come back as they were.
    """
    assert values == parse_parameters(f"Parameters: {written(values)}")


@given(st.lists(st.none() | st.text(alphabet="', $1=NUL\n\\"), min_size=1, max_size=8))
def test_values_that_look_like_the_list_itself_are_read_exactly(values):
    """
    A value may hold what separates the values.
    """
    assert values == parse_parameters(f"unnamed portal with parameters: {written(values)}")


@given(st.text())
def test_any_other_text_is_refused_or_read(text):
    """
    No text makes the reader do anything but answer or refuse.
    """
    try:
        parse_parameters(f"parameters: {text}")
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Parameters: ",
        "Parameters: $1 = 'cut",
        "Parameters: $2 = '1'",
        "Parameters: $1 = 'a' $2 = 'b'",
        "Parameters: $1 = 'a', ",
        "prepare: PREPARE x AS SELECT 'parameters: '",
    ],
)
def test_a_damaged_list_is_refused(text):
    """
    A list that was cut is not taken for a shorter one.
    """
    with pytest.raises(ValueError, match="parameter"):
        parse_parameters(text)


def test_a_json_line_is_read():
    """
    Every field that a sample needs is there, the time with its zone.
    """
    found = from_json_line(json.dumps(LINE).encode())

    assert datetime(2026, 11, 23, 5, 16, 52, 534000, UTC) == found.at
    assert ("shop", "shop", "web", "6b03cc3f.9d3") == (
        found.user,
        found.database,
        found.application_name,
        found.session,
    )
    assert ("5/107", "-6691491660023955658") == (found.transaction, found.query_id)


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 5), ("GMT", 5), ("CET", 4), ("+02", 3), ("-0330", 8), ("+05:30", 23)]
)
def test_a_time_zone_is_understood(zone, hour):
    """
    Names that mean one offset, and offsets, become UTC.
    """
    line = json.dumps(LINE | {"timestamp": f"2026-11-23 05:16:52.534 {zone}"}).encode()

    assert hour == from_json_line(line).at.astimezone(UTC).hour


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[1]", b'{"timestamp": 5}', b'{"timestamp": "2026-11-23 05:16 XYZ"}', b"\xff"]
)
def test_a_damaged_json_line_is_a_value_error(line):
    """
    Whatever stands there, the caller can skip it.
    """
    with pytest.raises(ValueError, match=r".+"):
        from_json_line(line)


PLAIN = b"""\
2026-11-23 05:16:52.534 UTC [2515] LOG:  checkpoint starting: time
2026-11-23 05:16:52.534 UTC [2515] me@shop/my @1/2 6b03.9d3 5/1 00000 -66 LOG:  duration: 1.5 ms  execute x: SELECT $1,
\t  2
2026-11-23 05:16:52.534 UTC [2515] me@shop/my @1/2 6b03.9d3 5/1 00000 -66 DETAIL:  Parameters: $1 = 'a
\tb'
something else
2026-11-23 05:16:53.000 UTC [2515] shop@shop/web 77 ERROR:  division by zero
2026-11-23 05:16:53.000 UTC [2515] shop@shop/web 77 HINT:  do not
\tdo it
2026-11-23 05:16:53.000 UTC [2515] shop@shop/web 77 STATEMENT:  SELECT 1/0
"""


def test_plain_lines_are_read():
    """
    Both prefixes, continued lines, and details that follow; what belongs to nothing is counted as None.
    """
    found = list(from_plain_lines(PLAIN.splitlines(keepends=True)))
    server, executed, failed = (entry for entry in found if entry is not None)

    assert "" == server.user
    assert "duration: 1.5 ms  execute x: SELECT $1,\n  2" == executed.message
    assert "Parameters: $1 = 'a\nb'" == executed.detail
    assert ("my @1/2", "6b03.9d3", "5/1", "-66") == (
        executed.application_name,
        executed.session,
        executed.transaction,
        executed.query_id,
    )
    assert ("ERROR", "SELECT 1/0", "77", "web", "2515") == (
        failed.severity,
        failed.statement,
        failed.query_id,
        failed.application_name,
        failed.session,
    )
    assert 1 == found.count(None)


@given(st.lists(st.text()))
def test_plain_lines_of_anything_are_survived(lines):
    """
    A log of another program yields nothing, and no error.
    """
    assert all(entry is None for entry in from_plain_lines(line.encode() for line in lines))
