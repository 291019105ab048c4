"""
Rules of the policy, and what became of them, as a person reads them.
"""

from typing import Any

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from hasten.policy_changes import Differs, RuleChange
from hasten.world.policy_file import Match, Rule

_COLORS = {"added": "green", "removed": "red", "changed": "yellow", "moved": "cyan"}


def rule(one: Rule) -> Text:
    """
    A rule in one line, and its settings in another where it has some.
    """
    match = one.match
    text = Text(f"  {one.id}  {one.kind}  {', '.join(match.paths)}")
    if match.methods != Match(paths=[]).methods:
        text.append(f"  {' '.join(match.methods)}")
    more = [f"{name}={_value(value)}" for name, value in one.settings.items()]
    if match.content_types:
        more.insert(0, f"for {', '.join(match.content_types)}")
    if more:
        text.append(f"\n      {', '.join(more)}", style="dim")
    return text


def changes(found: list[RuleChange]) -> Table:
    """
    A line for each value that is another.
    """
    table = Table(box=box.SIMPLE_HEAVY, padding=(0, 1, 0, 0))
    for column in ("", "Rule", "Value"):
        table.add_column(column, no_wrap=column != "Value")
    for column in ("Before", "After"):
        table.add_column(column)
    for change in found:
        what, name = Text(change.what, style=_COLORS[change.what]), Text(change.id)
        for cells in map(_cells, change.differs) if change.differs else [[Text("")] * 3]:
            table.add_row(what, name, *cells)
            what, name = Text(""), Text("")
    return table


def _cells(each: Differs) -> list[Text]:
    return [Text(each.field), Text(_value(each.before)), Text(_value(each.after))]


def _value(value: Any) -> str:
    """
    As in the document; nothing where it is left out.
    """
    if value is None:
        return "–"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
