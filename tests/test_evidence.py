"""
An observation is data: it survives JSON and is named by its content.
"""

from hasten.evidence import Observation, StatementProfile, StatementSample
from hasten.model import from_json, now, to_json


def observation(text: str = "SELECT $1") -> Observation:
    """
    An observation of one statement.
    """
    sample = StatementSample(at=now(), query_id="7", text=text, parameters=["a", None], seconds=0.25)
    profile = StatementProfile(query_id="7", text=text, calls=1, total_s=0.25, mean_s=0.25, samples=[sample])
    return Observation(name="baseline", statements=[profile], missing={"page": "no browser"})


def test_an_observation_survives_json() -> None:
    """
    Read back, it equals what was written and has the same id.
    """
    seen = observation()
    again = from_json(to_json(seen), Observation)

    assert (seen, seen.id) == (again, again.id)


def test_the_id_is_of_everything_that_was_gathered() -> None:
    """
    Another statement is another observation.
    """
    assert observation().id != observation("SELECT 2").id
