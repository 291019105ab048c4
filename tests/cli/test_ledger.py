"""
hasten ledger, status and report read the record without the application.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hasten.cli import cli
from hasten.model import Step
from hasten.record.ledger import Ledger


@pytest.fixture
def config(tmp_path: Path) -> str:
    """
    A target with one measurement in its ledger.
    """
    path = tmp_path / "hasten.toml"
    path.write_text('[application]\nname = "shop"\n')
    book = Ledger(tmp_path / ".hasten")
    book.append(Step.MEASURED, {"name": "baseline", "observation": "abc", "objectives": {"api_p95_ms": 150.0}})
    return str(path)


def said(config: str, *words: str) -> Any:
    """
    What the command says as JSON.
    """
    result = CliRunner().invoke(cli, [*words, "--json", "--config", config])
    return json.loads(result.output)


def test_verify_says_that_the_chain_holds_or_where_not(config: str) -> None:
    """
    Exit code 0 and the number of entries; after an edit exit code 1 and the place.
    """
    assert {"ok": True, "entries": 1, "problem": "", "at_seq": None} == said(config, "ledger", "verify")

    (Path(config).parent / ".hasten" / "ledger.head").write_text('{"seq":3,"digest":"x"}')
    result = CliRunner().invoke(cli, ["ledger", "verify", "--config", config])
    assert result.exit_code == 1
    assert "entries 2 to 3 are gone" in result.output


def test_show_lists_the_entries(config: str) -> None:
    """
    Each entry with its step and body.
    """
    (entry,) = said(config, "ledger", "show")

    assert ("MEASURED", "baseline") == (entry["step"], entry["body"]["name"])


def test_status_knows_measurements_and_what_needs_recover(config: str) -> None:
    """
    Nothing under way: nothing to recover, nothing running.
    """
    status = said(config, "status")

    assert (1, [], [], False) == (status["entries"], status["changes"], status["running"], status["needs_recover"])


def test_report_writes_the_page_and_keeps_the_contract(config: str) -> None:
    """
    The JSON has the three keys that other tools rely on, and report.html lies beside the ledger.
    """
    report = said(config, "report")

    assert {"objectives", "changes", "ledger_ok"} <= set(report)
    assert (150.0, True) == (report["objectives"][0]["now"], report["objectives"][0]["met"])
    assert "shop" in (Path(config).parent / ".hasten" / "report.html").read_text()
