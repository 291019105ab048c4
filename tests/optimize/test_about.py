"""
What an optimization says of itself.
"""

import msgspec
import pytest

from hasten.model import Kind, Risk
from hasten.optimize.about import About


def test_about_is_frozen_and_survives_json() -> None:
    """
    It is data, and nobody changes it while the loop runs.
    """
    about = About(title="t", kind=Kind.SCHEMA, risk=Risk.R2, treats=("slow_statement",), improves=("m",))

    assert about == msgspec.json.decode(msgspec.json.encode(about), type=About)
    with pytest.raises(AttributeError):
        about.title = "other"  # type: ignore[misc]
