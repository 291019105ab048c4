"""
A project as a user has it: the small desk in a folder of its own, its state below it, its data in a running server.
"""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from tests.real.scene import TABLE
from tests.real.small_desk import SECRET

from hasten.cli import main
from hasten.world.postgres import Database

SMALL_DESK = Path(__file__).parent / "small_desk.py"
CONFIG = """
[application]
name = "desk"
health = "/health"
[[application.processes]]
name = "web"
command = ["{python}", "desk.py", "{{port}}", "{{database_url}}"]
is_web = true
[database]
url = "{url}"
[browser]
pages = []
[traffic]
requests = "traffic.jsonl"
rate_per_s = 20
duration_s = 2
[login]
request = "POST /login"
json = {{ user = "${{user}}", secret = "${{secret}}" }}
[[principals]]
name = "agent"
user = "agent"
secret_env = "DESK_SECRET"
"""
#: Makes the desk run its statement six times instead of once.
ONCE = "row = connection.execute(QUERY"
SLOWER = (ONCE, f"[connection.execute(QUERY, ['7']) for _ in range(5)]; {ONCE}")


class Project:
    """
    The folder, and what `hasten` says in it.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        for statement in TABLE.split(";"):
            database.run(statement)
        self.folder = folder
        self.database = database
        self.desk = folder / "desk.py"
        self.desk.write_text(SMALL_DESK.read_text())
        lines = [{"method": "GET", "path": f"/messages?inquiry={n}", "principal": "agent"} for n in (7, 70, 700, 4000)]
        (folder / "traffic.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        self.config = folder / "hasten.toml"
        self.config.write_text(CONFIG.format(python=sys.executable, url=database.dsn))

    def files(self) -> dict[str, bytes]:
        """
        Every file of the project that is not Hasten's own.
        """
        found = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and ".hasten" not in path.parts]
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}

    def hasten(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """
        What Hasten said, in this process.
        """
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("DESK_SECRET", SECRET)
            patch.setattr("hasten.cli.sigterm_as_interrupt", lambda: None)
            first, *rest = words
            patch.setattr("sys.argv", ["hasten", first, "--config", str(self.config), *rest])
            with pytest.raises(SystemExit) as ended:
                main()
        return subprocess.CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def judged(self, *words: str) -> tuple[int, Any]:
        """
        The exit code of a command, and its one JSON document.
        """
        first, *rest = words
        done = self.hasten(first, "--json", *rest)
        assert "" == done.stderr
        return done.returncode, json.loads(done.stdout)


def edit(old: str, new: str, name: str = "desk.py") -> list[str]:
    """
    A command that replaces a text in a file of the folder in which it runs.
    """
    code = (
        "import sys, pathlib; name, old, new = sys.argv[1:]; path = pathlib.Path(name); text = path.read_text();"
        "assert old in text; path.write_text(text.replace(old, new))"
    )
    return [sys.executable, "-c", code, name, old, new]
