"""
Private servers for tests, and findings from what was recorded on them.
"""

from hasten.evidence import Observation, StatementProfile
from hasten.testing.servers import findings_of


def test_each_statement_is_a_finding() -> None:
    """
    With its cost, and where it was found.
    """
    profile = StatementProfile(query_id="q", text="SELECT 1", calls=5, total_s=2.0, mean_s=0.4, tables=["t"])
    [finding] = findings_of(Observation(name="o", statements=[profile]))

    assert ("q", 2.0, ["t"]) == (finding.where.name, finding.cost_s_per_day, finding.evidence["tables"])
