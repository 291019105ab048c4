"""
A whole and working set-up, which each test breaks in one place.
"""

import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from tests.real.scene import DATABASE, Scene, assert_no_strays, describe
from tests.real.small_desk import SECRET

from hasten.cli import main
from hasten.world.cluster import Cluster

SMALL_DESK = Path(__file__).parents[1] / "small_desk.py"
#: Every relation, column and index, and the file that it is in.
CATALOG = """
    SELECT md5(string_agg(concat_ws(' ', relname, relkind, relfilenode, relnatts, indisvalid), ',' ORDER BY c.oid))
    FROM pg_class c LEFT JOIN pg_index ON indexrelid = c.oid WHERE relnamespace = 'public'::regnamespace
"""


class Setup:
    """
    A whole and working set-up, to be broken in one place.
    """

    def __init__(self, scene: Scene, desk: Cluster) -> None:
        self.scene = scene
        self.folder = scene.state_dir
        self.desk = desk
        scene.environment["DESK_SECRET"] = SECRET
        command = json.dumps([sys.executable, str(SMALL_DESK), "{port}", "{database_url}"])
        self.sections = {
            "application": 'name = "desk"\nhealth = "/health"',
            "[application.processes]": f'name = "web"\ncommand = {command}\nis_web = true',
            "database": f'url = "{desk.dsn(DATABASE)}"',
            "browser": "pages = []",
            "traffic": 'requests = "traffic.jsonl"\nrate_per_s = 10\narrivals = "constant"\nduration_s = 1',
            "login": 'request = "POST /login"\njson = { user = "${user}", secret = "${secret}" }',
            "[principals]": 'name = "agent"\nuser = "agent"\nsecret_env = "DESK_SECRET"',
            "allow": 'mode = "auto"',
        }
        lines = [{"method": "GET", "path": f"/messages?inquiry={n}", "principal": "agent"} for n in (7, 70, 700)]
        (self.folder / "traffic.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        self.write()

    def write(self, **sections: str) -> None:
        """
        hasten.toml says this instead.
        """
        describe(self.folder, {**self.sections, **sections})

    def add(self, section: str, line: str) -> None:
        """
        One more line in a section.
        """
        self.write(**{section: f"{self.sections[section]}\n{line}"})

    def url(self, **parts: str) -> str:
        """
        The URL of the database with some part replaced.
        """
        known = {"user": "hasten", "password": self.desk.password, "port": str(self.desk.port), "name": DATABASE}
        known |= parts
        return "postgresql://{user}:{password}@127.0.0.1:{port}/{name}".format(**known)

    def state(self) -> tuple[str, str, int]:
        """
        All that must not change: what is in the database, the record.
        """
        record = (self.folder / "ledger.head").read_text()
        return self.desk.database(DATABASE).value(CATALOG), record, (self.folder / "ledger.db").stat().st_size

    def refuses(self, *words: str, says: str, hint: str, **options: Any) -> None:
        """
        That command ends with one error and a hint, for people and for programs, and changes nothing.
        """
        before = self.state()
        self.refused(self.scene.hasten(*words, **options), says, hint)
        # What is wrong with the process, and not with the set-up, needs a process of its own.
        as_json = self.scene.hasten if options else self.inside
        self.refused_as_json(as_json(*words, "--json", **options), says, hint)
        assert before == self.state()
        assert_no_strays(self.folder)

    def inside(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """
        What Hasten said, in this process: its start is dear, and was tried once already.
        """
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.scene.environment.items():
                patch.setenv(name, value)
            patch.setattr("hasten.cli.sigterm_as_interrupt", lambda: None)
            patch.setattr("sys.argv", ["hasten", *words, "--config", str(self.scene.config)])
            with pytest.raises(SystemExit) as ended:
                main()
        return subprocess.CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def refused(self, done: "subprocess.CompletedProcess[str]", says: str, hint: str) -> None:
        """
        For people: one line that begins with `error:`, one with `hint:`.
        """
        assert 1 == done.returncode, done.stdout + done.stderr
        assert "" == done.stdout
        (error,) = re.findall(r"^error: (.+(?:\n  \|.*)*)$", done.stderr, re.MULTILINE)
        (hinted,) = re.findall(r"^hint:  (.+)$", done.stderr, re.MULTILINE)
        assert says in error
        assert hint in hinted
        self.is_discreet(done.stderr)

    def refused_as_json(self, done: "subprocess.CompletedProcess[str]", says: str, hint: str) -> None:
        """
        For programs: one document on standard output, and nothing beside it.
        """
        assert 1 == done.returncode, done.stdout + done.stderr
        found = json.loads(done.stdout)
        assert {"error", "hint", "kind", "data"} == set(found)
        assert says in found["error"]
        assert hint in found["hint"]
        assert "" == done.stderr
        self.is_discreet(done.stdout)

    def is_discreet(self, text: str) -> None:
        """
        No traceback and no secret, neither on the terminal nor in the log.
        """
        log = self.folder / "operations.jsonl"
        told = text + (log.read_text() if log.is_file() else "")
        assert [] == [word for word in ("Traceback", self.desk.password, SECRET) if word in told]

    def ails(self, check: str, says: str, hint: str) -> None:
        """
        `hasten doctor` finds exactly this to mend, for people and for programs, and changes nothing.
        """
        before = self.state()
        said = self.inside("doctor", "--json")
        assert 1 == said.returncode, said.stdout + said.stderr
        (found,) = [each for each in json.loads(said.stdout)["checks"] if each["ok"] is False]
        assert (check, True, True) == (found["name"], says in found["says"], hint in found["hint"]), found
        told = self.scene.hasten("doctor")
        assert (1, 1) == (told.returncode, told.stdout.count("✗")), told.stdout
        self.is_discreet(told.stdout + told.stderr + said.stdout + said.stderr)
        assert before == self.state()
        assert_no_strays(self.folder)
