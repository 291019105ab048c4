"""
Makes one function of the agent fail, in a server that runs: chosen from outside, through a few bytes of shared memory.

The agent runs the `sitecustomize` that it hides, which is this one, before it loads itself. From then on each of its
modules is compiled with a call at the beginning of every function, and before every statement of which the agent says
that it catches what goes wrong there. So a function that is written tomorrow is found without being named anywhere.

Where HASTEN_INJECT_SEEN names a file, what was passed is written there once, and how: called by the agent itself
(`inner`) or by others (`entry`), and where the agent called out to the application, the server or a driver (`out`).
"""

import ast
import builtins
import gc
import mmap
import os
import sys
from importlib.machinery import SourceFileLoader

RUNTIME = os.environ["HASTEN_INJECT_RUNTIME"] + os.sep
SEEN = os.environ.get("HASTEN_INJECT_SEEN", "")
CALL = "__hasten_fault__"
STANDARD = os.__file__.rpartition(os.sep)[0] + os.sep
COUNTS = 8
#: The process that becomes the server; what fails in both is to fail in the server.
LAUNCHER = "hasten_runtime.launch"
IS_LAUNCHER = LAUNCHER in sys.orig_argv
#: A module is read by the import system, whoever asked for it.
ANYWHERE = ":<module>"

with open(os.environ["HASTEN_INJECT"], "r+b") as _file:
    memory = mmap.mmap(_file.fileno(), 0)


_noted = set()


class Injected(Exception):
    """
    None of the exceptions that anybody expects.
    """


KINDS = {"Exception": Injected, "MemoryError": MemoryError, "RecursionError": RecursionError}


class Now:
    """
    What is to fail. `generation` tells whether it is still the same.
    """

    generation = b""
    kind = Injected
    name = ""


def fault(name):
    """
    Raises, if this is what is to fail; called wherever something may.
    """
    if IS_LAUNCHER and not name.startswith(LAUNCHER):
        return
    if memory[:4] != Now.generation:
        _take_over()
    if SEEN:
        _note(name, sys._getframe(1).f_back)
    if name == Now.name and (name.endswith(ANYWHERE) or "#" in name or _is_ours(sys._getframe(1).f_back)):
        memory[4:COUNTS] = (int.from_bytes(memory[4:COUNTS], "little") + 1).to_bytes(4, "little")
        raise Now.kind("injected into " + name)


def _take_over():
    Now.generation, Now.name = memory[:4], ""
    _noted.clear()
    kind, _, name = memory[COUNTS:].rstrip(b"\0").decode().partition(" ")
    # Nothing was said, learned or counted yet, so that it happens again; each request looks at the policy.
    once, pulse = sys.modules.get("hasten_runtime.once"), sys.modules.get("hasten_runtime.telemetry.pulse")
    standing = sys.modules.get("hasten_runtime.standing")
    if once is not None and hasattr(once, "_said"):
        once._said.clear()
    if pulse is not None:
        # But for the snapshots', for one may be on its way.
        for reset in [each for each in pulse._resets if not each.__module__.endswith("export")]:
            reset()
        pulse.due_ns = 0
    kept = sys.modules.get("hasten_runtime.http.kept")
    for each in gc.get_referrers(kept.Kept) if kept is not None else ():
        if type(each) is kept.Kept:
            each.__init__()
    if standing is not None:
        standing.LOOK_EVERY_S = 0.0
    Now.kind, Now.name = KINDS.get(kind, Injected), name


def _is_ours(frame):
    return frame is not None and frame.f_code.co_filename.startswith(RUNTIME)


def _write_down(*words):
    line = "\t".join(words) + "\n"
    if line not in _noted:
        _noted.add(line)
        with open(SEEN, "a", encoding="utf-8") as file:
            file.write(line)


def _note(name, caller):
    _write_down("inner" if name.endswith(ANYWHERE) or _is_ours(caller) else "entry", name)


def _profile(frame, event, _):
    """
    Python code that is neither the agent's nor the standard library's was called: by the agent, perhaps.
    """
    if event != "call":
        return
    file = frame.f_code.co_filename
    if file.startswith((RUNTIME, "<")) or (file.startswith(STANDARD) and "site-packages" not in file):
        return
    if file == __file__:
        return
    caller = frame.f_back
    while _is_ours(caller):
        name = caller.f_globals.get("__name__", "") + ":" + caller.f_code.co_qualname.replace(".<locals>", "")
        _write_down("out", name, str(caller.f_lineno))
        caller = caller.f_back


class Insertion(ast.NodeTransformer):
    """
    The calls stand in a module's tree.
    """

    def __init__(self, module):
        self.module = module
        self.within = []

    def _call(self, what):
        return ast.Call(ast.Name(CALL, ast.Load()), [ast.Constant(self.module + ":" + what)], [])

    def _begun(self, body, what):
        at = 0
        while at < len(body) and (
            (isinstance(body[at], ast.Expr) and isinstance(body[at].value, ast.Constant))
            or (isinstance(body[at], ast.ImportFrom) and body[at].module == "__future__")
        ):
            at += 1
        return [*body[:at], ast.Expr(self._call(what)), *body[at:]]

    def visit_Module(self, node):
        self.generic_visit(node)
        node.body = self._begun(node.body, "<module>")
        return node

    def visit_ClassDef(self, node):
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()
        return node

    def visit_FunctionDef(self, node):
        self.within.append(node.name)
        self.generic_visit(node)
        # A function that does next to nothing, or is one guarded `try` can only fail inside of that.
        if not _is_guarded(node.body):
            node.body = self._begun(node.body, ".".join(self.within))
        self.within.pop()
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 (names of ast's)

    def visit_Try(self, node):
        self.generic_visit(node)
        # What arrives at a `yield` was thrown there by whoever goes through the generator.
        is_asked = any(isinstance(each, (ast.Yield, ast.YieldFrom)) for step in node.body for each in ast.walk(step))
        if self.within and not is_asked and any(_catches(handler) for handler in node.handlers):
            node.body = self._each(node.body)
        return node

    def _each(self, body):
        found = []
        for step in body:
            for part in ("body", "orelse"):
                inside = getattr(step, part, None)
                is_own = isinstance(step, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try))
                if isinstance(inside, list) and inside and not is_own:
                    setattr(step, part, self._each(inside))
            if not (isinstance(step, ast.Expr) and getattr(step.value, "func", None) is not None and _is_call(step)):
                place = f"#{step.lineno}-{step.end_lineno}"
                found.append(ast.Expr(self._call(".".join(self.within) + place)))
            found.append(step)
        return found


def _is_guarded(body):
    steps = [step for step in body if not (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))]
    steps = [step for step in steps if not isinstance(step, (ast.Global, ast.Nonlocal))]
    if all(isinstance(step, PLAIN) and isinstance(step.value, (ast.Name, ast.Constant)) for step in steps):
        # It gives, or keeps, what it has: nothing to fail.
        return True
    is_one = len(steps) == 1 and isinstance(steps[0], ast.Try)
    return is_one and any(_catches(handler) for handler in steps[0].handlers)


def _is_call(step):
    return getattr(step.value.func, "id", "") == CALL


def _catches(handler):
    """
    Whether the handler takes every Exception, and does not simply raise it again.
    """
    caught = ast.walk(handler.type) if handler.type else [ast.Name("Exception")]
    names = {name.id for name in caught if isinstance(name, ast.Name)}
    return bool({"Exception", "BaseException"} & names) and not isinstance(handler.body[-1], ast.Raise)


PLAIN = (ast.Return, ast.Assign, ast.AnnAssign)
_get_code = SourceFileLoader.get_code


def _get_code_with_faults(self, name):
    path = self.get_filename(name)
    if not path.startswith(RUNTIME):
        return _get_code(self, name)
    found = Insertion(name).visit(ast.parse(self.get_data(path)))
    return compile(ast.fix_missing_locations(found), path, "exec", dont_inherit=True)


setattr(builtins, CALL, fault)
SourceFileLoader.get_code = _get_code_with_faults
if SEEN:
    import threading

    threading.setprofile(_profile)
    sys.setprofile(_profile)
