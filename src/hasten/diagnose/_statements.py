"""
Reading recorded statements: their shapes, and the values that one parameter had.
"""

from collections.abc import Iterator

from hasten.diagnose import cost
from hasten.errors import NoData
from hasten.evidence import Observation, StatementProfile
from hasten.sql import StatementShape, read_statement
from hasten.target import Target


def catalog_of(observation: Observation) -> dict[str, list[str]]:
    """
    The columns of each table.
    """
    return {table.name: [column.name for column in table.columns] for table in observation.tables}


def shape_of(profile: StatementProfile, catalog: dict[str, list[str]]) -> StatementShape:
    """
    The statement's shape, from a logged text where there is one: that has the literals which `$n` stands for.
    """
    for text in (*(sample.text for sample in profile.samples[:1]), profile.text):
        shape = read_statement(text, catalog)
        if not shape.unknown:
            return shape
    return read_statement(profile.text, catalog)


def readable(observation: Observation, least_calls: float) -> Iterator[tuple[StatementProfile, StatementShape]]:
    """
    The statements with enough calls whose text could be read, dearest first; BEGIN, SET and the like are left out.
    """
    catalog = catalog_of(observation)
    for profile in sorted(observation.statements, key=lambda each: each.total_s, reverse=True):
        if profile.calls < least_calls:
            continue
        shape = shape_of(profile, catalog)
        if not shape.unknown and shape.kind != "utility":
            yield profile, shape


def nothing_if_unseen(observation: Observation) -> bool:
    """
    True where there is nothing to judge by; also sees to it that costs can be told at all.

    Raises:
        NoData: the traffic of a day is not known.
    """
    if not observation.statements:
        return True
    cost.scale(observation)
    return False


def offsets(profile: StatementProfile, catalog: dict[str, list[str]]) -> list[tuple[int, float]]:
    """
    The OFFSET of each logged execution with the seconds that it took, where both are known.
    """
    found = []
    for sample in profile.samples:
        shape = read_statement(sample.text, catalog)
        value: int | None = shape.offset
        if shape.offset_parameter and shape.offset_parameter <= len(sample.parameters):
            text = sample.parameters[shape.offset_parameter - 1]
            value = int(text) if text and text.isdigit() else None
        if value is None and not shape.has_offset and not shape.unknown:
            value = 0
        if value is not None and sample.error is None:
            found.append((value, sample.seconds))
    return found


def typical_offset(profile: StatementProfile, shape: StatementShape, catalog: dict[str, list[str]]) -> float:
    """
    The OFFSET in the middle of the logged ones; 0 where the statement has none, or none is known.
    """
    if not shape.has_offset:
        return 0.0
    known = sorted(offset for offset, _ in offsets(profile, catalog))
    return float(known[len(known) // 2]) if known else float(shape.offset or 0)


def no_plans(observation: Observation) -> NoData:
    """
    Why a symptom that is read off plans is silent.
    """
    why = observation.missing.get("statements.plans", "")
    return NoData("no plan of any statement is known" + (f": {why}" if why else ""))


def need_executions(observation: Observation, target: Target, *, values: bool) -> None:
    """
    Single executions were logged, with their values if those are needed.

    Raises:
        NoData: they were not, and why.
    """
    if values and not target.allow.record_parameters:
        raise NoData("the values of statements are not recorded ([allow] record_parameters is false)")
    if not any(profile.samples for profile in observation.statements):
        raise NoData("no single execution of any statement is known")
