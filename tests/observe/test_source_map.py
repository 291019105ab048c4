"""
Source maps: bytes to their sources. The maps are encoded here, independently of the decoder.
"""

import json

import pytest

from hasten.observe.source_map import BUNDLER, NO_SOURCE, bytes_by_source, package_of, parse, path_of

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
Segment = tuple[int, int | None]


def encode(number: int) -> str:
    rest = (-number << 1) | 1 if number < 0 else number << 1
    text = ""
    while True:
        digit, rest = rest & 31, rest >> 5
        text += DIGITS[digit | (32 if rest else 0)]
        if not rest:
            return text


def mappings(*lines: list[Segment]) -> str:
    """
    Lines of (generated column, source index or None), as the format wants them: differences, comma and semicolon.
    """
    source = 0
    encoded = []
    for line in lines:
        column, words = 0, []
        for at, index in line:
            words.append(encode(at - column) + ("" if index is None else encode(index - source) + encode(0) * 2))
            column = at
            source = source if index is None else index
        encoded.append(",".join(words))
    return ";".join(encoded)


def document(sources: list[str | None], *lines: list[Segment], **more: object) -> bytes:
    return json.dumps(
        {"version": 3, "sources": sources, "sourcesContent": ["x"] * len(sources), "mappings": mappings(*lines), **more}
    ).encode()


def count(code: str, data: bytes) -> dict[str, int]:
    return bytes_by_source(code, parse(data))


def test_bytes_go_from_segment_to_segment() -> None:
    """
    Each source has the bytes from its segment to the next one; line ends and the unmapped belong to nobody.
    """
    data = document(["a.js", "b.js"], [(2, 0), (10, 1), (12, None), (15, 0)], [(0, 1)])

    assert {"a.js": 8 + 5, "b.js": 2 + 4, NO_SOURCE: 2 + 3 + 1} == count("x" * 20 + "\n" + "yyyy", data)


def test_the_sum_is_the_file() -> None:
    """
    Whatever the map says, all bytes together are those of the file.
    """
    code = "äöü€𝄞" * 30 + "\nabc\n\n// end"
    data = document(["a.js", "b.js"], [(5, 1), (40, 0), (9000, 1)], [(1, 0)], [], [], [(0, 1)])

    assert len(code.encode()) == sum(count(code, data).values())


def test_columns_are_utf16_and_sizes_utf8() -> None:
    """
    Behind letters of several bytes, and of two UTF-16 units, the columns still hit the right place.
    """
    data = document(["a.js", "b.js"], [(0, 0), (4, 1)])

    assert {"a.js": 2 + 3 + 4, "b.js": 2} == {k: v for k, v in count("ä€𝄞bb", data).items() if k}


def test_long_steps_and_steps_back() -> None:
    """
    Sources far apart, in both directions, are decoded.
    """
    sources: list[str | None] = [f"{index}.js" for index in range(5000)]
    data = document(sources, [(0, 4999), (1, 3), (2, 4000), (100_000, 0)])

    assert {"4999.js": 1, "3.js": 1, "4000.js": 99_998, "0.js": 5} == count("x" * 100_005, data)


def test_sections_are_joined() -> None:
    """
    An indexed map counts like the maps it is made of, each at its offset.
    """
    section = {"version": 3, "sources": ["b.js"], "mappings": mappings([(0, 0)], [(0, 0)])}
    first = {"version": 3, "sources": ["a.js"], "mappings": mappings([(0, 0)])}
    data = json.dumps(
        {
            "version": 3,
            "sections": [
                {"offset": {"line": 0, "column": 0}, "map": first},
                {"offset": {"line": 0, "column": 4}, "map": section},
            ],
        }
    ).encode()

    assert {"a.js": 4, "b.js": 6 + 3, NO_SOURCE: 1} == count("aaaabbbbbb\nbbb", data)


def test_a_root_and_a_guard_line_are_understood() -> None:
    """
    sourceRoot stands before the sources, and the line against script inclusion is skipped.
    """
    data = b")]}'\n" + document(["a.js"], [(0, 0)], sourceRoot="/src/")

    assert {"/src/a.js": 3} == count("xxx", data)


@pytest.mark.parametrize("data", [b"<html>", b"[]", b'{"mappings": 5}'])
def test_what_is_no_map_is_refused(data: bytes) -> None:
    """
    Something else in the place of a map is a ValueError.
    """
    with pytest.raises(ValueError):
        parse(data)


def test_damaged_mappings_are_refused() -> None:
    """
    A letter that is no digit is a ValueError, not a wrong number.
    """
    with pytest.raises(ValueError, match="no part of a source map"):
        count("xxx", b'{"version": 3, "sources": ["a"], "mappings": "A!AA"}')


@pytest.mark.parametrize(
    ("source", "package", "path"),
    [
        ("../../node_modules/lodash/map.js", "lodash", "lodash/map.js"),
        ("../node_modules/@mui/material/Button/Button.js", "@mui/material", "@mui/material/Button/Button.js"),
        ("../node_modules/.pnpm/moment@2.30.1/node_modules/moment/moment.js?commonjs", "moment", "moment/moment.js"),
        ("../../src/pages/Home.jsx", "(application)", "src/pages/Home.jsx"),
        ("webpack://shop/./src/index.js", "(application)", "src/index.js"),
        ("webpack://shop/webpack/bootstrap", BUNDLER, "webpack/bootstrap"),
        ("\0vite/preload-helper.js", BUNDLER, "vite/preload-helper.js"),
        ("../vite/modulepreload-polyfill", BUNDLER, "vite/modulepreload-polyfill"),
        (NO_SOURCE, BUNDLER, ""),
    ],
)
def test_packages_are_recognized(source: str, package: str, path: str) -> None:
    """
    The innermost package below node_modules counts; one's own files are the application.
    """
    assert (package, path) == (package_of(source), path_of(source))
