"""
The evidence is found again under the digest that the ledger names, or not at all.
"""

import stat
from pathlib import Path

import pytest

from hasten.errors import NoData
from hasten.evidence import Observation
from hasten.model import Step
from hasten.record import history, observations
from hasten.record.ledger import Ledger

SEEN = Observation(name="baseline", seconds=12.5, requests_per_day={"GET /": 10.0})


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """
    A state folder with one observation in its ledger.
    """
    observations.save(tmp_path, SEEN)
    Ledger(tmp_path).append(Step.MEASURED, history.measured_body(SEEN, {}, {}))
    return tmp_path


def test_the_latest_observation_comes_back_as_it_was(state_dir: Path) -> None:
    """
    What was saved is what is loaded, and nobody else can read the file.
    """
    assert observations.latest(state_dir) == SEEN
    (path,) = (state_dir / "observations").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_before_the_first_there_is_none(tmp_path: Path) -> None:
    """
    An empty state folder has no observation, and that is no error.
    """
    assert observations.latest(tmp_path) is None


@pytest.mark.parametrize("content", [b"{}", b"junk", None])
def test_changed_or_lost_evidence_is_not_used(state_dir: Path, content: bytes | None) -> None:
    """
    A file that was edited or deleted is named, with what to do.
    """
    (path,) = (state_dir / "observations").iterdir()
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)

    with pytest.raises(NoData) as caught:
        observations.latest(state_dir)
    assert "hasten baseline" in caught.value.hint


def test_another_observation_in_its_place_is_noticed(state_dir: Path) -> None:
    """
    A valid file of other content is not the one that the ledger names.
    """
    (path,) = (state_dir / "observations").iterdir()
    other = observations.save(state_dir / "other", Observation(name="other"))
    path.write_bytes(other.read_bytes())

    with pytest.raises(NoData, match="was changed"):
        observations.latest(state_dir)
