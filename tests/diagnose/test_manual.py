"""
docs/findings.md.
"""

from pathlib import Path

from hasten.diagnose import catalogue
from hasten.diagnose._manual import manual


def test_the_page_of_findings_is_made_from_the_symptoms() -> None:
    """
    docs/findings.md says what the files say: `python -m hasten.diagnose._manual > docs/findings.md`.
    """
    page = Path(__file__).parents[2] / "docs" / "findings.md"

    assert manual() == page.read_text(encoding="utf-8")


def test_every_symptom_is_on_the_page() -> None:
    """
    With its name, its remedies and how to ignore it.
    """
    page = manual()

    for name, symptom in catalogue().items():
        assert f"### {name}\n" in page
        assert f'`symptom = "{name}"`' in page
        assert all(f"`{remedy}`" in page for remedy in symptom.about.treated_by)
