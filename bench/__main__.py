"""
Runs one benchmark by its name: bench/<name>.py or bench/<name>/__main__.py, as `python -m bench <name> [arguments]`.

A benchmark prints a table for people and, as its last line, one JSON object for programs.
"""

import pkgutil
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """
    The benchmarks that there are.
    """
    found = []
    for module in pkgutil.iter_modules([str(HERE)]):
        is_folder = (HERE / module.name / "__main__.py").is_file()
        if is_folder or (not module.ispkg and module.name != "__main__"):
            found.append(module.name)
    return sorted(found)


def main() -> int:
    """
    The named benchmark ran; 1 if there is none of that name.
    """
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in names():
        print(f"there is no benchmark {name!r}" if name else "which benchmark?", file=sys.stderr)
        print(f"next: choose one of {', '.join(names()) or 'none yet'} (make bench NAME=…)", file=sys.stderr)
        return 1
    # The benchmark sees its own arguments only.
    sys.argv = [f"bench.{name}", *sys.argv[2:]]
    runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
