"""
A function with a few statements more around its own, compiled from its own source.

A wrapper around a generator is a frame more for each value that passes, and packs and unpacks every call's arguments:
with the caches cold, as they are after waiting for a server, that is half of what timing costs.

It is done only where it is certain: the source at hand, compiled as it is, must give the very code that runs, and the
function must refer to nothing around it but its module. Line numbers stay those of the source.
"""

from __future__ import annotations

import ast
import linecache
from types import CodeType, FunctionType
from typing import Any, Callable, Union

from hasten_runtime.once import reason_of, say_once

#: `from __future__ import annotations` of the module, which the compiler is to be told.
_FUTURE_ANNOTATIONS = 0x1000000
#: Names of what is woven in; no module has such names of its own.
PREFIX = "_hasten_"
_MOST_LINES = 200

Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef]


def woven(
    inner: Callable[..., Any], before: str, after: str, failed: str, names: dict[str, Any]
) -> Callable[..., Any] | None:
    """
    A function that does what `inner` does, with `before` at its beginning, and `after` at its end or `failed` instead.

    Args:
        before: Statements of Python, which know the function's parameters, as the others do.
        names: What the statements refer to, each with PREFIX; they are put beside the function's globals.

    Returns:
        None where it is not certain that the function would be the same otherwise, and where it may end elsewhere than
        at its end.
    """
    text = before + "\ntry:\n    pass\nexcept BaseException:\n    " + failed + "\n    raise\n" + after
    return _woven(inner, text, names, may_return=False)


def woven_around(
    inner: Callable[..., Any], before: str, finally_: str, names: dict[str, Any]
) -> Callable[..., Any] | None:
    """
    Likewise, with one statement at the end, wherever and however the function ends.
    """
    return _woven(inner, before + "\ntry:\n    pass\nfinally:\n    " + finally_, names, may_return=True)


def _woven(inner: Any, text: str, names: dict[str, Any], may_return: bool) -> Callable[..., Any] | None:
    try:
        return _made(inner, text, names, may_return)
    except Exception as error:
        # A wrapper does the same, at a price.
        say_once("weaving", f"nothing is woven into {getattr(inner, '__qualname__', '')}: " + reason_of(error))
        return None


def _made(inner: Any, text: str, names: dict[str, Any], may_return: bool) -> Callable[..., Any] | None:
    if not isinstance(inner, FunctionType) or inner.__closure__ or inner.__code__.co_freevars:
        return None
    found = _definition(inner)
    if found is None:
        return None
    module, function = found
    if not _is_same(_code_of(module, inner), inner.__code__) or (_returns(function) and not may_return):
        return None
    _weave(function, text)
    code = _code_of(module, inner)
    if code is None or any(inner.__globals__.get(name, value) is not value for name, value in names.items()):
        return None
    if hasattr(code, "co_qualname"):
        code = code.replace(co_qualname=inner.__code__.co_qualname)
    inner.__globals__.update(names)
    made = FunctionType(code, inner.__globals__, inner.__name__, inner.__defaults__)
    made.__kwdefaults__ = inner.__kwdefaults__
    made.__annotations__ = inner.__annotations__
    made.__module__, made.__qualname__, made.__doc__ = inner.__module__, inner.__qualname__, inner.__doc__
    made.__wrapped__ = inner  # type: ignore[attr-defined]
    return made


def _definition(inner: FunctionType) -> tuple[ast.Module, Definition] | None:
    """
    A module with nothing in it but the function, without what only matters when it is defined.
    """
    first = inner.__code__.co_firstlineno
    lines = linecache.getlines(inner.__code__.co_filename, inner.__globals__)[first - 1 : first - 1 + _MOST_LINES]
    if not lines or not lines[0].lstrip().startswith(("def ", "async def ")):
        return None
    indent = len(lines[0]) - len(lines[0].lstrip())
    end = next(
        (number for number, line in enumerate(lines) if number and line.strip() and _indent(line) <= indent
         and not line.lstrip().startswith((")", "#"))),
        len(lines),
    )  # fmt: skip
    module = ast.parse(("if 1:\n" if indent else "\n") + "".join(lines[:end]))
    ast.increment_lineno(module, first - 2)
    function = module.body[0].body[0] if isinstance(module.body[0], ast.If) else module.body[0]
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) or function.name != inner.__name__:
        return None
    arguments = function.args
    for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if each is not None:
            each.annotation = None
    function.returns = None
    module.body[:0] = ast.parse("".join(f"import {name}\n" for name in _imported(function, inner))).body
    return module, function


def _imported(function: Definition, inner: FunctionType) -> list[str]:
    """
    Names that methods are called of, and that the module may have imported: of these the compiler calls a function.
    """
    bases = {
        each.func.value.id
        for each in ast.walk(function)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and isinstance(each.func.value, ast.Name)
    }
    known = inner.__globals__
    return [name for name in bases if name in known and getattr(known[name], "__module__", "") != inner.__module__]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _code_of(module: ast.Module, inner: FunctionType) -> CodeType | None:
    flags = inner.__code__.co_flags & _FUTURE_ANNOTATIONS
    compiled = compile(module, inner.__code__.co_filename, "exec", flags=flags, dont_inherit=True)
    return next((each for each in compiled.co_consts if isinstance(each, CodeType)), None)


def _is_same(code: CodeType | None, running: CodeType) -> bool:
    """
    Whether two pieces of code do the same: the instructions, and everything that they refer to.
    """
    if code is None or len(code.co_consts) != len(running.co_consts):
        return False
    alike = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags", "co_argcount",
             "co_kwonlyargcount", "co_posonlyargcount", "co_firstlineno")  # fmt: skip
    if any(getattr(code, name) != getattr(running, name) for name in alike):
        return False
    return all(
        _is_same(one, other) if isinstance(one, CodeType) and isinstance(other, CodeType) else one == other
        for one, other in zip(code.co_consts, running.co_consts)
    )


def _returns(function: Definition) -> bool:
    """
    Whether it may end elsewhere than at its end; functions inside of it are not looked for, for there are hardly any.
    """
    return any(isinstance(each, ast.Return) for each in ast.walk(function))


def _weave(function: Definition, text: str) -> None:
    """
    The function's own statements are where the text tries to do nothing.
    """
    body = function.body
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    kept, own = body[: int(documented)], body[int(documented) :]
    woven_in = ast.parse(text).body
    for statement in woven_in:
        for each in ast.walk(statement):
            # Nobody reads these lines, so they are on the function's first: a traceback shows none that is not there.
            if hasattr(each, "lineno"):
                each.lineno = each.end_lineno = function.lineno  # type: ignore[attr-defined]
    guarded = next(each for each in woven_in if isinstance(each, ast.Try))
    guarded.body = own
    function.body = [*kept, *woven_in]
