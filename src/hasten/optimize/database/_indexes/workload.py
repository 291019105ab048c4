"""
The recorded statements as the advisor reads them: what each costs, what it looks like, and how to ask it again.
"""

from collections.abc import Iterable

from hasten.corpus import repeatable, spread
from hasten.evidence import Observation, StatementSample
from hasten.model import Finding, Noun
from hasten.sql import StatementShape, read_statement

#: Samples per statement that are priced: the cheap, the middle and the dear parameters plan differently.
SAMPLES_PRICED = 3
#: A statement that takes longer is timed with one of them only.
SLOW_S = 0.5


class Statement(Noun, frozen=True, kw_only=True):
    """
    One normalized statement with its share of the work; `samples` are executions that can be repeated, cheapest first.
    """

    query_id: str
    shape: StatementShape
    calls: int
    total_s: float
    mean_s: float
    is_write: bool
    samples: list[StatementSample]

    @property
    def timed(self) -> list[StatementSample]:
        """
        The samples that are timed: of a slow statement the middle one alone.
        """
        slow = bool(self.samples) and self.samples[-1].seconds >= SLOW_S
        return spread(self.samples, 1) if slow else self.samples

    @property
    def tables(self) -> list[str]:
        """
        The tables that its text names.
        """
        return self.shape.tables


def statements_of(observation: Observation) -> list[Statement]:
    """
    Every statement that could be read, dearest first.
    """
    columns = {table.name: [column.name for column in table.columns] for table in observation.tables}
    found = []
    for profile in observation.statements:
        samples = repeatable(profile)
        # The logged text still has the literals that pg_stat_statements turns into $n; an expression needs them.
        shape = read_statement(samples[0].text if samples else profile.text, columns)
        if shape.kind == "utility" or shape.unknown:
            continue
        found.append(
            Statement(
                query_id=profile.query_id,
                shape=shape,
                calls=profile.calls,
                total_s=profile.total_s,
                mean_s=profile.mean_s,
                is_write=profile.is_write or shape.is_write,
                samples=spread(samples, SAMPLES_PRICED),
            )
        )
    return sorted(found, key=lambda statement: statement.total_s, reverse=True)


def touched_by(findings: Iterable[Finding], statements: list[Statement]) -> list[Statement]:
    """
    The statements that the findings are about: named by id, or reading a table that is named.
    """
    named: set[str] = set()
    for finding in findings:
        mentioned = [finding.where.name, *(finding.evidence.get(key) for key in ("query_id", "table"))]
        more = [*_listed(finding.evidence.get("query_ids")), *_listed(finding.evidence.get("tables"))]
        named |= {str(each) for each in (*mentioned, *more) if each}
    return [each for each in statements if each.query_id in named or named.intersection(each.tables)]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
