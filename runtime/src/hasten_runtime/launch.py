"""
Starts a program with the agent in it: `hasten-run uvicorn shop:app`.

The process is replaced, so process id, signals, open files and exit code are the program's own. One thing is added to
its environment: the folder of the agent's `sitecustomize`, first on PYTHONPATH. Every Python process below inherits
it, also one that a server spawns afresh. `HASTEN_POLICY` names the policy; without one nothing is done.
"""

import os
import signal
import sys
from typing import NoReturn, Optional

from hasten_runtime import __version__

USAGE = """usage: hasten-run [--] PROGRAM [ARGUMENT ...]
       hasten-run --help | --version

Starts PROGRAM with the agent in it; HASTEN_POLICY names the policy that it obeys.
With HASTEN_DISABLE=1 PROGRAM is started as if it had been started directly."""
NOT_FOUND, NOT_EXECUTABLE = 127, 126  # what a shell answers


def main(arguments: Optional[list[str]] = None) -> int:
    """
    Become the program that is named; returns only when that is not possible, with a shell's exit code.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] in (["--help"], ["-h"]):
        print(USAGE)
        return 0
    if words[:1] == ["--version"]:
        print("hasten-run " + __version__)
        return 0
    if words[:1] == ["--"]:
        words = words[1:]
    if not words or words[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        become(words)
    except FileNotFoundError:
        print("hasten-run: " + words[0] + ": not found", file=sys.stderr)
        return NOT_FOUND
    except OSError as error:
        print("hasten-run: " + words[0] + ": " + str(error.strerror), file=sys.stderr)
        return NOT_EXECUTABLE


def become(words: list[str]) -> NoReturn:
    """
    Replace this process by the program.

    Raises:
        OSError: It is not there or cannot be executed; this process goes on.
    """
    environment = dict(os.environ)
    try:
        environment = with_the_agent(as_it_was(environment))
    except Exception as error:
        print("hasten: the program is started without the agent: " + repr(error), file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    # Python ignores these two at its start, and what is ignored stays ignored after exec.
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvpe(words[0], words, environment)  # noqa: S606 (the point of it)


def with_the_agent(environment: dict[str, str]) -> dict[str, str]:
    """
    Put the agent's folder first on PYTHONPATH, once; HASTEN_DISABLE leaves the environment as it is.
    """
    if environment.get("HASTEN_DISABLE", "") not in ("", "0"):
        return environment
    boot = os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot")
    # An empty member would mean the current folder to Python, so none is made.
    places = [place for place in environment.get("PYTHONPATH", "").split(os.pathsep) if place and place != boot]
    return {**environment, "PYTHONPATH": os.pathsep.join([boot, *places])}


def as_it_was(environment: dict[str, str]) -> dict[str, str]:
    """
    Take out what the interpreter itself put into the environment at its start.

    In the C locale Python sets LC_CTYPE for its children; the program would not have had it.
    """
    try:
        with open("/proc/self/environ", "rb") as file:
            first = file.read()
    except OSError:
        return environment
    if "LC_CTYPE" in environment and not any(line.startswith(b"LC_CTYPE=") for line in first.split(b"\0")):
        del environment["LC_CTYPE"]
    return environment


if __name__ == "__main__":
    sys.exit(main())
