"""
Who asks after whom, and how.
"""

from itertools import pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from hasten.verify.identity import VARIANTS, Asker
from hasten.verify.identity.askers import as_variant, every_ordered_pair
from hasten.world.load.plan import LoadRequest


@given(count=st.integers(2, 7), seed=st.text(max_size=3))
def test_every_ordered_pair_comes_once(count: int, seed: str) -> None:
    """
    Each of n askers follows each other exactly once, and no sequence that does so is shorter.
    """
    found = every_ordered_pair(range(count), seed)

    assert sorted(permutations(range(count), 2)) == sorted(pairwise(found))


def test_one_asker_asks_once() -> None:
    """
    Without a second one there is no pair.
    """
    assert ["a"] == every_ordered_pair(["a"], "1")


def test_a_variant_is_the_same_person_asking_otherwise() -> None:
    """
    Its headers win over the recorded ones, and those over what a browser usually says.
    """
    ada = Asker(principal="ada")
    german = as_variant(ada, VARIANTS[0])
    recorded = LoadRequest(path="/a", headers={"accept-language": "fr", "accept": "text/css"}, principal="ben")
    plain, other = ada.asking(recorded), german.asking(recorded)

    assert ("fr", "text/css", "gzip, deflate, br", "ada") == (
        plain.headers["accept-language"],
        plain.headers["accept"],
        plain.headers["accept-encoding"],
        plain.principal,
    )
    assert (True, "ada (another language)") == (other.headers["accept-language"].startswith("de"), german.name)
