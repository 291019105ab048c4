"""
Where uWSGI will look for the application; the real one is in tests/real/test_server_matrix.py.
"""

import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hasten_runtime import on_uwsgi, servers
from hasten_runtime.hooks import after_import

Begin = Callable[..., ModuleType]


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    An application behind the agent says so; finders that are added are gone afterwards.
    """
    monkeypatch.setattr(servers, "behind", lambda app, *how: lambda *given: (os.getpid(), app(*given), how))
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """
    Gives a way to have uWSGI begin with these options; its application is in the module `shop_of_uwsgi`.
    """
    (tmp_path / "shop_of_uwsgi.py").write_text(
        "def application(environ, start): return 'answer'\napplication.kept = 1\nwsgi = application\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "shop_of_uwsgi", raising=False)

    def begun(worker: int = 0, **options: Any) -> ModuleType:
        # As at the boot, where other servers are waited for before.
        after_import("another_server", lambda _: None)
        on_uwsgi.watch()
        server = ModuleType("uwsgi")
        server.opt = {name.replace("_", "-"): value for name, value in options.items()}  # type: ignore[attr-defined]
        server.worker_id = lambda: worker  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "uwsgi", server)
        return server

    return begun


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"module": b"shop_of_uwsgi:wsgi"}, "wsgi"),
        ({"wsgi": b"shop_of_uwsgi", "callable": b"wsgi"}, "wsgi"),
        ({"module": [b"shop_of_uwsgi"]}, "application"),
    ],
)
def test_the_application_is_where_the_options_say(begin: Begin, options: dict[str, Any], name: str) -> None:
    """
    It is asked like the one it stands for, and has its attributes; the module's other names are left alone.
    """
    begin(**options)
    module = import_module("shop_of_uwsgi")
    app = getattr(module, name)

    assert ((os.getpid(), "answer", ("uwsgi", "wsgi")), 1) == (app({}, None), app.kept)
    assert {"application", "wsgi"} - {name} == {
        each for each in ("application", "wsgi") if not isinstance(getattr(module, each), on_uwsgi.InEachProcess)
    }


def test_each_process_has_an_agent_of_its_own(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The process that only loads begins nothing; a worker does when it was forked, behind whoever waits for that already.
    """
    server: Any = begin(module=b"shop_of_uwsgi:wsgi")
    called: list[str] = []
    server.post_fork_hook = lambda: called.append("earlier")
    app = import_module("shop_of_uwsgi").wsgi
    assert 0 == app._pid
    server.post_fork_hook()
    assert (["earlier"], os.getpid()) == (called, app._pid)
    monkeypatch.setattr(os, "getpid", lambda: 7)

    assert (7, "answer", ("uwsgi", "wsgi")) == app({}, None)


def test_a_worker_that_loads_for_itself_begins_at_once(begin: Begin) -> None:
    """
    With --lazy-apps there is no fork to wait for.
    """
    begin(worker=1, module=b"shop_of_uwsgi:wsgi")

    assert os.getpid() == import_module("shop_of_uwsgi").wsgi._pid


@pytest.mark.parametrize("options", [{"wsgi_file": b"app.py"}, {"module": b"shop_of_uwsgi:make()"}])
def test_what_is_named_another_way_is_said(
    begin: Begin, options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The application runs without the agent.
    """
    begin(**options)
    module = import_module("shop_of_uwsgi")

    assert "answer" == module.wsgi({}, None)
    assert 1 == capsys.readouterr().err.count("runs without the agent")


def test_a_python_is_not_uwsgi() -> None:
    """
    Only a program of that name has it inside.
    """
    assert not servers._is_uwsgi()
