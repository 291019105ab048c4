"""
Rules of the policy as a person reads them.
"""

from rich.console import Console

from hasten.cli import policy_tables
from hasten.policy_changes import compared
from hasten.world.policy_file import Match, Rule


def shown(what: object) -> str:
    """
    What is printed.
    """
    console = Console(width=120)
    with console.capture() as said:
        console.print(what)
    return said.get()


def test_a_rule_is_a_line_and_its_settings_another() -> None:
    """
    Methods only where they are not the usual ones.
    """
    plain = Rule(id="a", kind="compression", match=Match(paths=["/", "/x"]))
    full = Rule(
        id="b", kind="compression", match=Match(paths=["/"], methods=["GET"], content_types=["text/css"]),
        settings={"level": 3, "dynamic": True},
    )  # fmt: skip

    assert "  a  compression  /, /x\n" == shown(policy_tables.rule(plain))
    assert "  b  compression  /  GET\n      for text/css, level=3, dynamic=true\n" == shown(policy_tables.rule(full))


def test_each_value_that_is_another_is_a_line() -> None:
    """
    The rule is named once; a moved one has no value.
    """
    one, two = (Rule(id=name, kind="compression", match=Match(paths=["/"])) for name in "ab")
    text = shown(policy_tables.changes(compared([one, two], [two, one])))
    added = shown(policy_tables.changes(compared([], [one])))

    assert 1 == text.count("moved")
    assert (1, 1, 1) == (added.count("added"), added.count("match.paths"), added.count('["/"]'))
