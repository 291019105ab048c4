"""
How many bytes of a built file come from which source module, through its source map; pure.

Only the generated column and the source of each segment are decoded: a map of 22 MB takes about two seconds.
"""

from collections.abc import Iterator
from itertools import accumulate

import msgspec

NO_SOURCE = ""
"""Bytes that the map assigns to nothing: wrappers, line ends, the comment at the end."""

APPLICATION = "(application)"
BUNDLER = "(bundler)"

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUE = {letter: value for value, letter in enumerate(_BASE64)}
_BUNDLER_PREFIXES = ("vite/", "webpack/", "rollup/", "virtual:", "commonjsHelpers", "(webpack)", "_virtual")
_MAX_REMEMBERED = 400_000


class _Offset(msgspec.Struct):
    line: int
    column: int


class _Section(msgspec.Struct):
    offset: _Offset
    map: "SourceMap"


class SourceMap(msgspec.Struct, rename={"source_root": "sourceRoot"}):
    """
    The parts of a source map that are needed here; the sources' contents are skipped while reading.
    """

    sources: list[str | None] = []
    mappings: str = ""
    source_root: str | None = None
    sections: list[_Section] = []


def parse(data: bytes) -> SourceMap:
    """
    The map in its JSON form.

    Raises:
        ValueError: it is not a source map.
    """
    if data.startswith(b")]}"):
        data = data.partition(b"\n")[2]
    return msgspec.json.decode(data, type=SourceMap)


def bytes_by_source(code: str, source_map: SourceMap) -> dict[str, int]:
    """
    Bytes (UTF-8) of the generated code by source; they sum up to the whole file.

    Raises:
        ValueError: the mappings are damaged.
    """
    lines = code.split("\n")
    totals: dict[str, int] = {}
    at_line, at_byte, source = 0, 0, NO_SOURCE
    measure = _measure(lines[0])
    assigned = 0
    for line, column, now in _segments(source_map):
        if line != at_line:
            if line >= len(lines):
                break
            end = measure[-1] if measure else len(lines[at_line])
            totals[source] = totals.get(source, 0) + end - at_byte
            assigned += end - at_byte
            at_line, at_byte, source = line, 0, NO_SOURCE
            measure = _measure(lines[line])
        width = len(lines[line]) if measure is None else len(measure) - 1
        byte = min(column, width) if measure is None else measure[min(column, width)]
        # Segments out of order would count bytes twice; the later one then starts where the earlier ended.
        if byte > at_byte:
            totals[source] = totals.get(source, 0) + byte - at_byte
            assigned += byte - at_byte
            at_byte = byte
        source = now
    end = measure[-1] if measure else len(lines[at_line])
    totals[source] = totals.get(source, 0) + end - at_byte
    assigned += end - at_byte
    totals[NO_SOURCE] = totals.get(NO_SOURCE, 0) + len(code.encode("utf-8", "surrogatepass")) - assigned
    return {name: size for name, size in totals.items() if size}


def package_of(source: str) -> str:
    """
    The npm package a source belongs to, "(application)" for one's own, "(bundler)" for the bundler's glue.
    """
    path = source.replace("\\", "/").split("?")[0]
    if "node_modules/" in path:
        inside = path.rpartition("node_modules/")[2].split("/")
        return "/".join(inside[:2]) if inside[0].startswith("@") else inside[0]
    glue = not source or "\0" in path or path_of(source).startswith(_BUNDLER_PREFIXES)
    return BUNDLER if glue else APPLICATION


def path_of(source: str) -> str:
    """
    The source's path without what only the bundler's machine knows: no URL, no leading dots, no query.
    """
    path = source.replace("\0", "").replace("\\", "/").split("?")[0]
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    if "node_modules/" in path:
        return path.rpartition("node_modules/")[2]
    while path.startswith(("../", "./", "/")):
        path = path.partition("/")[2]
    return path


def _measure(line: str) -> list[int] | None:
    """
    Byte offset of each UTF-16 column of the line, and its length; None for ASCII, where columns are bytes.
    """
    if line.isascii():
        return None
    widths: list[int] = [0]
    for letter in line:
        code = ord(letter)
        if code > 0xFFFF:
            widths += (4, 0)
        else:
            widths.append(1 if code < 0x80 else 2 if code < 0x800 else 3)
    return list(accumulate(widths))


def _segments(source_map: SourceMap) -> Iterator[tuple[int, int, str]]:
    """
    Generated line and column, and the source that begins there, in the order of the file.
    """
    for section in source_map.sections:
        first = section.offset.line
        for line, column, source in _segments(section.map):
            yield line + first, column + (section.offset.column if line == 0 else 0), source
    root = source_map.source_root or ""
    names = [f"{root}{name}" if name else NO_SOURCE for name in source_map.sources]
    index = 0
    remembered: dict[str, tuple[int, int | None]] = {}
    for at_line, mapped in enumerate(source_map.mappings.split(";") if source_map.mappings else []):
        column = 0
        for segment in mapped.split(",") if mapped else ():
            step = remembered.get(segment)
            if step is None:
                if len(remembered) > _MAX_REMEMBERED:
                    remembered.clear()
                step = remembered[segment] = _decode(segment)
            column += step[0]
            if step[1] is None:
                yield at_line, column, NO_SOURCE
            else:
                index += step[1]
                yield at_line, column, names[index] if 0 <= index < len(names) else NO_SOURCE


def _decode(segment: str) -> tuple[int, int | None]:
    """
    The first two numbers of a segment: generated column and source, both as differences.
    """
    numbers: list[int] = []
    value = shift = 0
    for letter in segment:
        try:
            digit = _VALUE[letter]
        except KeyError:
            raise ValueError(f"{letter!r} is no part of a source map's mappings") from None
        value |= (digit & 31) << shift
        if digit & 32:
            shift += 5
            continue
        numbers.append(-(value >> 1) if value & 1 else value >> 1)
        if len(numbers) == 2:
            break
        value = shift = 0
    if not numbers:
        raise ValueError("a segment of the source map has no column")
    return numbers[0], numbers[1] if len(numbers) > 1 else None
