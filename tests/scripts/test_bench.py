"""
`make bench` runs what lies in bench/, and says what that is.
"""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["", "no-such-benchmark", "__main__", "load_generator/server"])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    """
    A name that is not one benchmark's ends with exit code 1 and all names there are.
    """
    run = subprocess.run([ROOT / "scripts" / "bench", name], capture_output=True, text=True, timeout=60, check=False)

    assert 1 == run.returncode
    assert "load_generator" in run.stderr.split(":")[1].split()
