"""
The evidence of each run of the probes: one file, readable by its owner only, under the digest that the ledger names.
"""

from pathlib import Path

import msgspec

from hasten.errors import NoData
from hasten.evidence import Observation
from hasten.model import from_json, to_json
from hasten.record import history
from hasten.record.ledger import Ledger


def save(state_dir: Path, observation: Observation) -> Path:
    """
    The observation is on the disk; it may hold parameters of statements, so nobody else can read it.
    """
    folder = state_dir / "observations"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{observation.id}.json"
    path.touch(mode=0o600)
    path.write_bytes(to_json(observation))
    return path


def latest(state_dir: Path) -> Observation | None:
    """
    The latest observation, or None before the first.

    Raises:
        NoData: the ledger names one whose file is gone or was changed.
    """
    runs = history.measured(Ledger(state_dir).read())
    if not runs:
        return None
    path = state_dir / "observations" / f"{runs[-1].observation}.json"
    try:
        found = from_json(path.read_bytes(), Observation)
    except (OSError, msgspec.MsgspecError) as error:
        raise NoData(f"the evidence {path.name} cannot be read: {error}", hint="run `hasten baseline` again") from error
    if found.id != runs[-1].observation:
        raise NoData(f"the evidence {path.name} was changed", hint="run `hasten baseline` again")
    return found
