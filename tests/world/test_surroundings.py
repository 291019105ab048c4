"""
Looking around tells what an application is, and copies no secret.
"""

import json
import socket
import subprocess
import sys
from pathlib import Path

from hasten.world.surroundings import frameworks, front_end, look_around


def test_a_project_is_known_by_its_files(tmp_path: Path) -> None:
    """
    Frameworks, build folder, variables and access log are found where projects keep them.
    """
    (tmp_path / "requirements.txt").write_text("FastAPI==0.1\nsqlalchemy>=2\n")
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://u:topsecret@h/d\nREDIS_URL=redis://h\n")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "access.log").write_text("")
    (tmp_path / "web" / "dist").mkdir(parents=True)
    (tmp_path / "web" / "dist" / "index.html").write_text("<html>")
    (tmp_path / "web" / "package.json").write_text(json.dumps({"scripts": {"build": "vite build"}}))

    seen = look_around(tmp_path)
    assert (["fastapi"], "DATABASE_URL", "REDIS_URL", "logs/access.log") == (
        seen.frameworks,
        seen.database_variable,
        seen.cache_variable,
        seen.access_log,
    )
    assert seen.front_end is not None
    assert ("web/dist", True) == (seen.front_end.dist, seen.front_end.is_built)
    assert "topsecret" not in repr(seen)


def test_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    """
    Where there is nothing, nothing is made up.
    """
    seen = look_around(tmp_path)

    assert ([], [], None, "", "") == (
        seen.frameworks, seen.servers, seen.front_end, seen.database_variable, seen.access_log
    )  # fmt: skip


def test_a_running_server_of_the_project_is_found(tmp_path: Path) -> None:
    """
    A process that works in the folder and listens as a known server is found with its address; another is not.
    """
    # The word on the command line makes it a server of a known kind.
    code = (
        "import socket,sys,time\ns=socket.create_server(('127.0.0.1',0))\nprint(s.getsockname()[1],flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "runserver"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        here, elsewhere = look_around(tmp_path), look_around(tmp_path / "..")
        server.communicate("\n")

    assert [f"http://127.0.0.1:{port}"] == [found.url for found in here.servers]
    assert port in [int(found.url.rpartition(":")[2]) for found in elsewhere.servers]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_broken_files_are_passed_over(tmp_path: Path) -> None:
    """
    A package.json or pyproject.toml that cannot be read is no reason to fail.
    """
    (tmp_path / "package.json").write_text("{nope")
    (tmp_path / "pyproject.toml").write_text("[broken")

    assert ([], None) == (frameworks(tmp_path), front_end(tmp_path))


def test_a_small_application_declares_nothing(tmp_path: Path) -> None:
    """
    Its framework is what its modules import, and not what those of an environment beside it do.
    """
    (tmp_path / "shop.py").write_text("import os\n\nfrom flask import Flask\n\napp = Flask(__name__)\n")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "clean.py").write_text("import aiohttp.web\n# from tornado import web\n")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "other.py").write_text("import django\n")

    assert ["flask", "aiohttp"] == frameworks(tmp_path)
